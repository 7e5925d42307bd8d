// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The event loop of one thread, and what lives on it. Shared by the listener and by exchanges,
// which may be answered when the listener is gone: then nothing is taken in any more, so that
// nothing is left in a queue that nobody empties.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <unordered_set>
#include <utility>

#include "runtime/monitor.h"

namespace perdure::transport::http {

class Connection;

class Loop final {
 public:
  /// Any thread. False: the loop has ended, `what` is gone.
  template <class What>
  bool post(What what) {
    const runtime::Lock lock(mutex_);
    if (!open_) return false;
    boost::asio::post(context, std::move(what));
    return true;
  }

  /// `last` is the last thing that gets in; the thread ends when nothing is left to wait for.
  template <class What>
  void end(What last) {
    const runtime::Lock lock(mutex_);
    if (!std::exchange(open_, false)) return;
    boost::asio::post(context, std::move(last));
    work_.reset();
  }

  boost::asio::io_context context{1};
  /// On its thread. They leave when they close.
  std::unordered_set<Connection*> connections;

 private:
  runtime::Mutex mutex_;
  bool open_ = true;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context.get_executor()};
};

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The threads of the embedded worker. Turns and activities have threads of their own: an activity
// may block for hours, and no orchestration waits for it because of that.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "dispatch/dispatcher.h"
#include "embedded/worker.h"
#include "runtime/thread.h"

namespace perdure::embedded {

class Pool final {
 public:
  /// All outlive the pool.
  Pool(dispatch::Dispatcher& dispatcher, Worker& worker, std::size_t turn_threads,
       std::size_t activity_threads);
  /// As `stop`.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Takes no further work and joins the threads: when what runs has ended. REQUIRES: the
  /// dispatcher is closed.
  void stop();

 private:
  void work(dispatch::Kinds kinds, std::size_t batch);

  dispatch::Dispatcher& dispatcher_;
  Worker& worker_;
  std::atomic<bool> stopping_ = false;
  std::vector<runtime::Thread> threads_;
};

}  // namespace perdure::embedded

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A whole platform behind a listener, for tests: an engine in memory with real threads and the real
// clock, and a worker that runs the scripts of engine/testing/script.h (an input that would keep
// one busy for ever fails the instance) and one kind of entity:
//
//   "@counter@..."   "add" adds its input and answers the sum; "get"; "boom" fails; "delete"
#pragma once

#include <atomic>
#include <memory>

#include "access/guard.h"
#include "engine/engine.h"
#include "hub/hubs.h"
#include "runtime/clock.h"
#include "runtime/thread.h"
#include "transport/http/listener.h"
#include "transport/http/service.h"

namespace perdure::transport::http::testing {

class Stage final {
 public:
  explicit Stage(ListenerOptions options = {}, SiteOptions site = {});
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] Listener& listener() { return *listener_; }
  [[nodiscard]] const Service& service() const { return service_; }

 private:
  void work();

  const runtime::SystemClock clock_;
  const std::unique_ptr<engine::Engine> engine_;
  const access::Guard guard_ = access::Guard::open_to_all();
  hub::Hubs hubs_;
  const Service service_;
  std::unique_ptr<Listener> listener_;
  std::atomic<bool> stopping_ = false;
  runtime::Thread worker_;
};

}  // namespace perdure::transport::http::testing

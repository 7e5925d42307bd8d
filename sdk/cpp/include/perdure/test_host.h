// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine on virtual time, for tests: one thread, a store in memory, and a clock that jumps to
// the next timer whenever nothing else is left to do. A timer of 30 days runs at once, and two runs
// do the same in the same order.
//
//   perdure::TestHost host;
//   host.orchestration("reminder", reminder).activity("mail", mail);
//   perdure::Client client = host.client();
//   std::string id = client.start("reminder").value();
//   perdure::Instance done = client.wait(id).value();       // 30 days later, in a millisecond
//
// Everything happens inside the client's calls (and `run`, `advance`) on the calling thread. A wait
// that nothing could ever end answers DEADLINE_EXCEEDED and says what the instance waits for. One
// thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "perdure/client.h"
#include "perdure/host.h"
#include "perdure/registry.h"

namespace perdure {

class TestHost {
 public:
  TestHost();
  ~TestHost();
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;

  /// As in Host. Also between calls of the client: a new version of a function is used from the
  /// next `restart` on.
  template <class F>
  TestHost& orchestration(std::string name, F function) {
    registry().orchestration(std::move(name), std::move(function));
    return *this;
  }
  template <class F>
  TestHost& activity(std::string name, F function) {
    registry().activity(std::move(name), std::move(function));
    return *this;
  }
  /// A class with PERDURE_OPERATIONS, or a function `void f(EntityContext&)` under a name.
  template <internal::EntityClass T>
  TestHost& entity() {
    registry().entity<T>();
    return *this;
  }
  template <class F>
  TestHost& entity(std::string_view name, F function) {
    registry().entity(name, std::move(function));
    return *this;
  }

  /// As in Host.
  Registry& registry();

  /// Usable until the host is gone, also after a restart.
  Client client();

  /// The virtual time. It begins at 2025-01-01T00:00:00Z.
  [[nodiscard]] TimePoint now() const;
  /// Does everything that can be done without time passing.
  void run();
  /// Lets time pass, and does what becomes due meanwhile.
  void advance(std::chrono::microseconds span);

  /// The process dies and comes back: what was not durable is gone, coroutines are replayed.
  void restart();
  /// Coroutines are let go of: the next turn of each orchestration is a replay.
  void forget_held();

  [[nodiscard]] HostStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine embedded in this program: a store folder, the functions this program knows, and
// threads that run them. Register functions, start, use the client.
//
//   perdure::Host host(perdure::HostOptions().data("orders.db"));
//   host.orchestration("checkout", checkout).activity("charge", charge);
//   perdure::Client client = host.start().value();
//
// The process may end at any moment, in any way; the next `start` on the same folder goes on.
// One process at a time has a folder open. Registering is for one thread, before `start`.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "perdure/client.h"
#include "perdure/registry.h"
#include "perdure/result.h"

namespace perdure {

class HostOptions {
 public:
  HostOptions() {}

  /// The store folder; made if it does not exist. Without one, everything is in memory and gone
  /// with the host.
  HostOptions& data(std::string folder) {
    folder_ = std::move(folder);
    return *this;
  }
  /// The task hub: instances of different hubs do not see each other. Default: "default".
  HostOptions& hub(std::string name) {
    hub_ = std::move(name);
    return *this;
  }
  /// Threads that run activities; a blocking activity occupies one. Default: 2 per processor, at
  /// least 4.
  HostOptions& activity_threads(std::size_t count) {
    activity_threads_ = count;
    return *this;
  }
  /// How many turns of orchestrations run at a time. Default: 1. There are as many threads for
  /// them, but a turn may also run on the thread of the activity whose result it takes in.
  HostOptions& turn_threads(std::size_t count) {
    turn_threads_ = count;
    return *this;
  }
  /// Opens the store without running anything in it: to look, and to steer.
  HostOptions& without_workers() {
    activity_threads_ = turn_threads_ = 0;
    return *this;
  }
  /// Bytes for instances in memory, queued work and waiting calls together. Idle instances give way
  /// at a sixteenth of it (they are on disk); above it, new work is refused with
  /// RESOURCE_EXHAUSTED. Default: 1 GiB.
  HostOptions& memory_budget(std::size_t bytes) {
    memory_budget_bytes_ = bytes;
    return *this;
  }
  /// Orchestrations whose coroutine is kept between turns; the others are replayed. Default:
  /// 10,000.
  HostOptions& held_orchestrations(std::size_t count) {
    held_max_ = count;
    return *this;
  }
  /// Where log lines of orchestrations go. Default: stderr.
  HostOptions& log(std::function<void(std::string_view instance, std::string_view line)> sink) {
    log_ = std::move(sink);
    return *this;
  }
  /// Called once when the store can not go on (a failed sync, a full disk); must not return to
  /// normal work. Default: one line on stderr, and the process ends with status 75. What was
  /// acknowledged is safe; starting again recovers.
  HostOptions& on_fatal(std::function<void(std::string_view why)> handler) {
    on_fatal_ = std::move(handler);
    return *this;
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::string& hub() const { return hub_; }
  [[nodiscard]] std::size_t activity_threads() const { return activity_threads_; }
  [[nodiscard]] std::size_t turn_threads() const { return turn_threads_; }
  [[nodiscard]] std::size_t memory_budget_bytes() const { return memory_budget_bytes_; }
  [[nodiscard]] std::size_t held_orchestrations() const { return held_max_; }
  [[nodiscard]] const auto& log() const { return log_; }
  [[nodiscard]] const auto& on_fatal() const { return on_fatal_; }

  static constexpr std::size_t kDefaultThreads = static_cast<std::size_t>(-1);

 private:
  std::string folder_;
  std::string hub_ = "default";
  std::size_t activity_threads_ = kDefaultThreads;
  std::size_t turn_threads_ = 1;
  std::size_t memory_budget_bytes_ = std::size_t{1} << 30;
  std::size_t held_max_ = 10'000;
  std::function<void(std::string_view, std::string_view)> log_;
  std::function<void(std::string_view)> on_fatal_;
};

/// Numbers about a running host, for logs and tests.
struct HostStats {
  std::uint64_t turns = 0;
  std::uint64_t activities = 0;
  std::uint64_t commits = 0;  // syncs of the log
  std::uint64_t replays = 0;  // turns that had to rebuild their orchestration
  std::uint64_t rescued = 0;  // work that only the sweeper found; must be 0
  std::uint64_t instances_in_memory = 0;
  std::uint64_t memory_bytes = 0;
};

class Host {
 public:
  explicit Host(HostOptions options);
  /// As `stop`.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// A function `Task<R> f(Orchestration&, Args...)`.
  template <class F>
  Host& orchestration(std::string name, F function) {
    registry().orchestration(std::move(name), std::move(function));
    return *this;
  }
  /// A function `R f(Args...)` or `R f(Activity&, Args...)`. It may run more than once for one
  /// call, when the process dies in the middle; its outcome is recorded once.
  template <class F>
  Host& activity(std::string name, F function) {
    registry().activity(std::move(name), std::move(function));
    return *this;
  }
  /// A class with PERDURE_OPERATIONS, or a function `void f(EntityContext&)` under a name.
  template <internal::EntityClass T>
  Host& entity() {
    registry().entity<T>();
    return *this;
  }
  template <class F>
  Host& entity(std::string_view name, F function) {
    registry().entity(name, std::move(function));
    return *this;
  }

  /// Where the above go, for what fills a registry of any host, such as register_http; before
  /// `start`.
  Registry& registry();

  /// Opens the store, recovers, and begins to work. Fails with one clear line: the folder is in
  /// use, is not a store, is damaged, is full.
  Result<Client> start();

  /// Stops taking work, waits for activities that run (at most `patience`), makes everything
  /// durable and closes the store. Work that did not end is done again after the next start.
  void stop(std::chrono::milliseconds patience = std::chrono::seconds(5));

  [[nodiscard]] HostStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure

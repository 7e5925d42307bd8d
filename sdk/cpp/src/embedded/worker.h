// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The worker inside the program: runs turns and activities that the dispatcher hands out, with the
// functions of a Registry. `run` executes one item on the calling thread; who calls it, from how
// many threads, is the host's matter: a pool in production, one thread with virtual time in tests.
//
// Owned by the host; outlived by engine, dispatcher and registry. `run` is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "dispatch/dispatcher.h"
#include "embedded/held_runs.h"
#include "engine/engine.h"
#include "model/work_item.h"
#include "perdure/host.h"
#include "perdure/registry.h"
#include "runtime/monitor.h"

namespace perdure::embedded {

using InstanceLogSink = std::function<void(std::string_view instance, std::string_view line)>;

struct WorkerSettings {
  std::size_t turns_max = 1;       // leases at once
  std::size_t activities_max = 1;  //
  std::size_t held_max = 10'000;   // orchestrations kept between turns
  InstanceLogSink log;             // empty: nowhere
};

class Worker final {
 public:
  Worker(engine::Engine& engine, const Registry& functions, WorkerSettings settings);
  /// Returns every lease. REQUIRES: no `run` is under way.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] dispatch::WorkerId id() const { return id_; }
  [[nodiscard]] std::uint64_t replays() const { return replays_.load(std::memory_order_relaxed); }

  void run(model::WorkItem item);
  /// Every activity under way sees is_cancelled().
  void cancel_all();
  /// The next turn of every orchestration is a replay.
  void forget_held() { held_.forget_all(); }

 private:
  void run_turn(model::TurnItem item);
  /// The batch of an entity.
  void run_batch(model::TurnItem item);
  void run_activity(model::ActivityItem item);
  std::variant<model::Payload, model::Failure> outcome_of(model::ActivityItem& item,
                                                          const std::atomic<bool>& cancelled);
  /// Built from the history up to the turn; or why that is not possible.
  base::Result<std::unique_ptr<internal::Run>> rebuild(const model::TurnItem& item);
  void on_withdrawn(const model::WorkToken& token);

  engine::Engine& engine_;
  const Registry& functions_;
  const WorkerSettings settings_;
  HeldRuns held_;
  std::atomic<std::uint64_t> replays_ = 0;

  runtime::Mutex mutex_;
  std::map<model::ActivityToken, std::atomic<bool>*> running_;  // flags live on run's stack

  dispatch::WorkerId id_;  // last: the callbacks may come as soon as it is attached
};

}  // namespace perdure::embedded

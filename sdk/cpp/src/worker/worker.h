// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs turns, batches and activities with the functions of a Registry, whoever hands them out: the
// engine in this program or a server (port.h). `run` executes one item on the calling thread; who
// calls it, from how many threads, is the host's matter: a pool in production, one thread with
// virtual time in tests.
//
// Owned by the host; outlived by port and registry. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "model/work_item.h"
#include "perdure/registry.h"
#include "runner.h"
#include "runtime/monitor.h"
#include "worker/held_runs.h"
#include "worker/port.h"

namespace perdure::worker {

using InstanceLogSink = std::function<void(std::string_view instance, std::string_view line)>;

struct WorkerSettings {
  std::size_t held_max = 10'000;  // orchestrations kept between turns
  InstanceLogSink log;            // empty: nowhere
};

class Worker final {
 public:
  Worker(Port& port, const Registry& functions, WorkerSettings settings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] std::uint64_t replays() const { return replays_.load(std::memory_order_relaxed); }

  void run(model::WorkItem item);
  /// Nobody waits for the item any more. An activity under way sees is_cancelled(); what is held of
  /// an orchestration is forgotten.
  void on_withdrawn(const model::WorkToken& token);
  /// What is held of the orchestration is not what became history.
  void forget(const model::InstanceKey& key) { held_.forget(key); }
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

  Port& port_;
  const Registry& functions_;
  const WorkerSettings settings_;
  HeldRuns held_;
  std::atomic<std::uint64_t> replays_ = 0;

  runtime::Mutex mutex_;
  /// The flags live on the stack of `run`. After a lost connection the same one may run twice.
  std::multimap<model::ActivityToken, std::atomic<bool>*> running_;
};

}  // namespace perdure::worker

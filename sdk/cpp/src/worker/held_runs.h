// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Orchestrations whose coroutine stays in memory between their turns, least recently used first to
// go. A run is taken out while its turn runs, so no two threads ever hold the same one. Forgetting
// one costs a replay and nothing else. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "model/ids.h"
#include "runner.h"
#include "runtime/monitor.h"

namespace perdure::worker {

class HeldRuns {
 public:
  explicit HeldRuns(std::size_t count_max) : count_max_(count_max) {}

  /// Only if it has followed exactly this much of exactly this execution; another is forgotten.
  /// nullptr: the history must be replayed.
  std::unique_ptr<internal::Run> take(const model::InstanceKey& key, model::Execution execution,
                                      model::EventNumber events);
  /// REQUIRES: the run has not ended.
  void put(std::unique_ptr<internal::Run> run);
  void forget(const model::InstanceKey& key);
  void forget_all();

 private:
  using Recency = std::list<std::unique_ptr<internal::Run>>;

  const std::size_t count_max_;
  runtime::Mutex mutex_;
  Recency recency_;  // front: used last
  std::unordered_map<model::InstanceKey, Recency::iterator, model::InstanceKeyHash> by_key_;
};

}  // namespace perdure::worker

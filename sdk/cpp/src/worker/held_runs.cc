// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "worker/held_runs.h"

#include <iterator>
#include <utility>

namespace perdure::worker {

// A run's destructor is the user's code: in every function here it happens behind the lock, because
// what is forgotten was declared before it.

std::unique_ptr<internal::Run> HeldRuns::take(const model::InstanceKey& key,
                                              model::Execution execution,
                                              model::EventNumber events) {
  std::unique_ptr<internal::Run> run;
  {
    const runtime::Lock lock(mutex_);
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return nullptr;
    run = std::move(*at->second);
    recency_.erase(at->second);
    by_key_.erase(at);
  }
  if (run->execution() != execution || run->events() != events) return nullptr;
  return run;
}

void HeldRuns::put(std::unique_ptr<internal::Run> run) {
  Recency forgotten;
  const runtime::Lock lock(mutex_);
  if (const auto at = by_key_.find(run->key()); at != by_key_.end()) {
    forgotten.splice(forgotten.begin(), recency_, at->second);
    by_key_.erase(at);
  }
  recency_.push_front(std::move(run));
  by_key_.emplace(recency_.front()->key(), recency_.begin());
  while (recency_.size() > count_max_) {
    by_key_.erase(recency_.back()->key());
    forgotten.splice(forgotten.begin(), recency_, std::prev(recency_.end()));
  }
}

void HeldRuns::forget(const model::InstanceKey& key) {
  Recency forgotten;
  const runtime::Lock lock(mutex_);
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return;
  forgotten.splice(forgotten.begin(), recency_, at->second);
  by_key_.erase(at);
}

void HeldRuns::forget_all() {
  Recency forgotten;
  const runtime::Lock lock(mutex_);
  forgotten.swap(recency_);
  by_key_.clear();
}

}  // namespace perdure::worker

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an activity may ask about itself. An activity is an ordinary function: R f(Args...), or
// R f(perdure::Activity&, Args...). It may block, and it may run more than once: make it harmless
// to repeat, for example by sending `id() + "/" + task()` as an idempotency key.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace perdure {

/// Lives for one run of the activity; is_cancelled() may be called from any thread.
class Activity {
 public:
  /// For the host. `cancelled` outlives the activity; nullptr: it is never cancelled.
  Activity(std::string instance_id, std::string name, std::uint64_t execution, std::int32_t task,
           std::uint32_t attempt, const std::atomic<bool>* cancelled)
      : id_(std::move(instance_id)),
        name_(std::move(name)),
        execution_(execution),
        task_(task),
        attempt_(attempt),
        cancelled_(cancelled) {}
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  /// Of the orchestration instance that called it.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t execution() const { return execution_; }
  /// The number of the call within that execution. Each try of a Retry is a call of its own.
  [[nodiscard]] std::int32_t task() const { return task_; }
  /// Counts the times this call was handed to a worker that died, from 1.
  [[nodiscard]] std::uint32_t attempt() const { return attempt_; }
  /// True once nobody waits for the result any more, or the host shuts down.
  [[nodiscard]] bool is_cancelled() const {
    return cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed);
  }

 private:
  std::string id_;
  std::string name_;
  std::uint64_t execution_;
  std::int32_t task_;
  std::uint32_t attempt_;
  const std::atomic<bool>* cancelled_;
};

}  // namespace perdure

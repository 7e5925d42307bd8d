// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an activity may ask about itself. An activity is an ordinary function: R f(Args...), or
// R f(perdure::Activity&, Args...). It may block, and it may run more than once: make it harmless
// to repeat, for example by sending `id() + "/" + task()` as an idempotency key.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "perdure/codec.h"

namespace perdure {

/// Of the encoded progress of an activity.
inline constexpr std::size_t kProgressBytesMax = std::size_t{16} << 10;

/// Lives for one run of the activity. is_cancelled() may be called from any thread; report() from
/// one at a time.
class Activity {
 public:
  /// Where reports go: how far it is (absent: unchanged), and the promise of the next one.
  using Report = std::function<void(Payload progress, std::chrono::microseconds next_within)>;

  /// For the host. `cancelled` outlives the activity; nullptr: it is never cancelled. An empty
  /// `report`: nobody listens.
  Activity(std::string instance_id, std::string name, std::uint64_t execution, std::int32_t task,
           std::uint32_t attempt, const std::atomic<bool>* cancelled, Payload progress = {},
           Report report = {})
      : id_(std::move(instance_id)),
        name_(std::move(name)),
        execution_(execution),
        task_(task),
        attempt_(attempt),
        cancelled_(cancelled),
        progress_(std::move(progress)),
        report_(std::move(report)) {}
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

  /// Tells how far it is: clients see it beside what the orchestration waits for, and a later
  /// attempt of this call finds it in progress(). Kept durably soon after, not at once. The last
  /// one counts; reports that follow each other faster than every 10 ms wait for their turn.
  ///
  /// `next_within`: a promise. If neither another report nor the end comes within that span, the
  /// activity is taken for stuck: this attempt is cancelled, its result is not wanted any more, and
  /// another attempt begins. Zero: no promise, the attempt lasts as long as its worker.
  ///
  /// An encoded progress above kProgressBytesMax is a bug of the caller: throws std::length_error.
  template <class T>
  void report(const T& progress, std::chrono::microseconds next_within = {}) {
    send(internal::encode_value(progress), next_within);
  }
  /// Still at work; what was reported before stays.
  void still_alive(std::chrono::microseconds next_within) { send(std::nullopt, next_within); }

  /// What an earlier attempt of this call reported last; nothing if none did. Throws DecodeError if
  /// it is no T.
  template <class T>
  [[nodiscard]] std::optional<T> progress() const {
    if (!progress_) return std::nullopt;
    return Codec<T>::decode(*progress_);
  }

 private:
  void send(Payload progress, std::chrono::microseconds next_within);

  std::string id_;
  std::string name_;
  std::uint64_t execution_;
  std::int32_t task_;
  std::uint32_t attempt_;
  const std::atomic<bool>* cancelled_;
  Payload progress_;
  Report report_;
};

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A mutex and the means to wait for what it guards. Everything that blocks outside this folder
// blocks here: on a Condition of a lock it holds, or on a Signal. Waits are bounded by spans of
// real time, whatever clock the rest of the program was given.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "base/time.h"

namespace perdure::runtime {

using Mutex = std::mutex;
using Lock = std::unique_lock<std::mutex>;
/// Many readers or one writer.
using SharedMutex = std::shared_mutex;
using SharedLock = std::shared_lock<std::shared_mutex>;
using SoleLock = std::unique_lock<std::shared_mutex>;

/// Waiting for a predicate over what a mutex guards.
class Condition final {
 public:
  template <class Ready>
  void wait(Lock& lock, Ready ready) {
    condition_.wait(lock, ready);
  }
  /// False: the span is over and it is still not ready.
  template <class Ready>
  bool wait_for(Lock& lock, base::Duration span, Ready ready) {
    return condition_.wait_until(lock, deadline_after(span), ready);
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  using Deadline = std::chrono::steady_clock::time_point;
  /// For waits of several parts. A span of a year or more is as good as for ever.
  static Deadline deadline_after(base::Duration span) {
    constexpr base::Duration kSpanMax = base::seconds(365LL * 24 * 3600);
    return std::chrono::steady_clock::now() +
           std::chrono::microseconds(span < kSpanMax ? span.us : kSpanMax.us);
  }
  /// What is left until then; negative: it is over.
  static base::Duration until(Deadline deadline) {
    return {
        std::chrono::ceil<std::chrono::microseconds>(deadline - std::chrono::steady_clock::now())
            .count()};
  }
  template <class Ready>
  bool wait_until(Lock& lock, Deadline deadline, Ready ready) {
    return condition_.wait_until(lock, deadline, ready);
  }

 private:
  std::condition_variable condition_;
};

/// One bit: raised by anybody, taken by one waiting thread. Outlives every call of `raise`, which
/// may still be under way when the waiting thread goes on.
class Signal final {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
    }
    condition_.notify_one();
  }
  /// Waits until raised, and lowers it.
  void wait() {
    Lock lock(mutex_);
    condition_.wait(lock, [this] { return raised_; });
    raised_ = false;
  }
  /// False: not raised within the span.
  bool wait_for(base::Duration span) {
    Lock lock(mutex_);
    const bool raised = condition_.wait_for(lock, span, [this] { return raised_; });
    raised_ = false;
    return raised;
  }

 private:
  Mutex mutex_;
  Condition condition_;
  bool raised_ = false;
};

}  // namespace perdure::runtime

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Time, asked for. Only this folder reads a clock; everything else is handed one. The wall clock
// says when something happened and when a timer is due; the monotonic one measures spans and bounds
// waits. Thread-safe; cannot fail.
#pragma once

#include <atomic>
#include <chrono>

#include "base/time.h"

namespace perdure::runtime {

class Clock {
 public:
  virtual ~Clock() = default;

  /// Microseconds since 1970, as the machine believes. May go back.
  [[nodiscard]] virtual base::Timestamp now() const = 0;
  /// Never goes back; its origin means nothing.
  [[nodiscard]] virtual base::Timestamp monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] base::Timestamp now() const override {
    return {std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }
  [[nodiscard]] base::Timestamp monotonic() const override {
    return {std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }
};

/// Stands still until told: virtual time for tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(base::Timestamp start = {1'700'000'000'000'000}) : now_(start.us) {}

  [[nodiscard]] base::Timestamp now() const override {
    return {now_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] base::Timestamp monotonic() const override {
    return {monotonic_.load(std::memory_order_acquire)};
  }

  void advance(base::Duration span) {
    now_.fetch_add(span.us, std::memory_order_acq_rel);
    monotonic_.fetch_add(span.us, std::memory_order_acq_rel);
  }
  /// Forwards only: an earlier time changes nothing.
  void advance_to(base::Timestamp at) {
    const base::Duration span = at - now();
    if (span.us > 0) advance(span);
  }
  /// The wall clock jumps, as a machine's does; the monotonic one goes on.
  void jump_wall_to(base::Timestamp at) { now_.store(at.us, std::memory_order_release); }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> monotonic_{0};
};

}  // namespace perdure::runtime

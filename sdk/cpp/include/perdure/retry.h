// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// When and how often to try again.
//
//   ctx.call<Receipt>("charge", order, perdure::Retry().attempts(5).first(1s).factor(2));
//
// The waits are durable timers: a retry survives the loss of the process. Each attempt is a task of
// its own in the history. A failure marked non_retriable() is never tried again. A value; free to
// copy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "perdure/failure.h"

namespace perdure {

/// By default: 3 attempts, 1 second before the second, twice as long before each further one, at
/// most an hour. The setters throw std::invalid_argument for values that make no sense.
class Retry {
 public:
  using Duration = std::chrono::microseconds;
  using Filter = std::function<bool(const FailureDetails&)>;

  Retry() = default;

  /// How often to try in all, the first time included. At least 1.
  Retry& attempts(std::int32_t count);
  /// No bound on the number of attempts.
  Retry& forever();
  /// The wait before the second attempt. Zero: try again at once.
  Retry& first(Duration delay);
  /// Each wait is this much longer than the one before. At least 1.
  Retry& factor(double multiple);
  /// No wait is longer than this.
  Retry& max_delay(Duration delay);
  /// Make no attempt that would begin later than this after the first was scheduled.
  Retry& deadline(Duration total);
  /// Try again only after failures for which this is true. It runs as part of the orchestration:
  /// it must be deterministic.
  Retry& when(Filter filter);

  /// The wait before attempt `attempt + 1` when `attempt` failed after `elapsed` (since the first
  /// was scheduled); nothing: give up.
  [[nodiscard]] std::optional<Duration> next_delay(std::int32_t attempt, Duration elapsed,
                                                   const FailureDetails& failure) const;

 private:
  std::int32_t attempts_ = 3;  // 0: forever
  double factor_ = 2;
  Duration first_ = std::chrono::seconds(1);
  Duration max_delay_ = std::chrono::hours(1);
  std::optional<Duration> deadline_;
  Filter filter_;
};

}  // namespace perdure

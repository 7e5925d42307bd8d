// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/retry.h"

#include <algorithm>
#include <stdexcept>

namespace perdure {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

}  // namespace

Retry& Retry::attempts(std::int32_t count) {
  require(count >= 1, "Retry::attempts: at least 1, the first try included");
  attempts_ = count;
  return *this;
}

Retry& Retry::forever() {
  attempts_ = 0;
  return *this;
}

Retry& Retry::first(Duration delay) {
  require(delay >= Duration::zero(), "Retry::first: a delay is not negative");
  first_ = delay;
  return *this;
}

Retry& Retry::factor(double multiple) {
  require(multiple >= 1.0 && multiple <= 1e6, "Retry::factor: from 1 to 1,000,000");
  factor_ = multiple;
  return *this;
}

Retry& Retry::max_delay(Duration delay) {
  require(delay >= Duration::zero(), "Retry::max_delay: a delay is not negative");
  max_delay_ = delay;
  return *this;
}

Retry& Retry::deadline(Duration total) {
  require(total >= Duration::zero(), "Retry::deadline: a duration is not negative");
  deadline_ = total;
  return *this;
}

Retry& Retry::when(Filter filter) {
  filter_ = std::move(filter);
  return *this;
}

std::optional<Retry::Duration> Retry::next_delay(std::int32_t attempt, Duration elapsed,
                                                 const FailureDetails& failure) const {
  if (attempts_ != 0 && attempt >= attempts_) return std::nullopt;
  if (!failure.retriable) return std::nullopt;
  if (filter_ && !filter_(failure)) return std::nullopt;
  // One rounding per step, on every machine the same: the delay is compared in replays.
  auto delay = static_cast<double>(first_.count());
  const auto most = static_cast<double>(max_delay_.count());
  if (factor_ > 1.0 && delay > 0.0) {
    for (std::int32_t i = 1; i < attempt && delay < most; ++i) delay *= factor_;
  }
  const Duration wait(static_cast<Duration::rep>(std::min(delay, most)));
  if (deadline_ && elapsed + wait > *deadline_) return std::nullopt;
  return wait;
}

}  // namespace perdure

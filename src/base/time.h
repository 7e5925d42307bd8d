// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Points and spans of time as plain numbers. Nothing here reads a clock: time is told, not asked.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace perdure::base {

/// Microseconds. Negative spans exist; arithmetic saturates instead of overflowing, so that "in ten
/// thousand years" is late, not early.
struct Duration {
  std::int64_t us = 0;

  friend constexpr auto operator<=>(Duration, Duration) = default;
};

constexpr Duration microseconds(std::int64_t n) { return {n}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000}; }

/// Microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  std::int64_t us = 0;

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

constexpr Timestamp kEndOfTime{std::numeric_limits<std::int64_t>::max()};

constexpr Timestamp operator+(Timestamp at, Duration span) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(at.us, span.us, &sum)) {
    return span.us > 0 ? kEndOfTime : Timestamp{std::numeric_limits<std::int64_t>::min()};
  }
  return {sum};
}

constexpr Duration operator-(Timestamp later, Timestamp earlier) {
  std::int64_t span = 0;
  if (__builtin_sub_overflow(later.us, earlier.us, &span)) {
    return later > earlier ? Duration{std::numeric_limits<std::int64_t>::max()}
                           : Duration{std::numeric_limits<std::int64_t>::min()};
  }
  return {span};
}

}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Fan-out and fan-in: many activities at the same time, and the sum of their results.
//
// The prime numbers below a bound are counted range by range, on all threads of the host. A range
// whose count is recorded is never counted again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "perdure/perdure.h"

namespace fan_out {

struct Range {
  std::int64_t from = 0;
  std::int64_t to = 0;  // exclusive
  PERDURE_FIELDS(Range, from, to);
};

inline std::int64_t count_primes(const Range& range) {
  const auto is_prime = [](std::int64_t number) {
    for (std::int64_t divisor = 2; divisor * divisor <= number; ++divisor) {
      if (number % divisor == 0) return false;
    }
    return number >= 2;
  };
  std::int64_t count = 0;
  for (std::int64_t number = range.from; number < range.to; ++number) count += is_prime(number);
  return count;
}

inline perdure::Task<std::int64_t> count_all_primes(perdure::Orchestration& ctx,
                                                    std::int64_t bound) {
  constexpr std::int64_t kRangeSize = 50'000;
  std::vector<Range> ranges;
  for (std::int64_t from = 0; from < bound; from += kRangeSize) {
    ranges.push_back({from, std::min(from + kRangeSize, bound)});
  }

  const std::vector<std::int64_t> counts =
      co_await ctx.all(ctx.map<std::int64_t>("count_primes", ranges));

  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  co_return total;
}

}  // namespace fan_out

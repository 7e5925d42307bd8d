// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are the same in every replay. A standard uniform random bit generator; not
// for secrets. One thread at a time.
#pragma once

#include <cstdint>
#include <limits>

namespace perdure {

class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) : state_(seed) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  /// 64 random bits.
  result_type operator()() {
    // A Weyl sequence (steps of 2^64 / golden ratio) through a mixing function. The constants are
    // part of the promise that a replay draws the same numbers: they never change.
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31);
  }

  /// Evenly from [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    // Numbers from the incomplete last round of `bound` are drawn again: they would favour some.
    const std::uint64_t last_round = max() - max() % bound;
    std::uint64_t drawn = (*this)();
    while (drawn >= last_round) drawn = (*this)();
    return drawn % bound;
  }

  /// Evenly from [0, 1).
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace perdure

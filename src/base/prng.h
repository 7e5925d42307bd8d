// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A small seeded generator for tests, simulation and jitter: the same seed gives the same numbers
// on every machine and in every version. Not for secrets. A value; not thread-safe; cannot fail.
//
// xoshiro256**, whose state is filled by SplitMix64 so that near seeds give unrelated sequences.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/check.h"

namespace perdure::base {

/// One step of SplitMix64: changes the state and answers with a mixed copy of it.
constexpr std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31);
}

class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = split_mix(seed);
  }

  /// Any of 2^64 numbers.
  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// One of 0 .. n - 1, each as likely as the others. REQUIRES: n > 0.
  constexpr std::uint64_t below(std::uint64_t n) {
    PERDURE_CHECK(n > 0, "there is no number below zero");
    // The numbers from `threshold` on are a whole multiple of n; fewer than half are thrown away.
    const std::uint64_t threshold = (0 - n) % n;
    std::uint64_t number = next();
    while (number < threshold) number = next();
    return number % n;
  }

  /// True in `percent` of 100 cases. REQUIRES: percent <= 100.
  constexpr bool chance(std::uint32_t percent) {
    PERDURE_CHECK(percent <= 100, "a chance is at most 100 percent");
    return below(100) < percent;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace perdure::base

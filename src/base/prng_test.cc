// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/prng.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace perdure::base {
namespace {

TEST(Prng, MixesAsSplitMix64DoesElsewhere) {
  std::uint64_t state = 1234567;
  EXPECT_EQ(split_mix(state), 6457827717110365317ULL);
  EXPECT_EQ(split_mix(state), 3203168211198807973ULL);
  EXPECT_EQ(split_mix(state), 9817491932198370423ULL);
}

TEST(Prng, GivesTheSameNumbersForTheSameSeed) {
  Prng one(42);
  Prng other(42);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(one.next(), other.next());
}

TEST(Prng, GivesOtherNumbersForTheNextSeed) {
  Prng one(1);
  Prng other(2);
  int equal = 0;
  for (int i = 0; i < 1'000; ++i) equal += one.next() == other.next() ? 1 : 0;
  EXPECT_EQ(equal, 0);
}

TEST(Prng, StaysBelowAndReachesEveryNumber) {
  Prng random(7);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t number = random.below(counts.size());
    ASSERT_LT(number, counts.size());
    ++counts[number];
  }
  // Expected 10,000 each with a standard deviation of 95.
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 600);
}

TEST(Prng, IsFairForBoundsThatDoNotDivideTheRange) {
  Prng random(8);
  constexpr std::uint64_t kThreeQuarters = std::uint64_t{3} << 62;
  int low = 0;
  for (int i = 0; i < 30'000; ++i) low += random.below(kThreeQuarters) < kThreeQuarters / 3 ? 1 : 0;
  // A plain remainder would give half of them.
  EXPECT_NEAR(low, 10'000, 600);
}

TEST(Prng, OnlyHasZeroBelowOne) {
  Prng random(9);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0U);
}

TEST(Prng, GivesAChanceInPercent) {
  Prng random(10);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(100));
    hits += random.chance(25) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 2'500, 300);
}

TEST(PrngDeathTest, StopsWhenAskedForANumberBelowZero) {
  EXPECT_DEATH(Prng(1).below(0), "no number below zero");
}

}  // namespace
}  // namespace perdure::base

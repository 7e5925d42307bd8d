// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/clock.h"

#include <gtest/gtest.h>

namespace perdure::runtime {
namespace {

TEST(ManualClock, StandsStillUntilAdvanced) {
  ManualClock clock(base::Timestamp{1'000});
  EXPECT_EQ(clock.now().us, 1'000);
  clock.advance(base::microseconds(5));
  EXPECT_EQ(clock.now().us, 1'005);
  EXPECT_EQ(clock.monotonic().us, 5);
}

TEST(ManualClock, AdvancesToALaterTimeAndIgnoresAnEarlierOne) {
  ManualClock clock(base::Timestamp{1'000});
  clock.advance_to(base::Timestamp{3'000});
  clock.advance_to(base::Timestamp{2'000});
  EXPECT_EQ(clock.now().us, 3'000);
  EXPECT_EQ(clock.monotonic().us, 2'000);
}

TEST(ManualClock, KeepsItsMonotonicTimeWhenTheWallClockJumpsBack) {
  ManualClock clock(base::Timestamp{1'000'000});
  clock.advance(base::microseconds(10));
  clock.jump_wall_to(base::Timestamp{7});
  EXPECT_EQ(clock.now().us, 7);
  EXPECT_EQ(clock.monotonic().us, 10);
}

TEST(SystemClock, MovesForward) {
  const SystemClock clock;
  const base::Timestamp before = clock.monotonic();
  const base::Timestamp wall = clock.now();
  while (clock.monotonic() == before) {
  }
  EXPECT_GT(clock.monotonic(), before);
  EXPECT_GT(wall.us, 1'600'000'000'000'000);  // after 2020: microseconds, and since 1970
}

}  // namespace
}  // namespace perdure::runtime

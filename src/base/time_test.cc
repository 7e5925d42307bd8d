// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace perdure::base {
namespace {

constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();

TEST(Time, CountsInMicroseconds) {
  EXPECT_EQ(seconds(2), microseconds(2'000'000));
  EXPECT_EQ(milliseconds(3), microseconds(3'000));
  EXPECT_EQ((Timestamp{10} + microseconds(5)), Timestamp{15});
  EXPECT_EQ((Timestamp{10} + microseconds(-15)), Timestamp{-5});
  EXPECT_EQ((Timestamp{10} - Timestamp{25}), microseconds(-15));
}

TEST(Time, IsLateInsteadOfEarlyWhenASumOverflows) {
  EXPECT_EQ((Timestamp{kHigh - 1} + seconds(1)), kEndOfTime);
  EXPECT_EQ((Timestamp{1} + Duration{kHigh}), kEndOfTime);
  EXPECT_EQ((Timestamp{kLow + 1} + seconds(-1)), Timestamp{kLow});
}

TEST(Time, SaturatesTheSpanBetweenFarPoints) {
  EXPECT_EQ((Timestamp{kHigh} - Timestamp{kLow}), Duration{kHigh});
  EXPECT_EQ((Timestamp{kLow} - Timestamp{kHigh}), Duration{kLow});
  EXPECT_EQ((Timestamp{kLow} - Timestamp{kLow}), Duration{0});
}

TEST(Time, OrdersPointsBeforeAndAfterTheEpoch) {
  EXPECT_LT(Timestamp{kLow}, Timestamp{-1});
  EXPECT_LT(Timestamp{-1}, Timestamp{0});
  EXPECT_LT(Timestamp{0}, kEndOfTime);
}

}  // namespace
}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/deadlines.h"

#include <gtest/gtest.h>

#include <vector>

namespace perdure::engine {
namespace {

std::vector<int> take_all(Deadlines<int>& deadlines, base::Timestamp now) {
  std::vector<int> taken;
  while (const auto key = deadlines.take(now)) taken.push_back(*key);
  return taken;
}

TEST(Deadlines, TellsEachOnceWhenItsTimeIsOver) {
  Deadlines<int> deadlines;
  EXPECT_EQ(deadlines.next(), base::kEndOfTime);
  deadlines.expect(1, {30});
  deadlines.expect(2, {10});
  deadlines.expect(3, {20});
  EXPECT_EQ(deadlines.next(), base::Timestamp{10});
  EXPECT_FALSE(deadlines.take({9}));
  EXPECT_EQ(take_all(deadlines, {20}), (std::vector{2, 3}));
  EXPECT_EQ(deadlines.next(), base::Timestamp{30});
}

TEST(Deadlines, ANewOneReplacesTheOldOne) {
  Deadlines<int> deadlines;
  deadlines.expect(1, {10});
  deadlines.expect(1, {30});
  EXPECT_FALSE(deadlines.take({29}));
  deadlines.expect(1, {5});
  EXPECT_EQ(take_all(deadlines, {29}), std::vector{1});
  EXPECT_TRUE(deadlines.empty());
}

TEST(Deadlines, ForgetsWhatHappened) {
  Deadlines<int> deadlines;
  deadlines.expect(1, {10});
  EXPECT_TRUE(deadlines.contains(1));
  deadlines.forget(1);
  deadlines.forget(2);
  EXPECT_FALSE(deadlines.contains(1));
  EXPECT_TRUE(deadlines.empty());
  EXPECT_FALSE(deadlines.take(base::kEndOfTime));
}

}  // namespace
}  // namespace perdure::engine

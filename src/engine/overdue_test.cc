// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/overdue.h"

#include <gtest/gtest.h>

namespace perdure::engine {
namespace {

model::ActivityToken token(int task) {
  return {.key = {"default", "a"}, .execution = {1}, .task = {task}, .attempt = 1};
}

TEST(Overdue, TellsEachOnceWhenItsTimeIsOver) {
  Overdue overdue;
  EXPECT_EQ(overdue.next(), base::kEndOfTime);
  overdue.expect(token(1), {30});
  overdue.expect(token(2), {10});
  overdue.expect(token(3), {20});
  EXPECT_EQ(overdue.next(), base::Timestamp{10});
  EXPECT_TRUE(overdue.take({9}).empty());
  EXPECT_EQ(overdue.take({20}), (std::vector{token(2), token(3)}));
  EXPECT_EQ(overdue.next(), base::Timestamp{30});
}

TEST(Overdue, ANewPromiseReplacesTheOldOne) {
  Overdue overdue;
  overdue.expect(token(1), {10});
  overdue.expect(token(1), {30});
  EXPECT_TRUE(overdue.take({29}).empty());
  overdue.expect(token(1), {5});
  EXPECT_EQ(overdue.take({29}).size(), 1U);
  EXPECT_TRUE(overdue.empty());
}

TEST(Overdue, ForgetsWhatEnded) {
  Overdue overdue;
  overdue.expect(token(1), {10});
  overdue.forget(token(1));
  overdue.forget(token(2));
  EXPECT_TRUE(overdue.empty());
  EXPECT_TRUE(overdue.take({100}).empty());
}

}  // namespace
}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/set.h"

#include <gtest/gtest.h>

namespace perdure::verify {
namespace {

using History = std::vector<Operation>;

Operation add(std::int64_t value, std::int64_t call, Status status = Status::kOk) {
  return {.op = "add",
          .key = "ids",
          .value = value,
          .call_ns = call,
          .return_ns = call + 1,
          .status = status};
}
Operation read(Value::List values, std::int64_t call = 1'000) {
  return {.op = "read",
          .key = "ids",
          .result = std::move(values),
          .call_ns = call,
          .return_ns = call + 1};
}

/// The first finding, or "holds".
std::string judge(const History& history) {
  const auto report = check_set(history);
  if (!report) return report.error().message;
  return report->verdict == Verdict::kHolds ? "holds" : report->findings.front().what;
}

TEST(GrowingSet, HoldsWhatWasAcknowledged) {
  EXPECT_EQ(judge({add(1, 0), add(2, 5), read({2, 1})}), "holds");
  EXPECT_EQ(judge({add(1, 0), add(2, 5), read({2})}), "1 was acknowledged and is not in the set");
}

TEST(GrowingSet, OnlyTheLastReadIsComplete) {
  EXPECT_EQ(judge({add(1, 0), read({}, 500), read({1})}), "holds");
  EXPECT_EQ(judge({add(1, 0), read({}), read({1}, 500)}),
            "1 was acknowledged and is not in the set");
  EXPECT_EQ(judge({add(1, 0), read({}), add(2, 2'000)}),
            "1 was acknowledged and is not in the set");
}

TEST(GrowingSet, AnUnknownAddMayBeThereOrNot) {
  EXPECT_EQ(judge({add(1, 0, Status::kUnknown), read({})}), "holds");
  EXPECT_EQ(judge({add(1, 0, Status::kUnknown), read({1})}), "holds");
}

TEST(GrowingSet, HoldsNothingElse) {
  EXPECT_EQ(judge({read({7})}), "7 is in the set and was never added");
  EXPECT_EQ(judge({add(1, 0, Status::kFail), read({1})}),
            "1 is in the set although it was refused");
  EXPECT_EQ(judge({read({1}, 0), add(1, 500)}), "1 was in the set before it was added");
  EXPECT_EQ(judge({add(1, 0), read({1, 1})}), "1 is in the set twice");
}

TEST(GrowingSet, ARefusedAddMayBeTriedAgain) {
  EXPECT_EQ(judge({add(1, 0, Status::kFail), add(1, 5), read({1})}), "holds");
}

}  // namespace
}  // namespace perdure::verify

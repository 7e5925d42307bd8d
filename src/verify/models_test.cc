// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The checkers by name, and the epochs that every one of them looks at.
#include "verify/models.h"

#include <gtest/gtest.h>

#include "verify/epochs.h"
#include "verify/testing/histories.h"

namespace perdure::verify {
namespace {

using History = std::vector<Operation>;

Operation answered(std::uint64_t epoch, std::int64_t call, std::int64_t end) {
  return {.op = "write", .key = "x", .value = 1, .call_ns = call, .return_ns = end, .epoch = epoch};
}

TEST(Epochs, NeverGoBack) {
  EXPECT_EQ(check_epochs(History{answered(1, 0, 1), answered(2, 2, 3), answered(2, 4, 5)}).verdict,
            Verdict::kHolds);
  const Report report =
      check_epochs(History{answered(1, 0, 1), answered(2, 2, 3), answered(1, 4, 5)});
  ASSERT_EQ(report.verdict, Verdict::kViolated);
  EXPECT_EQ(report.findings[0].what, "an owner of epoch 1 answered after one of epoch 2 had");
  EXPECT_EQ(report.findings[0].operations, (std::vector<std::size_t>{1, 2}));
}

TEST(Epochs, CallsThatOverlapHaveNoOrder) {
  EXPECT_EQ(check_epochs(History{answered(2, 0, 10), answered(1, 5, 20)}).verdict, Verdict::kHolds);
}

TEST(Epochs, AreOfOneKey) {
  History history{answered(2, 0, 1), answered(1, 5, 6)};
  history[1].key = "y";
  EXPECT_EQ(check_epochs(history).verdict, Verdict::kHolds);
}

TEST(Models, AnOldOwnerViolatesEveryModel) {
  const History history{answered(2, 0, 1), answered(1, 5, 6)};
  EXPECT_EQ(check(history, Model::kRegister)->verdict, Verdict::kViolated);
}

TEST(Models, AreKnownByTheirOperations) {
  for (const Model model :
       {Model::kRegister, Model::kInstance, Model::kSequence, Model::kSet, Model::kTransactions}) {
    EXPECT_EQ(infer_model(testing::correct_history(1, {}, model)), model);
    EXPECT_EQ(model_from_name(model_name(model)), model);
  }
  EXPECT_EQ(model_from_name("queue"), std::nullopt);
}

TEST(Models, AnAmbiguousHistoryNeedsAName) {
  const auto model = infer_model(History{{.op = "read", .key = "x"}});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message,
            "the operations (read) fit more than one model; name the model: register, instance, "
            "sequence, set or transactions");
  EXPECT_FALSE(infer_model(History{{.op = "send"}, {.op = "write"}}));
  EXPECT_FALSE(infer_model(History{{.op = ""}}));
}

TEST(Report, HoldsNoMoreThanSoManyFindings) {
  Report report;
  for (std::size_t i = 0; i < kFindingsMax + 3; ++i) report.violated({.key = "x"});
  EXPECT_EQ(report.findings.size(), kFindingsMax);
  EXPECT_EQ(report.findings_left_out, 3);
  EXPECT_EQ(report.verdict, Verdict::kViolated);
  report.left_undecided({});
  EXPECT_EQ(report.verdict, Verdict::kViolated);
}

}  // namespace
}  // namespace perdure::verify

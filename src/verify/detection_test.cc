// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A checker is worth what it finds: 500 correct histories of each model must pass, and of 500 with
// one spoilt answer nearly all must be caught. A spoilt answer may be a legal one by chance.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "verify/testing/histories.h"

namespace perdure::verify {
namespace {

constexpr std::uint64_t kHistories = 500;

struct Goal {
  Model model;
  std::size_t caught_min;  // of 500
};

void PrintTo(const Goal& goal, std::ostream* out) { *out << model_name(goal.model); }

class Detection : public ::testing::TestWithParam<Goal> {};

TEST_P(Detection, NoFalseAlarmOnCorrectHistories) {
  for (std::uint64_t seed = 0; seed < kHistories; ++seed) {
    const auto history = testing::correct_history(seed, {}, GetParam().model);
    const auto report = check(history, GetParam().model);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->verdict, Verdict::kHolds) << "seed " << seed << "\n" << describe(*report);
  }
}

TEST_P(Detection, OneSpoiltAnswerIsCaught) {
  std::size_t caught = 0;
  std::uint64_t seed = 0;
  for (std::size_t spoilt = 0; spoilt < kHistories; ++seed) {
    ASSERT_LT(seed, 20 * kHistories) << "too few histories have something to spoil";
    auto history = testing::correct_history(seed, {}, GetParam().model);
    if (!testing::spoil(seed, GetParam().model, history)) continue;
    ++spoilt;
    const auto report = check(history, GetParam().model);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_NE(report->verdict, Verdict::kUndecided);
    if (report->verdict == Verdict::kHolds) continue;
    ++caught;
    ASSERT_FALSE(report->findings.empty());
    ASSERT_FALSE(report->findings.front().operations.empty());
  }
  RecordProperty("caught", std::to_string(caught));
  std::cout << model_name(GetParam().model) << ": " << caught << " of " << kHistories
            << " caught\n";
  EXPECT_GE(caught, GetParam().caught_min);
}

// Every lost call stays open for ever: without a cover of small sets by smaller ones, 30 of them
// are a billion subsets.
TEST(Search, DecidesHistoriesWithManyLostCalls) {
  for (const Model model : {Model::kRegister, Model::kInstance}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      auto history =
          testing::correct_history(seed, {.operations = 300, .unknown_percent = 10}, model);
      const auto report = check(history, model);
      ASSERT_EQ(report->verdict, Verdict::kHolds) << describe(*report);
      EXPECT_LT(report->steps, 100'000) << model_name(model) << ", seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Detection,
                         ::testing::Values(Goal{Model::kRegister, 475}, Goal{Model::kInstance, 475},
                                           Goal{Model::kSequence, 475}, Goal{Model::kSet, 475},
                                           Goal{Model::kTransactions, 475}),
                         [](const auto& info) {
                           return std::string(model_name(info.param.model));
                         });

}  // namespace
}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/linearizable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/prng.h"
#include "verify/testing/histories.h"

namespace perdure::verify {
namespace {

using History = std::vector<Operation>;

Operation write(std::int64_t value, std::int64_t call, std::int64_t end) {
  return {.op = "write", .key = "x", .value = value, .call_ns = call, .return_ns = end};
}
Operation lost_write(std::int64_t value, std::int64_t call) {
  Operation operation = write(value, call, call);
  operation.status = Status::kUnknown;
  return operation;
}
Operation read(Value result, std::int64_t call, std::int64_t end) {
  return {.op = "read", .key = "x", .result = std::move(result), .call_ns = call, .return_ns = end};
}

Report judge(const History& history, SearchLimits limits = {}) {
  return check_register(history, limits).value();
}
Verdict verdict(const History& history) { return judge(history).verdict; }

TEST(Register, NothingWasWrittenAtFirst) {
  EXPECT_EQ(verdict({read({}, 0, 1)}), Verdict::kHolds);
  EXPECT_EQ(verdict({read(7, 0, 1)}), Verdict::kViolated);
}

TEST(Register, AReadMaySeeAConcurrentWriteOrNot) {
  EXPECT_EQ(verdict({write(1, 0, 10), read({}, 2, 3)}), Verdict::kHolds);
  EXPECT_EQ(verdict({write(1, 0, 10), read(1, 2, 3)}), Verdict::kHolds);
}

TEST(Register, TwoReadsDoNotSeeAConcurrentWriteComeAndGo) {
  EXPECT_EQ(verdict({write(1, 0, 10), read(1, 2, 3), read({}, 4, 5)}), Verdict::kViolated);
}

TEST(Register, AReadAfterAWriteSeesIt) {
  EXPECT_EQ(verdict({write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)}), Verdict::kViolated);
}

TEST(Register, EqualTimesAreNoOrder) {
  EXPECT_EQ(verdict({write(1, 0, 4), read({}, 4, 5)}), Verdict::kHolds);
  EXPECT_EQ(verdict({write(1, 0, 4), read({}, 5, 5)}), Verdict::kViolated);
}

TEST(Register, AnUnknownWriteMayTakeEffectMuchLaterOrNever) {
  EXPECT_EQ(verdict({lost_write(1, 0), write(2, 5, 6), read(2, 7, 8)}), Verdict::kHolds);
  EXPECT_EQ(verdict({lost_write(1, 0), write(2, 5, 6), read(2, 7, 8), read(1, 9, 10)}),
            Verdict::kHolds);
}

TEST(Register, AnUnknownWriteTakesEffectOnce) {
  EXPECT_EQ(verdict({lost_write(1, 0), read(1, 1, 2), write(2, 5, 6), read(1, 9, 10)}),
            Verdict::kViolated);
}

TEST(Register, AnUnknownWriteTakesNoEffectBeforeItsCall) {
  EXPECT_EQ(verdict({read(1, 0, 1), lost_write(1, 5)}), Verdict::kViolated);
}

TEST(Register, ARefusedWriteHasNoEffect) {
  History history{write(1, 0, 1), read(1, 2, 3)};
  history[0].status = Status::kFail;
  EXPECT_EQ(verdict(history), Verdict::kViolated);
}

TEST(Register, ACompareAndSwapTellsWhatWasThere) {
  Operation swap{
      .op = "cas", .key = "x", .value = Value::list({1, 2}), .call_ns = 2, .return_ns = 3};
  EXPECT_EQ(verdict({write(1, 0, 1), swap, read(2, 4, 5)}), Verdict::kHolds);
  EXPECT_EQ(verdict({write(3, 0, 1), swap}), Verdict::kViolated);
  swap.status = Status::kFail;
  EXPECT_EQ(verdict({write(1, 0, 1), swap}), Verdict::kHolds) << "overload says nothing";
  swap.result = "FAILED_PRECONDITION";
  EXPECT_EQ(verdict({write(1, 0, 1), swap}), Verdict::kViolated);
  EXPECT_EQ(verdict({write(3, 0, 1), swap}), Verdict::kHolds);
}

TEST(Register, KeysAreJudgedAlone) {
  History history{write(1, 0, 1), read(1, 2, 3), read(1, 4, 5)};
  history[2].key = "y";
  const Report report = judge(history);
  EXPECT_EQ(report.verdict, Verdict::kViolated);
  EXPECT_EQ(report.keys, 2);
  ASSERT_EQ(report.findings.size(), 1);
  EXPECT_EQ(report.findings[0].key, "y");
  EXPECT_EQ(report.findings[0].operations, (std::vector<std::size_t>{2}));
}

TEST(Register, AnOperationOfAnotherModelIsAnError) {
  const auto report = check_register(History{write(1, 0, 1), {.op = "pop"}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_NE(report.error().message.find("line 2: a register has no operation 'pop'"),
            std::string::npos)
      << report.error().message;
}

// ---- the limit ----------------------------------------------------------------------------------

TEST(SearchLimit, IsNeverTakenForAnAnswer) {
  // Many lost writes, and reads in an order that only one interleaving explains.
  History history;
  for (std::int64_t i = 0; i < 12; ++i) history.push_back(lost_write(i, 0));
  for (std::int64_t i = 0; i < 12; ++i) history.push_back(read(11 - i, 10 + 2 * i, 11 + 2 * i));
  EXPECT_EQ(judge(history).verdict, Verdict::kHolds);
  history.push_back(read(99, 100, 101));  // no order explains it, and there are many orders
  const Report report = judge(history, {.places_max = 5});
  EXPECT_EQ(report.verdict, Verdict::kUndecided);
  ASSERT_EQ(report.undecided.size(), 1);
  EXPECT_NE(report.undecided[0].what.find("5 places, its limit"), std::string::npos);
}

// ---- the counterexample -------------------------------------------------------------------------

TEST(Counterexample, EndsWithTheFirstAnswerThatNothingExplains) {
  History history;
  for (std::int64_t i = 0; i < 50; ++i) {
    history.push_back(write(i, 10 * i, 10 * i + 1));
    history.push_back(read(i, 10 * i + 2, 10 * i + 3));
  }
  history[61].result = 12;  // stale: the last write was 30
  const Report report = judge(history);
  ASSERT_EQ(report.findings.size(), 1);
  EXPECT_EQ(report.findings[0].operations.back(), 61);
  EXPECT_EQ(report.findings[0].what, "no order of the operations explains #62");
  for (const std::size_t told : report.findings[0].operations) {
    EXPECT_TRUE(told == 61 || told % 2 == 0) << "a read that does not matter is told: " << told;
  }
  EXPECT_NE(describe(report).find(R"(#62 process 0: read x -> ok 12, 0.000 .. 0.000 ms  <= does )"
                                  "not fit, here or anywhere earlier"),
            std::string::npos)
      << describe(report);
}

TEST(Counterexample, KeepsTheObservationsThatMatter) {
  // The lost write was seen, so it can not come again: without the first read all would be well.
  const Report report =
      judge({lost_write(1, 0), read(1, 1, 2), write(2, 5, 6), read(2, 7, 8), read(1, 9, 10)});
  ASSERT_EQ(report.findings.size(), 1);
  EXPECT_EQ(report.findings[0].operations, (std::vector<std::size_t>{0, 1, 2, 4}));
}

// ---- against brute force ------------------------------------------------------------------------

/// Tries every order of every subset that holds the answered ones.
bool is_linearizable_by_brute_force(const History& history) {
  const std::size_t count = history.size();
  for (std::size_t subset = 0; subset < (std::size_t{1} << count); ++subset) {
    std::vector<std::size_t> order;
    bool is_complete = true;
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_in = (subset >> i & 1U) != 0;
      if (is_in) order.push_back(i);
      if (!is_in && history[i].status == Status::kOk) is_complete = false;
    }
    if (!is_complete) continue;
    do {
      Value value;
      bool fits = true;
      for (std::size_t at = 0; at < order.size() && fits; ++at) {
        const Operation& one = history[order[at]];
        for (std::size_t later = at + 1; later < order.size(); ++later) {
          if (precedes(history[order[later]], one)) fits = false;
        }
        if (one.op == "write") value = one.value;
        if (one.op == "read" && one.status == Status::kOk && one.result != value) fits = false;
      }
      if (fits) return true;
    } while (std::ranges::next_permutation(order).found);
  }
  return false;
}

TEST(Register, AgreesWithBruteForce) {
  base::Prng prng(20'261'121);
  std::size_t violated = 0;
  for (int round = 0; round < 1'500; ++round) {
    History history;
    const std::size_t count = 2 + prng.below(4);
    for (std::size_t i = 0; i < count; ++i) {
      const auto call = static_cast<std::int64_t>(prng.below(8));
      const auto end = call + static_cast<std::int64_t>(prng.below(6));
      const auto value = static_cast<std::int64_t>(prng.below(3));
      history.push_back(prng.chance(50) ? write(value, call, end) : read(value, call, end));
      if (prng.chance(20)) history.back().status = Status::kUnknown;
    }
    const bool expected = is_linearizable_by_brute_force(history);
    const Report report = judge(history);
    ASSERT_EQ(report.verdict, expected ? Verdict::kHolds : Verdict::kViolated)
        << "round " << round << "\n"
        << describe(report);
    if (!expected) ++violated;
  }
  EXPECT_GT(violated, 300) << "too few histories are wrong to show anything";
  EXPECT_LT(violated, 1'200);
}

}  // namespace
}  // namespace perdure::verify

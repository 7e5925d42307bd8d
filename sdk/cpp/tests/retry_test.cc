// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/retry.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "driver.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

const FailureDetails kBroken{.type = "Broken", .message = "it broke"};

TEST(RetryPolicy, WaitsLongerEachTimeUpToTheMost) {
  const Retry retry = Retry().attempts(6).first(1s).factor(3).max_delay(20s);
  EXPECT_EQ(retry.next_delay(1, 0s, kBroken), 1s);
  EXPECT_EQ(retry.next_delay(2, 0s, kBroken), 3s);
  EXPECT_EQ(retry.next_delay(3, 0s, kBroken), 9s);
  EXPECT_EQ(retry.next_delay(4, 0s, kBroken), 20s);
  EXPECT_EQ(retry.next_delay(5, 0s, kBroken), 20s);
  EXPECT_EQ(retry.next_delay(6, 0s, kBroken), std::nullopt);
}

TEST(RetryPolicy, TriesThreeTimesByDefault) {
  EXPECT_EQ(Retry().next_delay(1, 0s, kBroken), 1s);
  EXPECT_EQ(Retry().next_delay(2, 0s, kBroken), 2s);
  EXPECT_EQ(Retry().next_delay(3, 0s, kBroken), std::nullopt);
}

TEST(RetryPolicy, MayGoOnForever) {
  const Retry retry = Retry().forever().first(1s).factor(1);
  EXPECT_EQ(retry.next_delay(2'000'000'000, 0s, kBroken), 1s);
}

TEST(RetryPolicy, KeepsToTheDeadline) {
  const Retry retry = Retry().forever().first(10s).factor(1).deadline(30s);
  EXPECT_EQ(retry.next_delay(1, 20s, kBroken), 10s);
  EXPECT_EQ(retry.next_delay(1, 20s + 1us, kBroken), std::nullopt);
}

TEST(RetryPolicy, GivesUpOnFailuresThatCanNotGetBetter) {
  FailureDetails final = kBroken;
  final.retriable = false;
  EXPECT_EQ(Retry().next_delay(1, 0s, final), std::nullopt);
  const Retry picky = Retry().when([](const FailureDetails& f) { return f.type == "Busy"; });
  EXPECT_EQ(picky.next_delay(1, 0s, kBroken), std::nullopt);
  EXPECT_EQ(picky.next_delay(1, 0s, {.type = "Busy", .message = ""}), 1s);
}

TEST(RetryPolicy, RefusesNonsense) {
  EXPECT_THROW(Retry().attempts(0), std::invalid_argument);
  EXPECT_THROW(Retry().first(-1s), std::invalid_argument);
  EXPECT_THROW(Retry().factor(0.5), std::invalid_argument);
  EXPECT_THROW(Retry().max_delay(-1s), std::invalid_argument);
  EXPECT_THROW(Retry().deadline(-1s), std::invalid_argument);
}

TEST(RetriedCall, IsANewTaskForEachAttemptWithATimerBetween) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto retried = ctx.call<int>("charge", 9, Retry().attempts(3).first(1s).factor(2));
    auto other = ctx.call<int>("other");
    co_return co_await retried + co_await other;
  });
  EXPECT_EQ(driver.start(),
            (Lines{"ActivityScheduled #0 'charge'", "ActivityScheduled #1 'other'"}));
  EXPECT_EQ(driver.fail(0), Lines{"TimerCreated #2 due at 2023-11-14T22:13:21.000000Z"});
  driver.advance(1s);
  EXPECT_EQ(driver.fire(2), Lines{"ActivityScheduled #3 'charge'"});
  EXPECT_EQ(std::get<model::ActivityScheduled>(driver.result().actions[0]).input, "9");
  EXPECT_EQ(driver.fail(3), Lines{"TimerCreated #4 due at 2023-11-14T22:13:23.000000Z"});
  driver.complete(1, 1);
  EXPECT_EQ(driver.fire(4), Lines{"ActivityScheduled #5 'charge'"});
  driver.complete(5, 10);
  EXPECT_EQ(driver.output(), "11");
}

TEST(RetriedCall, FailsWithTheLastFailure) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.call("charge", Retry().attempts(2).first(0s));
  });
  driver.start();
  EXPECT_EQ(driver.fail(0, "First"), Lines{"ActivityScheduled #1 'charge'"}) << "no wait: no timer";
  driver.fail(1, "Second");
  EXPECT_EQ(driver.output(),
            "failed: perdure::TaskFailed: activity 'charge' failed: Second: it broke");
}

TEST(RetriedCall, CountsTheDeadlineFromTheFirstAttempt) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.call("x", Retry().forever().first(10s).factor(1).deadline(25s));
  });
  driver.start();
  driver.advance(10s);
  EXPECT_EQ(driver.fail(0).size(), 1);
  driver.advance(10s);
  driver.fire(1);
  EXPECT_EQ(driver.fail(2), Lines{});
  EXPECT_FALSE(driver.waiting());
}

TEST(RetriedCall, CanBeCancelledInAnAttemptAndBetween) {
  const auto race = [](Orchestration& ctx) -> Task<std::size_t> {
    auto winner = co_await ctx.any(ctx.call("x", Retry()), ctx.event("stop"));
    co_return winner.index;
  };
  Driver within(race);
  within.start();
  EXPECT_EQ(within.raise("stop", 0), Lines{"TaskCancelled #1 of #0"});
  Driver between(race);
  between.start();
  between.fail(0);
  EXPECT_EQ(between.raise("stop", 0), Lines{"TaskCancelled #2 of #1"});
  EXPECT_EQ(between.output(), "1");
}

TEST(RetriedCall, FailsIfItsFilterThrows) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    const Retry retry =
        Retry().when([](const FailureDetails&) -> bool { throw std::logic_error("bad filter"); });
    co_await ctx.call("x", retry);
  });
  driver.start();
  driver.fail(0);
  EXPECT_EQ(driver.output(),
            "failed: perdure::TaskFailed: activity 'x' failed: std::logic_error: bad filter");
}

TEST(RetriedChild, GetsANewIdForEachAttempt) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.child("kid", 1, ChildOptions().id("a").version("v").retry(Retry().first(0s)));
  });
  const auto fails = [](std::int32_t task) {
    return model::ChildFailed{model::TaskId{task},
                              {.type = "T", .message = "m", .stack = {}, .inner = {}}};
  };
  EXPECT_EQ(driver.start(), Lines{"ChildScheduled #0 'kid' as 'a'"});
  EXPECT_EQ(driver.turn({fails(0)}), Lines{"ChildScheduled #1 'kid' as 'a-2'"});
  EXPECT_EQ(std::get<model::ChildScheduled>(driver.result().actions[0]).version, "v");
  EXPECT_EQ(driver.turn({fails(1)}), Lines{"ChildScheduled #2 'kid' as 'a-3'"});
  driver.turn({fails(2)});
  EXPECT_EQ(driver.output(), "failed: perdure::TaskFailed: child 'kid' failed: T: m");
}

}  // namespace
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Code that disagrees with its history is stopped at the event where it does.
#include <gtest/gtest.h>

#include "driver.h"
#include "history.h"
#include "perdure/perdure.h"
#include "perdure/testing.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;
using testing_internal::Violation;

Task<int> original(Orchestration& ctx, int input) {
  const int paid = co_await ctx.call<int>("charge", input);
  auto pack = ctx.call<int>("pack");
  auto ship = ctx.child<int>("ship", paid, ChildOptions().id("ship-1"));
  auto reminder = ctx.timer(60s);
  ctx.send("audit", "paid", paid);
  const int packed = co_await pack;
  ctx.cancel(reminder);
  const int shipped = co_await ship;
  co_return paid + packed + shipped;
}

// 0 TurnStarted, 1 ExecutionStarted, 2 ActivityScheduled #0, 3 TurnStarted, 4 ActivityCompleted #0,
// 5 ActivityScheduled #1, 6 ChildScheduled #2, 7 TimerCreated #3, 8 EventSent #4, 9 TurnStarted,
// 10 ActivityCompleted #1, 11 TaskCancelled #5, 12 TurnStarted, 13 ChildCompleted #2
class Determinism : public ::testing::Test {
 protected:
  Determinism() : driver_(original) {
    driver_.start(1);
    driver_.complete(0, 10);
    driver_.complete(1, 100);
    driver_.turn({model::ChildCompleted{model::TaskId{2}, "1000"}});
    EXPECT_EQ(driver_.output(), "1110");
    EXPECT_EQ(driver_.history().size(), 14);
  }

  template <class F>
  Result<void> replay(F changed) {
    return perdure::replay(
        internal::make_history({{"hub", "instance-1"}, model::Execution{7}, driver_.history()}),
        changed);
  }

  template <class F>
  std::string objection(F changed) {
    const auto replayed = replay(changed);
    if (replayed) return "none";
    EXPECT_EQ(replayed.error().code(), ErrorCode::kFailedPrecondition);
    const std::string& text = replayed.error().message();
    const std::size_t way_out =
        text.rfind("; a running orchestration must decide as it did before");
    EXPECT_NE(way_out, std::string::npos) << text;
    return text.substr(0, way_out);
  }

  Driver driver_;
};

TEST_F(Determinism, TheSameCodeAgrees) {
  EXPECT_TRUE(replay(original));
  driver_.history().push_back(
      {{},
       model::ExecutionCompleted{
           .ending = model::Ending::kCompleted, .output = "1110", .failure = {}}});
  EXPECT_TRUE(replay(original));
  for (std::size_t length = 0; length <= driver_.history().size(); ++length) {
    const auto end = driver_.history().begin() + static_cast<std::ptrdiff_t>(length);
    const auto violation = driver_.replay({driver_.history().begin(), end});
    EXPECT_FALSE(violation) << violation->message;
  }
}

TEST_F(Determinism, ARenamedActivityIsFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              co_return co_await ctx.call<int>("refund", input);
            }),
            "history event 2 is ActivityScheduled #0 'charge', but the code now attempts "
            "ActivityScheduled #0 'refund'");
}

TEST_F(Determinism, AnotherInputIsNotADecision) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              return original(ctx, input + 1);
            }),
            "none");
}

TEST_F(Determinism, ADroppedStepIsFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              const int paid = co_await ctx.call<int>("charge", input);
              auto pack = ctx.call<int>("pack");
              auto reminder = ctx.timer(60s);
              co_return paid + co_await pack;
            }),
            "history event 6 is ChildScheduled #2 'ship' as 'ship-1', but the code now attempts "
            "TimerCreated #2 due at 2023-11-14T22:14:20.000000Z");
}

TEST_F(Determinism, StepsThatTheCodeNoLongerTakesAreFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              const int paid = co_await ctx.call<int>("charge", input);
              co_return paid + co_await ctx.call<int>("pack");
            }),
            "history event 6 is ChildScheduled #2 'ship' as 'ship-1', but the code now only waits "
            "for activity 'pack'");
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              co_return co_await ctx.call<int>("charge", input);
            }),
            "history event 5 is ActivityScheduled #1 'pack', but the code now returns");
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              co_await ctx.call<int>("charge", input);
              throw Failure("changed my mind");
            }),
            "history event 5 is ActivityScheduled #1 'pack', but the code now fails with "
            "perdure::Failure: changed my mind");
}

TEST_F(Determinism, AnAddedStepIsFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              const int paid = co_await ctx.call<int>("charge", input);
              auto pack = ctx.call<int>("pack");
              auto ship = ctx.child<int>("ship", paid, ChildOptions().id("ship-1"));
              auto reminder = ctx.timer(60s);
              ctx.send("audit", "paid", paid);
              ctx.send("audit", "again", paid);
              co_return paid + co_await pack + co_await ship;
            }),
            "the code now attempts EventSent #5 'again' to 'audit', but the history recorded "
            "nothing of it before event 9, TurnStarted");
}

TEST_F(Determinism, SwappedStepsAreFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              const int paid = co_await ctx.call<int>("charge", input);
              auto ship = ctx.child<int>("ship", paid, ChildOptions().id("ship-1"));
              auto pack = ctx.call<int>("pack");
              co_return paid + co_await pack + co_await ship;
            }),
            "history event 5 is ActivityScheduled #1 'pack', but the code now attempts "
            "ChildScheduled #1 'ship' as 'ship-1'");
}

TEST_F(Determinism, AChangedDelayTargetOrChildIsFound) {
  const auto objection_to = [&](auto wait, std::string target, std::string child) {
    // The original, with what differs passed in through the input.
    static std::chrono::microseconds s_wait;
    static std::string s_target;
    static std::string s_child;
    s_wait = wait;
    s_target = std::move(target);
    s_child = std::move(child);
    return objection([](Orchestration& ctx, int input) -> Task<int> {
      const int paid = co_await ctx.call<int>("charge", input);
      auto pack = ctx.call<int>("pack");
      auto ship = ctx.child<int>("ship", paid, ChildOptions().id(s_child));
      auto reminder = ctx.timer(s_wait);
      ctx.send(s_target, "paid", paid);
      const int packed = co_await pack;
      ctx.cancel(reminder);
      co_return paid + packed + co_await ship;
    });
  };
  EXPECT_EQ(objection_to(60s, "audit", "ship-1"), "none");
  EXPECT_EQ(objection_to(60s, "audit", ""), "none") << "the engine named the child";
  EXPECT_EQ(objection_to(60s, "audit", "ship-2"),
            "history event 6 is ChildScheduled #2 'ship' as 'ship-1', but the code now attempts "
            "ChildScheduled #2 'ship' as 'ship-2'");
  EXPECT_EQ(objection_to(61s, "audit", "ship-1"),
            "history event 7 is TimerCreated #3 due at 2023-11-14T22:14:20.000000Z, but the code "
            "now attempts TimerCreated #3 due at 2023-11-14T22:14:21.000000Z");
  EXPECT_EQ(objection_to(60s, "log", "ship-1"),
            "history event 8 is EventSent #4 'paid' to 'audit', but the code now attempts "
            "EventSent #4 'paid' to 'log'");
}

TEST_F(Determinism, CodeThatEndsBeforeItsHistoryIsFound) {
  EXPECT_EQ(objection([](Orchestration& ctx, int input) -> Task<int> {
              const int paid = co_await ctx.call<int>("charge", input);
              auto pack = ctx.call<int>("pack");
              auto ship = ctx.child<int>("ship", paid, ChildOptions().id("ship-1"));
              auto reminder = ctx.timer(60s);
              ctx.send("audit", "paid", paid);
              co_return paid;
            }),
            "the code now returns before history event 9, TurnStarted");
}

TEST_F(Determinism, AStepThatIsNewAtTheVeryEndIsFound) {
  const auto longer = [](Orchestration& ctx, int input) -> Task<int> {
    const int sum = co_await original(ctx, input);
    co_await ctx.call("one more");
    co_return sum;
  };
  EXPECT_EQ(
      objection(longer),
      "the code now attempts ActivityScheduled #6 'one more', but the history ends with event "
      "13 and recorded nothing of it");
  driver_.history().push_back(
      {{},
       model::ExecutionCompleted{
           .ending = model::Ending::kCompleted, .output = {}, .failure = {}}});
  EXPECT_EQ(objection(longer),
            "history event 14 is the end of the execution, but the code now attempts "
            "ActivityScheduled #6 'one more' before");
}

TEST_F(Determinism, AnotherEndingIsFound) {
  driver_.history().push_back(
      {{},
       model::ExecutionCompleted{
           .ending = model::Ending::kFailed,
           .output = {},
           .failure = model::Failure{.type = "Mine", .message = "m", .stack = {}, .inner = {}}}});
  EXPECT_EQ(objection(original),
            "history event 14 is the end of the execution, which failed, but the code now returns");
  // What the platform itself ended says nothing about the code.
  auto& ended = std::get<model::ExecutionCompleted>(driver_.history().back().body);
  ended.failure->type = model::kFailureLimit;
  EXPECT_TRUE(replay(original));
  ended = {.ending = model::Ending::kTerminated, .output = {}, .failure = {}};
  EXPECT_TRUE(replay(original));
}

TEST_F(Determinism, AForeignHistoryIsFound) {
  std::get<model::ActivityCompleted>(driver_.history()[4].body).task = model::TaskId{9};
  EXPECT_EQ(
      driver_.replay(driver_.history())->message,
      "history event 4 is the outcome of task #9, which the code never scheduled; the history "
      "is not of this code");
  driver_.history()[4].body = model::TimerFired{model::TaskId{0}, {}};
  EXPECT_EQ(driver_.replay(driver_.history())->message,
            "history event 4 is an outcome of another kind than task #0, which is activity "
            "'charge'; the history is not of this code");
  driver_.history()[4] = driver_.history()[1];
  EXPECT_EQ(driver_.replay(driver_.history())->event, 4);
}

TEST_F(Determinism, AViolationIsFinal) {
  std::vector<model::Event> history = driver_.history();
  std::get<model::ActivityScheduled>(history[2].body).name = "other";
  const auto run = driver_.fresh();
  const auto first = run->replay(history);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().event, 2);
  EXPECT_FALSE(run->replay({}));
  EXPECT_FALSE(run->turn({{{}, model::TurnStarted{}}}));
}

TEST_F(Determinism, WhatOperatorsDoIsNotSeen) {
  std::vector<model::Event> history = driver_.history();
  const auto at = [&](std::ptrdiff_t index) { return history.begin() + index; };
  history.insert(at(10), {{}, model::ExecutionResumed{"r"}});
  history.insert(at(10), {{}, model::ExecutionSuspended{"s"}});
  history.insert(at(4), {{}, model::ExecutionRewound{"w"}});
  EXPECT_FALSE(driver_.replay(history));
}

TEST(Rewind, ReplaysAHistoryWhoseLastFailuresWereRemoved) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto a = ctx.call<int>("a");
    auto b = ctx.call<int>("b", Retry().attempts(2).first(0s));
    co_return co_await a + co_await b;
  });
  driver.start();
  driver.fail(1);
  driver.complete(0, 1);
  driver.fail(2);
  EXPECT_FALSE(driver.waiting());
  // As the core rewinds: the failure after the last decision is gone, the turn that took it stays.
  std::vector<model::Event> history = driver.history();
  ASSERT_TRUE(std::holds_alternative<model::ActivityFailed>(history.back().body));
  history.pop_back();
  const auto run = driver.fresh();
  ASSERT_TRUE(run->replay(history));
  const auto again = run->turn({{{}, model::TurnStarted{}},
                                {{}, model::ExecutionRewound{"fixed"}},
                                {{}, Driver::completed(2, 10)}});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(std::get<model::Completed>(again->outcome).output, "11");
}

TEST(Histories, DescribeThemselves) {
  Driver driver([](Orchestration& ctx) -> Task<void> { co_await ctx.timer(1s); });
  driver.start();
  const History history =
      internal::make_history({{"hub", "x"}, model::Execution{1}, driver.history()});
  EXPECT_EQ(history.size(), 3);
  EXPECT_EQ(history.lines(), (Lines{"TurnStarted", "ExecutionStarted 'test'",
                                    "TimerCreated #0 due at 2023-11-14T22:13:21.000000Z"}));
}

}  // namespace
}  // namespace perdure

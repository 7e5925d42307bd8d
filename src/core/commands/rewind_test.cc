// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// RewindInstance, and the rewind of a child by its parent.
#include "core/testing/fixture.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;
using Lines = std::vector<std::string>;

class Rewind : public CoreTest {
 protected:
  Rewind() : CoreTest({.shard_count = 3}) {}
};

TEST_F(Rewind, UndoesTheFailureOfAnActivityAndRunsItAgain) {
  world.run(start("a"));
  world.turn("a", {activity(0, "ok"), activity(1, "bad", "in")});
  world.done("a", 0, "1");
  world.turn("a");
  world.fails("a", 1);
  world.turn("a", {}, failed("because of 1"));
  const model::Execution before = world.record("a").execution;
  EXPECT_TRUE(is_done(world.ask(rewind("a"))));
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_GT(world.record("a").execution, before);
  EXPECT_FALSE(world.record("a").failure);
  EXPECT_FALSE(world.record("a").ended);
  EXPECT_EQ(world.history("a"), (Lines{"TurnStarted", "ExecutionStarted 'code'",
                                       "ActivityScheduled #0 'ok'", "ActivityScheduled #1 'bad'",
                                       "TurnStarted", "ActivityCompleted #0", "TurnStarted"}));
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "ExecutionRewound"}));
  EXPECT_EQ(world.offered_activity("a", 0), nullptr);
  const model::ActivityItem* again = world.offered_activity("a", 1);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->token.attempt, 1U);
  EXPECT_EQ(std::get<model::Payload>(again->input), "in");
  world.turn("a");
  world.done("a", 1, "2");
  world.turn("a", {}, completed());
  EXPECT_EQ(world.status("a"), "COMPLETED");
  world.collect_garbage();
}

TEST_F(Rewind, UndoesSeveralFailuresOfOneGroup) {
  world.run(start("a"));
  world.turn("a", {activity(0), activity(1), activity(2)});
  world.fails("a", 0);
  world.fails("a", 2);
  world.turn("a");
  world.turn("a", {}, failed());
  world.run(rewind("a"));
  EXPECT_EQ(world.count("a", "ActivityFailed"), 0U);
  EXPECT_EQ(world.offered_activities("a").size(), 3U);
}

TEST_F(Rewind, KeepsTheFailuresThatTheCodeReactedTo) {
  // Two tries with a timer between them; the second failure ended it.
  world.run(start("a"));
  world.turn("a", {activity(0)});
  world.fails("a", 0);
  world.turn("a", {timer(1, world.now + base::seconds(5))});
  world.advance(base::seconds(5));
  world.turn("a", {activity(2)});
  world.fails("a", 2);
  world.turn("a", {}, failed());
  world.run(rewind("a"));
  EXPECT_EQ(world.count("a", "ActivityFailed"), 1U);
  EXPECT_EQ(world.count("a", "TimerFired"), 1U);
  ASSERT_EQ(world.offered_activities("a").size(), 1U);
  EXPECT_EQ(world.offered_activities("a")[0].token.task.value, 2);
  world.turn("a");
  world.done("a", 2);
  world.turn("a", {}, completed());
}

TEST_F(Rewind, WithNothingToUndoRunsTheCodeAgain) {
  world.run(start("a"));
  world.turn("a", {}, failed("a bug, now corrected"));
  world.run(rewind("a"));
  EXPECT_EQ(world.history("a"), (Lines{"TurnStarted", "ExecutionStarted 'code'"}));
  world.turn("a", {}, completed());
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(Rewind, ArmsTimersAndOffersActivitiesThatTheEndTookAway) {
  world.run(start("a"));
  const base::Timestamp at = world.now + base::seconds(60);
  world.turn("a", {timer(0, at), activity(1), activity(2)});
  world.fails("a", 1);
  world.turn("a", {}, failed());
  EXPECT_TRUE(world.shard_for(key("a")).timers.all().empty());
  world.run(rewind("a"));
  EXPECT_EQ(world.shard_for(key("a")).timers.all().size(), 1U);
  EXPECT_NE(world.offered_activity("a", 2), nullptr);
  world.turn("a");
  world.advance(base::seconds(60));
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "TimerFired #0"}));
}

TEST_F(Rewind, DoesWhatTheFailedTurnDecidedAndTheEndPrevented) {
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(9)), cancel(2, 1)}, failed());
  EXPECT_TRUE(world.offers().activities.empty());
  world.run(rewind("a"));
  EXPECT_NE(world.offered_activity("a", 0), nullptr);
  EXPECT_EQ(world.stored("a").pending.size(), 1U);
}

TEST_F(Rewind, DropsAnswersToTheFailedExecution) {
  world.run(start("a"));
  world.turn("a", {activity(0), activity(1)});
  const model::ActivityToken late = world.activity_token("a", 1);
  world.fails("a", 0);
  world.turn("a", {}, failed());
  world.run(rewind("a"));
  world.run(model::CompleteActivity{late, model::Payload("late")});
  EXPECT_EQ(world.stored("a").pending.size(), 2U);
}

TEST_F(Rewind, RewindsAFailedChildAndItsFailedChild) {
  world.run(start("a"));
  world.turn("a", {child(0, "b")});
  world.turn("b", {child(0, "c")});
  world.turn("c", {activity(0)});
  world.fails("c", 0);
  world.turn("c", {}, failed());
  world.turn("b", {}, failed());
  world.turn("a", {}, failed());
  world.run(rewind("a"));
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_EQ(world.status(id), "RUNNING") << id;
    EXPECT_EQ(world.count(id, "ChildFailed"), 0U);
    world.turn(id);
  }
  world.done("c", 0);
  world.turn("c", {}, completed("1"));
  world.turn("b", {}, completed("2"));
  world.turn("a", {}, completed("3"));
  EXPECT_EQ(world.count("a", "ChildCompleted"), 1U);
  world.collect_garbage();
}

TEST_F(Rewind, StartsAChildAgainThatWasPurged) {
  world.run(start("a"));
  model::ChildScheduled scheduled{
      .task = {0}, .id = "b", .name = "child", .version = "v", .input = "in"};
  world.turn("a", {scheduled});
  world.turn("b", {}, failed());
  world.turn("a", {}, failed());
  world.run(purge("b"));
  world.run(rewind("a"));
  EXPECT_EQ(world.status("b"), "PENDING");
  const model::TurnItem turn = world.take_turn("b");
  const auto& begun = std::get<model::ExecutionStarted>(turn.new_events[1].body);
  EXPECT_EQ(begun.input, "in");
  EXPECT_EQ(begun.version, "v");
  EXPECT_EQ(begun.parent->execution, world.record("a").execution);
  world.turn("b", {}, completed());
  world.turn("a");
  EXPECT_EQ(world.count("a", "ChildCompleted") + world.stored("a").inbox.size(), 1U);
}

TEST_F(Rewind, StartsAChildAgainWhoseIdIsSomebodyElsesByNow) {
  world.run(start("a"));
  world.turn("a", {child(0, "b")});
  world.turn("b", {}, failed());
  world.turn("a", {}, failed());
  world.run(purge("b"));
  world.run(start("b", "other"));
  world.turn("b");
  world.run(rewind("a"));
  EXPECT_EQ(world.record("b").name, "other");
  EXPECT_EQ(world.stored("a").inbox.size(), 1U);
  EXPECT_EQ(model::describe(world.stored("a").inbox[0].event), "ChildFailed #0");
}

TEST_F(Rewind, HearsOfAChildThatEndedInTheMeantime) {
  world.run(start("a"));
  world.turn("a", {child(0, "b"), child(1, "c"), activity(2)});
  world.fails("a", 2);
  world.turn("a", {}, failed());
  world.turn("b", {}, completed("7"));
  world.run(rewind("a"));
  world.turn("a");
  EXPECT_EQ(world.count("a", "ChildCompleted") + world.stored("a").inbox.size(), 1U);
  // The other one still runs, and now reports to the new execution.
  EXPECT_EQ(world.record("c").parent->execution, world.record("a").execution);
  world.turn("c", {}, completed("8"));
  while (world.offered_turn("a") != nullptr) world.turn("a");
  EXPECT_EQ(world.count("a", "ChildCompleted"), 2U);
}

TEST_F(Rewind, OfAChildAloneDoesNotTellTheParentTwice) {
  world.run(start("a"));
  world.turn("a", {child(0, "b")});
  world.turn("b", {}, failed());
  world.turn("a");
  world.run(rewind("b"));
  world.turn("b", {}, completed());
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_EQ(world.count("a", "ChildFailed"), 1U);
}

TEST_F(Rewind, SurvivesACrashBeforeItsMessagesAreTaken) {
  world.run(start("a"));
  world.turn("a", {child(0, "b")});
  world.turn("b", {}, failed());
  world.turn("a", {}, failed());
  world.messages = Messages::kManual;
  world.run(rewind("a"));
  world.crash();
  EXPECT_EQ(world.status("b"), "FAILED");
  world.deliver_all();
  EXPECT_EQ(world.status("b"), "RUNNING");
}

TEST_F(Rewind, ManyTimesKeepsOneBeginningAndNoGarbage) {
  world.run(start("a"));
  world.turn("a", {activity(0)});
  for (int i = 0; i < 5; ++i) {
    world.fails("a", 0);
    while (world.offered_turn("a") != nullptr &&
           world.take_turn("a").new_events.back().body.index() !=
               model::EventBody(model::ActivityFailed{}).index()) {
      world.turn("a");
    }
    world.turn("a", {}, failed());
    world.run(rewind("a"));
  }
  EXPECT_EQ(world.count("a", "ExecutionStarted"), 1U);
  world.collect_garbage();
  world.check_all();
  EXPECT_EQ(world.count("a", "ActivityFailed"), 0U);
}

TEST_F(Rewind, OfALongHistoryPointsToTheRightEvents) {
  world.run(start("a"));
  std::vector<model::Action> actions;
  for (int i = 0; i < 1'203; ++i) actions.push_back(activity(i, "work", std::to_string(i)));
  world.turn("a", std::move(actions));
  world.fails("a", 1'202);
  world.turn("a", {}, failed());
  world.run(rewind("a"));
  world.crash();
  const std::vector<model::Event> events = history_in(world.rows(), key("a"));
  ASSERT_EQ(world.offered_activities("a").size(), 1'203U);
  for (const int task : {0, 497, 498, 499, 500, 1'000, 1'202}) {
    const auto reference =
        std::get<model::EventReference>(world.offered_activity("a", task)->input);
    const model::Event& event = events[reference.chunk + reference.index];
    EXPECT_EQ(std::get<model::ActivityScheduled>(event.body).input, std::to_string(task));
    EXPECT_NE(world.rows().find(
                  model::Space::kHistory,
                  model::history_key(key("a"), world.record("a").execution, reference.chunk)),
              nullptr);
  }
}

TEST_F(Rewind, IsOnlyForFailedInstances) {
  EXPECT_EQ(error_of(world.ask(rewind("x"))), ErrorCode::kNotFound);
  world.run(start("a"));
  EXPECT_EQ(error_of(world.ask(rewind("a"))), ErrorCode::kFailedPrecondition);
  world.turn("a");
  EXPECT_EQ(error_of(world.ask(rewind("a"))), ErrorCode::kFailedPrecondition);
  world.run(suspend("a"));
  EXPECT_EQ(error_of(world.ask(rewind("a"))), ErrorCode::kFailedPrecondition);
  world.run(terminate("a"));
  EXPECT_EQ(error_of(world.ask(rewind("a"))), ErrorCode::kFailedPrecondition);
  world.run(start("b"));
  world.turn("b", {}, completed());
  EXPECT_EQ(error_of(world.ask(rewind("b"))), ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace perdure::core::testing

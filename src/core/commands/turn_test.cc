// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CompleteTurn and RefuseTurn: what a turn decides, and what a worker that answers nonsense gets.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using model::Status;
using Lines = std::vector<std::string>;

class Turn : public CoreTest {
 protected:
  /// A suspended instance whose messages are more than one commit can hold.
  void overfill() {
    world.run(start("a"));
    world.turn("a");
    world.run(suspend("a"));
    const std::string large(model::kPayloadBytesMax, 'x');
    world.begin_group();
    for (int i = 0; i < 9; ++i) world.run(raise("a", "large", large));
    world.end_group();
  }

  void expect_failed(const std::string& id, const char* type) {
    ASSERT_EQ(world.status(id), "FAILED");
    EXPECT_EQ(world.record(id).failure->type, type) << world.record(id).failure->message;
    EXPECT_TRUE(world.stored(id).pending.empty());
  }
};

TEST_F(Turn, WritesWhatItTookInAndWhatItDecidedInOrder) {
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(9)), send_event(2, "b", "hi")});
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_EQ(world.history("a"),
            (Lines{"TurnStarted", "ExecutionStarted 'code'", "ActivityScheduled #0 'work'",
                   "TimerCreated #1", "EventSent #2 'hi' to 'b'"}));
  world.done("a", 0, "r");
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(turn.token.past_events, 5U);
  EXPECT_EQ(Story::describe_all(turn.new_events), (Lines{"TurnStarted", "ActivityCompleted #0"}));
  EXPECT_EQ(std::get<model::ActivityCompleted>(turn.new_events[1].body).result, "r");
}

// A timer fired, the process died, and the machine came back with its clock set back.
TEST_F(Turn, IsNotToldOfATimeBeforeThatOfItsTimer) {
  world.run(start("a"));
  const base::Timestamp due = world.now + base::seconds(60);
  world.turn("a", {timer(0, due)});
  world.advance(base::seconds(90));  // and it fires
  world.now = due + base::seconds(-30);
  world.crash();
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(Story::describe_all(turn.new_events), (Lines{"TurnStarted", "TimerFired #0"}));
  EXPECT_GE(turn.new_events[0].at, due);
  EXPECT_GE(turn.new_events[0].at, turn.new_events[1].at);
}

TEST_F(Turn, EndsWithAnOutputThatTheSnapshotShows) {
  world.run(start("a"));
  world.turn("a", {}, completed("out"));
  EXPECT_EQ(world.status("a"), "COMPLETED");
  EXPECT_EQ(world.record("a").output, "out");
  EXPECT_EQ(world.record("a").ended, world.now);
  EXPECT_EQ(world.history("a").back(), "ExecutionCompleted");
  EXPECT_TRUE(world.offers().turns.empty());
  EXPECT_EQ(world.rows().find(model::Space::kAgenda, model::ready_key(key("a"))), nullptr);
}

TEST_F(Turn, EndsWithAFailureThatIsCutToTheLimit) {
  world.run(start("a"));
  model::Failure large = failure(std::string(model::kFailureBytesMax * 2, 'x'));
  world.turn("a", {}, model::Failed{large});
  EXPECT_EQ(world.status("a"), "FAILED");
  EXPECT_LE(world.record("a").failure->message.size(), model::kFailureBytesMax);
}

TEST_F(Turn, ThatEndsSchedulesNothingButWhatOutlivesIt) {
  world.run(start("b"));
  world.turn("b");
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now), child(2, "c"), send_event(3, "b", "hi", "1")},
             completed());
  EXPECT_TRUE(world.offered_activities("a").empty());
  EXPECT_TRUE(world.shard_for(key("a")).timers.all().empty());
  EXPECT_EQ(world.status("c"), "PENDING");
  ASSERT_NE(world.offered_turn("b"), nullptr);
  EXPECT_EQ(Story::raised_in(world.offered_turn("b")->new_events), Lines{"1"});
  EXPECT_EQ(world.stored("a").pending.size(), 1U);
}

TEST_F(Turn, ThatEndsWithdrawsWhatIsPending) {
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(9))});
  world.run(raise("a", "stop"));
  const model::ActivityToken token = world.activity_token("a", 0);
  world.turn("a", {}, completed());
  EXPECT_EQ(world.withdrawn(), (std::vector<model::WorkToken>{token}));
  world.advance(base::seconds(20));
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(Turn, TakesWhatArrivesMeanwhileInTheNextOne) {
  world.run(start("a"));
  const model::TurnItem first = world.take_turn("a");
  world.run(raise("a", "early", "1"));
  world.run(raise("a", "early", "2"));
  world.run(model::CompleteTurn{first.token, {}});
  const model::TurnItem* second = world.offered_turn("a");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(Story::raised_in(second->new_events), (Lines{"1", "2"}));
}

TEST_F(Turn, DropsWhatArrivesDuringTheLastOne) {
  world.run(start("a"));
  const model::TurnItem last = world.take_turn("a");
  world.run(raise("a", "late"));
  world.run(model::CompleteTurn{last.token, {{}, completed(), {}}});
  EXPECT_EQ(world.status("a"), "COMPLETED");
  EXPECT_TRUE(world.stored("a").inbox.empty());
  EXPECT_EQ(world.count("a", "EventRaised"), 0U);
}

TEST_F(Turn, IsAnsweredOnce) {
  world.run(start("a"));
  const model::TurnItem item = world.take_turn("a");
  world.run(model::CompleteTurn{item.token, {{activity(0)}, model::Waiting{}, {}}});
  const std::vector<std::string> before = world.history("a");
  world.run(model::CompleteTurn{item.token, {{activity(1)}, completed(), {}}});
  EXPECT_EQ(world.history("a"), before);
  EXPECT_EQ(world.offered_activities("a").size(), 1U);
}

TEST_F(Turn, UnderAnotherTokenIsRefused) {
  world.run(start("a"));
  model::TurnToken token = world.take_turn("a").token;
  ++token.attempt;
  world.run(model::CompleteTurn{token, {{}, completed(), {}}});
  --token.attempt;
  ++token.past_events;
  world.run(model::CompleteTurn{token, {{}, completed(), {}}});
  --token.past_events;
  --token.execution.value;
  world.run(model::CompleteTurn{token, {{}, completed(), {}}});
  token.key = key("unknown");
  world.run(model::CompleteTurn{token, {{}, completed(), {}}});
  EXPECT_EQ(world.status("a"), "PENDING");
}

TEST_F(Turn, SetsAndClearsTheCustomStatus) {
  world.run(start("a"));
  world.turn("a", {}, model::Waiting{}, model::Payload("half"));
  EXPECT_EQ(world.record("a").custom_status, "half");
  world.run(raise("a", "x"));
  world.turn("a");
  EXPECT_EQ(world.record("a").custom_status, "half");
  world.run(raise("a", "x"));
  world.turn("a", {}, model::Waiting{}, model::Payload());
  EXPECT_EQ(world.record("a").custom_status, std::nullopt);
  world.run(raise("a", "x"));
  world.turn("a", {}, completed(), model::Payload("full"));
  EXPECT_EQ(world.record("a").custom_status, "full");
}

TEST_F(Turn, CancelsATimerAnActivityAndAChild) {
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(9)), child(2, "c")});
  world.turn("c");
  const model::ActivityToken token = world.activity_token("a", 0);
  world.run(raise("a", "x"));
  world.turn("a", {cancel(3, 0), cancel(4, 1), cancel(5, 2), cancel(6, 99)});
  EXPECT_TRUE(world.stored("a").pending.empty());
  EXPECT_EQ(world.status("c"), "TERMINATED");
  EXPECT_FALSE(world.offers().contains(token));
  world.run(model::CompleteActivity{token, model::Payload("late")});
  world.advance(base::seconds(20));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
}

TEST_F(Turn, MayScheduleAndCancelAtOnce) {
  world.run(start("a"));
  world.turn("a", {activity(0), cancel(1, 0), child(2, "c"), cancel(3, 2)});
  EXPECT_TRUE(world.offered_activities("a").empty());
  EXPECT_EQ(world.status("c"), "TERMINATED");
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(Turn, SeesATimeThatNeverGoesBack) {
  world.run(start("a"));
  const base::Timestamp begin = world.take_turn("a").new_events[0].at;
  world.turn("a");
  world.now = world.now + base::seconds(-3600);
  world.run(suspend("a"));
  world.run(resume("a"));
  EXPECT_GE(world.take_turn("a").new_events[0].at, begin);
  world.turn("a", {}, failed());
  EXPECT_GE(*world.record("a").ended, begin);
  world.run(rewind("a"));
  EXPECT_GE(world.take_turn("a").new_events[0].at, begin);
}

// ---- what one commit can hold -------------------------------------------------------------------

TEST_F(Turn, TakesNoMoreMessagesThanOneCommitCanHold) {
  overfill();
  world.run(resume("a"));
  std::size_t taken = 0;
  std::size_t turns = 0;
  while (world.offered_turn("a") != nullptr) {
    std::size_t bytes = 0;
    for (const model::Event& event : world.take_turn("a").new_events) {
      bytes += model::encoded_size(event);
    }
    EXPECT_LE(bytes, model::kTurnBytesMax + 64);
    taken += Story::raised_in(world.take_turn("a").new_events).size();
    ++turns;
    world.turn("a");
  }
  EXPECT_EQ(taken, 9U);
  EXPECT_EQ(turns, 2U);
}

TEST_F(Turn, ThatNobodyAskedForWritesNoMoreThanOneCommitCanHold) {
  overfill();
  world.take_trace();
  world.run(terminate("a"));
  std::size_t bytes = 0;
  for (const model::Write& write : world.take_trace().writes) {
    bytes += write.value ? write.value->size() : 0;
  }
  EXPECT_LE(bytes, model::kTurnBytesMax + model::kPayloadBytesMax);
  EXPECT_EQ(world.status("a"), "TERMINATED");
}

// ---- nonsense -----------------------------------------------------------------------------------

TEST_F(Turn, WithATaskTwiceFailsTheOrchestration) {
  world.run(start("a"));
  world.turn("a", {activity(0), activity(0)});
  expect_failed("a", model::kFailureInvalidTurn);
  EXPECT_TRUE(world.offers().activities.empty());
}

TEST_F(Turn, WithATaskThatIsPendingFailsTheOrchestration) {
  world.run(start("a"));
  world.turn("a", {activity(0)});
  world.run(raise("a", "x"));
  world.turn("a", {timer(0, world.now)});
  expect_failed("a", model::kFailureInvalidTurn);
}

TEST_F(Turn, WithANegativeTaskFailsTheOrchestration) {
  for (const model::Action& action :
       {activity(-1), timer(-2, {0}), child(INT32_MIN, "c"), send_event(-1, "b", "e"),
        cancel(-1, 0), cancel(0, -1), cancel(0, -2)}) {
    Story other;
    std::swap(world, other);
    world.run(start("a"));
    world.turn("a", {action});
    expect_failed("a", model::kFailureLimit);
    EXPECT_EQ(world.broken(), Broken{});
  }
}

TEST_F(Turn, CannotCancelTheStartTimerOfTheInstance) {
  model::StartInstance command = start("a");
  command.started.scheduled_start = world.now + base::seconds(5);
  world.run(command);
  world.advance(base::seconds(5));
  world.turn("a", {cancel(0, model::kStartTimer.value)});
  expect_failed("a", model::kFailureLimit);
}

TEST_F(Turn, WithTooManyActionsFailsTheOrchestration) {
  world.run(start("a"));
  std::vector<model::Action> actions;
  for (std::size_t i = 0; i <= model::kActionsPerTurnMax; ++i) {
    actions.push_back(timer(static_cast<int>(i), {0}));
  }
  world.turn("a", std::move(actions));
  expect_failed("a", model::kFailureLimit);
}

TEST_F(Turn, WithTooMuchInItFailsTheOrchestration) {
  const std::string large(model::kPayloadBytesMax + 1, 'x');
  const std::string full(model::kPayloadBytesMax, 'x');
  const std::vector<model::TurnResult> results = {
      {{activity(0, "work", large)}, model::Waiting{}, {}},
      {{child(0, "c")}, completed(large), {}},
      {{}, as_new(large), {}},
      {{}, model::Waiting{}, model::Payload(large)},
      {std::vector<model::Action>(9, activity(0, "work", full)), model::Waiting{}, {}},
      {{activity(0, std::string(model::kFunctionNameBytesMax + 1, 'n'))}, model::Waiting{}, {}},
      {{activity(0, "")}, model::Waiting{}, {}},
      {{child(0, "@entity")}, model::Waiting{}, {}},
  };
  for (const model::TurnResult& result : results) {
    Story other;
    std::swap(world, other);
    world.run(start("a"));
    world.run(model::CompleteTurn{world.take_turn("a").token, result});
    expect_failed("a", model::kFailureLimit);
    EXPECT_FALSE(world.exists("c"));
    EXPECT_EQ(world.broken(), Broken{});
  }
}

// ---- parked -------------------------------------------------------------------------------------

class Refuse : public CoreTest {
 protected:
  void SetUp() override {
    world.run(start("a"));
    world.turn("a");
    world.run(raise("a", "x", "1"));
  }
};

TEST_F(Refuse, ParksTheInstanceAndWritesNothing) {
  const RowMap before = world.rows();
  world.run(model::RefuseTurn{world.take_turn("a").token, "event 3 is another"});
  EXPECT_EQ(world.rows(), before);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_EQ(snapshot(world.ask(get("a")))->parked, "event 3 is another");
  world.run(raise("a", "x", "2"));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.evict(0);
  EXPECT_EQ(snapshot(world.ask(get("a")))->parked, "event 3 is another");
}

TEST_F(Refuse, WithoutAReasonParksAllTheSame) {
  world.run(model::RefuseTurn{world.take_turn("a").token, ""});
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_NE(snapshot(world.ask(get("a")))->parked, "");
}

TEST_F(Refuse, KeepsAReasonOfBoundedSize) {
  world.run(model::RefuseTurn{world.take_turn("a").token, std::string(1 << 20, 'x')});
  EXPECT_LE(snapshot(world.ask(get("a")))->parked.size(), model::kFailureBytesMax);
}

TEST_F(Refuse, IsUndoneByAResumeUnderANewToken) {
  const model::TurnToken refused = world.take_turn("a").token;
  world.run(model::RefuseTurn{refused, "no"});
  world.run(raise("a", "x", "2"));
  EXPECT_TRUE(is_done(world.ask(resume("a"))));
  EXPECT_EQ(snapshot(world.ask(get("a")))->parked, "");
  const model::TurnItem again = world.take_turn("a");
  EXPECT_EQ(Story::raised_in(again.new_events), (Lines{"1", "2"}));
  // The worker that refused answers after all: it never saw the second event.
  EXPECT_NE(again.token, refused);
  world.run(model::CompleteTurn{refused, {}});
  EXPECT_EQ(world.stored("a").inbox.size(), 2U);
  world.run(model::CompleteTurn{again.token, {}});
  EXPECT_TRUE(world.stored("a").inbox.empty());
}

TEST_F(Refuse, IsNoAttemptHoweverOften) {
  for (model::Attempt i = 0; i < 3 * model::kAttemptsMax; ++i) {
    world.run(model::RefuseTurn{world.take_turn("a").token, "no"});
    world.run(resume("a"));
  }
  EXPECT_EQ(world.record("a").turn_attempts, 0U);
  world.turn("a", {}, completed());
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(Refuse, IsForgottenByARestart) {
  world.run(model::RefuseTurn{world.take_turn("a").token, "no"});
  world.crash();
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(Refuse, IsUndoneByARecoverUnderANewToken) {
  const model::TurnToken refused = world.take_turn("a").token;
  world.run(model::RefuseTurn{refused, "no"});
  world.run(model::Recover{key("a")});
  EXPECT_EQ(snapshot(world.ask(get("a")))->parked, "");
  EXPECT_NE(world.take_turn("a").token, refused);
}

TEST_F(Refuse, ParkedInstancesCanBeTerminated) {
  world.run(model::RefuseTurn{world.take_turn("a").token, "no"});
  EXPECT_TRUE(is_done(world.ask(terminate("a"))));
  EXPECT_EQ(snapshot(world.ask(get("a")))->parked, "");
}

// ---- continue-as-new ----------------------------------------------------------------------------

class ContinueAsNew : public CoreTest {
 protected:
  void SetUp() override {
    model::StartInstance command = start("a", "code", "0");
    command.started.version = "v1";
    command.started.tags = {{"t", "1"}};
    world.run(command);
  }
};

TEST_F(ContinueAsNew, BeginsAgainWithTheNewInputUnderALargerExecution) {
  const model::Execution before = world.record("a").execution;
  world.turn("a", {}, as_new("1"));
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_GT(world.record("a").execution, before);
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(turn.token.past_events, 0U);
  const auto& begun = std::get<model::ExecutionStarted>(turn.new_events[1].body);
  EXPECT_EQ(begun.input, "1");
  EXPECT_EQ(begun.version, "v1");
  EXPECT_EQ(begun.tags, (model::Tags{{"t", "1"}}));
}

TEST_F(ContinueAsNew, BeginsEveryTimeAtAnotherMomentEvenIfTheClockStands) {
  std::set<base::Timestamp> moments;
  for (int round = 0; round < 5; ++round) {
    const model::TurnItem turn = world.take_turn("a");
    ASSERT_TRUE(std::holds_alternative<model::ExecutionStarted>(turn.new_events[1].body));
    EXPECT_TRUE(moments.insert(turn.new_events[1].at).second) << "in round " << round;
    world.turn("a", {}, as_new("1"));
  }
}

TEST_F(ContinueAsNew, MayChangeVersionAndTags) {
  world.turn("a", {}, model::ContinuedAsNew{.input = "1", .version = "v2", .tags = model::Tags{}});
  const model::TurnItem turn = world.take_turn("a");
  const auto& begun = std::get<model::ExecutionStarted>(turn.new_events[1].body);
  EXPECT_EQ(begun.version, "v2");
  EXPECT_TRUE(begun.tags.empty());
  EXPECT_EQ(world.take_turn("a").version, "v2");
  EXPECT_EQ(world.record("a").version, "v2");
}

TEST_F(ContinueAsNew, CarriesEventsInFrontOfThoseThatWait) {
  world.run(raise("a", "e", "0"));
  world.turn("a");
  world.turn("a");
  world.run(suspend("a"));
  world.run(raise("a", "e", "1"));
  world.run(raise("a", "e", "2"));
  world.run(resume("a"));
  const model::TurnItem turn = world.take_turn("a");
  world.run(raise("a", "e", "3"));
  world.run(model::CompleteTurn{turn.token, {{}, as_new("1", {{"e", "1"}, {"e", "2"}}), {}}});
  world.run(raise("a", "e", "4"));
  EXPECT_EQ(Story::raised_in(world.take_turn("a").new_events), (Lines{"1", "2", "3"}));
  world.crash();
  EXPECT_EQ(Story::raised_in(world.take_turn("a").new_events), (Lines{"1", "2", "3", "4"}));
}

TEST_F(ContinueAsNew, LosesNoEventOverManyRounds) {
  Lines seen;
  int sent = 0;
  for (int round = 0; round < 30; ++round) {
    world.run(raise("a", "e", std::to_string(sent++)));
    if (round % 7 == 3) world.crash();
    const model::TurnItem turn = world.take_turn("a");
    world.run(raise("a", "e", std::to_string(sent++)));
    for (const std::string& payload : Story::raised_in(turn.new_events)) seen.push_back(payload);
    world.run(model::CompleteTurn{turn.token, {{}, as_new(), {}}});
  }
  for (const std::string& payload : Story::raised_in(world.take_turn("a").new_events)) {
    seen.push_back(payload);
  }
  Lines expected;
  for (int i = 0; i < sent; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(seen, expected);
}

TEST_F(ContinueAsNew, DropsTheOutcomesOfTheOldExecution) {
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(5)), child(2, "c")});
  world.run(raise("a", "x"));
  const model::ActivityToken late = world.activity_token("a", 0);
  const model::TurnItem turn = world.take_turn("a");
  world.advance(base::seconds(5));  // the timer fires while the turn runs
  world.run(model::CompleteTurn{turn.token, {{}, as_new(), {}}});
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "ExecutionStarted 'code'"}));
  EXPECT_FALSE(world.offers().contains(late));
  world.run(model::CompleteActivity{late, model::Payload("late")});
  world.turn("c", {}, completed());
  EXPECT_TRUE(world.stored("a").inbox.empty());
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(ContinueAsNew, TakesTimersOfTheOldExecutionAway) {
  world.turn("a", {timer(0, world.now + base::seconds(5))});
  world.run(raise("a", "x"));
  world.turn("a", {}, as_new());
  EXPECT_TRUE(world.shard_for(key("a")).timers.all().empty());
  world.turn("a", {timer(0, world.now + base::seconds(7))});
  world.advance(base::seconds(6));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.advance(base::seconds(1));
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(ContinueAsNew, LeavesNoHistoryBehind) {
  for (int i = 0; i < 5; ++i) {
    world.turn("a", {activity(0)});
    world.done("a", 0);
    world.turn("a", {}, as_new());
  }
  EXPECT_EQ(world.garbage().size(), 5U);
  world.crash();
  EXPECT_EQ(world.garbage().size(), 5U);
  world.collect_garbage();
  EXPECT_TRUE(world.rows().of(model::Space::kHistory).empty());
}

TEST_F(ContinueAsNew, DoesInTheSameTurnWhatOutlivesTheExecution) {
  world.turn("a", {child(0, "c")});
  world.turn("c");
  world.run(start("b"));
  world.turn("b");
  world.run(raise("a", "x"));
  world.turn("a", {cancel(1, 0), child(2, "d"), activity(3), send_event(4, "b", "hi", "1")},
             as_new());
  EXPECT_EQ(world.status("c"), "TERMINATED");
  EXPECT_EQ(world.status("d"), "PENDING");
  EXPECT_EQ(Story::raised_in(world.take_turn("b").new_events), Lines{"1"});
  EXPECT_TRUE(world.offers().activities.empty());
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(ContinueAsNew, KeepsSuspendsAndResumesThatWait) {
  const model::TurnItem turn = world.take_turn("a");
  world.run(suspend("a"));
  world.run(model::CompleteTurn{turn.token, {{}, as_new("1"), {}}});
  EXPECT_EQ(world.status("a"), "SUSPENDED");
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.run(resume("a"));
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_EQ(
      Story::describe_all(world.take_turn("a").new_events),
      (Lines{"TurnStarted", "ExecutionStarted 'code'", "ExecutionSuspended", "ExecutionResumed"}));
}

TEST_F(ContinueAsNew, WhileTheClockIsBeforeTheEpochStillCounts) {
  world.now = base::Timestamp{-5};
  const model::Execution before = world.record("a").execution;
  world.turn("a", {}, as_new());
  EXPECT_EQ(world.record("a").execution.value, before.value + 1);
}

TEST_F(ContinueAsNew, OfAChildKeepsItsParent) {
  world.turn("a", {child(0, "c")});
  world.turn("c", {}, as_new());
  world.turn("c", {}, completed("done"));
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(std::get<model::ChildCompleted>(turn.new_events[1].body).result, "done");
}

}  // namespace
}  // namespace perdure::core::testing

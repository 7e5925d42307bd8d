// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// RaiseEvent, TerminateInstance, SuspendInstance, ResumeInstance, PurgeInstance.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;
using Lines = std::vector<std::string>;

class Raise : public CoreTest {};

TEST_F(Raise, ReachesTheCodeInTheOrderAccepted) {
  world.run(start("a"));
  world.turn("a");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(is_done(world.ask(raise("a", "e", std::to_string(i)))));
  world.crash();
  EXPECT_EQ(Story::raised_in(world.take_turn("a").new_events), (Lines{"0", "1", "2", "3", "4"}));
}

TEST_F(Raise, BeforeTheFirstTurnIsThereInIt) {
  world.run(start("a"));
  world.run(raise("a", "e", "1"));
  world.crash();
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "ExecutionStarted 'code'", "EventRaised 'e'"}));
}

TEST_F(Raise, IsRefusedWithoutALiveInstance) {
  EXPECT_EQ(error_of(world.ask(raise("a", "e"))), ErrorCode::kNotFound);
  world.run(start("a"));
  world.turn("a", {}, completed());
  EXPECT_EQ(error_of(world.ask(raise("a", "e"))), ErrorCode::kFailedPrecondition);
  world.run(purge("a"));
  EXPECT_EQ(error_of(world.ask(raise("a", "e"))), ErrorCode::kNotFound);
}

TEST_F(Raise, WithABadNameOrPayloadIsRefusedAtTheEntry) {
  world.run(start("a"));
  const RowMap before = world.rows();
  EXPECT_EQ(error_of(world.ask(raise("a", ""))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(world.ask(raise("a", "e", std::string(model::kPayloadBytesMax + 1, 'x')))),
            ErrorCode::kPayloadTooLarge);
  EXPECT_EQ(error_of(world.ask(raise("@a@b", "e"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.rows(), before);
}

// ---- suspend and resume -------------------------------------------------------------------------

class Suspend : public CoreTest {
 protected:
  void SetUp() override {
    world.run(start("a"));
    world.turn("a");
  }
};

TEST_F(Suspend, HoldsTurnsBackWhileMessagesGather) {
  EXPECT_TRUE(is_done(world.ask(suspend("a"))));
  EXPECT_EQ(world.status("a"), "SUSPENDED");
  world.run(raise("a", "e", "1"));
  world.run(raise("a", "e", "2"));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.crash();
  world.evict(0);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_TRUE(is_done(world.ask(resume("a"))));
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "ExecutionSuspended", "EventRaised 'e'", "EventRaised 'e'",
                   "ExecutionResumed"}));
}

TEST_F(Suspend, LetsTheTurnInFlightFinish) {
  world.run(raise("a", "e"));
  const model::TurnItem turn = world.take_turn("a");
  world.run(suspend("a"));
  world.run(model::CompleteTurn{turn.token, {{activity(0)}, model::Waiting{}, {}}});
  EXPECT_EQ(world.status("a"), "SUSPENDED");
  EXPECT_EQ(world.count("a", "ActivityScheduled"), 1U);
  EXPECT_NE(world.offered_activity("a", 0), nullptr);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
}

TEST_F(Suspend, LetsTheTurnInFlightEnd) {
  world.run(raise("a", "e"));
  const model::TurnItem turn = world.take_turn("a");
  world.run(suspend("a"));
  world.run(model::CompleteTurn{turn.token, {{}, completed("out"), {}}});
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(Suspend, TwiceIsOnce) {
  world.run(suspend("a"));
  EXPECT_TRUE(is_done(world.ask(suspend("a"))));
  world.run(resume("a"));
  EXPECT_TRUE(is_done(world.ask(resume("a"))));
  world.turn("a");
  EXPECT_EQ(world.count("a", "ExecutionSuspended"), 1U);
  EXPECT_EQ(world.count("a", "ExecutionResumed"), 1U);
}

TEST_F(Suspend, BeforeTheFirstTurnReturnsToPending) {
  world.run(start("b"));
  const model::TurnToken token = world.take_turn("b").token;
  world.run(model::ReturnWork{token});
  world.run(suspend("b"));
  EXPECT_EQ(world.status("b"), "SUSPENDED");
  world.run(resume("b"));
  EXPECT_EQ(world.status("b"), "PENDING");
  world.turn("b");
  EXPECT_EQ(world.status("b"), "RUNNING");
}

TEST_F(Suspend, OfAPendingOneWhoseFirstTurnCommitsReturnsToRunning) {
  world.run(start("b"));
  const model::TurnToken token = world.take_turn("b").token;
  world.run(suspend("b"));
  world.run(model::CompleteTurn{token, {}});
  world.run(resume("b"));
  EXPECT_EQ(world.status("b"), "RUNNING");
}

TEST_F(Suspend, EndsTheWaitForAStart) {
  world.run(start("b"));
  model::AwaitInstance command = await("b", model::Until::kStarted);
  command.request = model::RequestId{77};
  world.run(command);
  EXPECT_FALSE(world.replies().contains(command.request));
  world.run(suspend("b"));
  EXPECT_TRUE(world.replies().contains(command.request));
}

TEST_F(Suspend, AndTerminateNeedNoWorker) {
  world.run(suspend("a"));
  EXPECT_TRUE(is_done(world.ask(terminate("a", "enough"))));
  EXPECT_EQ(world.status("a"), "TERMINATED");
}

TEST_F(Suspend, IsRefusedWithoutALiveInstance) {
  world.run(terminate("a"));
  EXPECT_EQ(error_of(world.ask(suspend("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(resume("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(suspend("x"))), ErrorCode::kNotFound);
  EXPECT_EQ(error_of(world.ask(resume("x"))), ErrorCode::kNotFound);
}

// ---- terminate ----------------------------------------------------------------------------------

class Terminate : public CoreTest {
 protected:
  Terminate() : CoreTest({.shard_count = 3}) {}

  /// a -> b -> c, all running.
  void grow() {
    world.run(start("a"));
    world.turn("a", {child(0, "b")});
    world.turn("b", {child(0, "c")});
    world.turn("c");
  }
};

TEST_F(Terminate, EndsAnInstanceWithReasonAndOutput) {
  world.run(start("a"));
  world.turn("a", {timer(0, world.now + base::seconds(5))});
  world.run(raise("a", "seen by nobody"));
  model::TerminateInstance command = terminate("a", "enough");
  command.output = "bye";
  EXPECT_TRUE(is_done(world.ask(command)));
  EXPECT_EQ(world.status("a"), "TERMINATED");
  EXPECT_EQ(world.record("a").output, "bye");
  EXPECT_EQ(world.record("a").failure->message, "enough");
  EXPECT_EQ(world.history("a"),
            (Lines{"TurnStarted", "ExecutionStarted 'code'", "TimerCreated #0",
                   "EventRaised 'seen by nobody'", "ExecutionTerminated", "ExecutionCompleted"}));
  EXPECT_TRUE(world.shard_for(key("a")).timers.all().empty());
}

TEST_F(Terminate, BeforeTheFirstTurnKeepsItsBeginning) {
  world.run(start("a"));
  world.run(terminate("a"));
  EXPECT_EQ(world.history("a"),
            (Lines{"ExecutionStarted 'code'", "ExecutionTerminated", "ExecutionCompleted"}));
}

TEST_F(Terminate, WithdrawsTheTurnInFlightAndDropsItsAnswer) {
  world.run(start("a"));
  const model::TurnToken token = world.take_turn("a").token;
  world.run(terminate("a"));
  EXPECT_EQ(world.withdrawn(), (std::vector<model::WorkToken>{token}));
  world.run(model::CompleteTurn{token, {{activity(0)}, completed(), {}}});
  EXPECT_EQ(world.status("a"), "TERMINATED");
  EXPECT_TRUE(world.offers().activities.empty());
}

TEST_F(Terminate, LeavesChildrenAloneUnlessRecursive) {
  grow();
  world.run(terminate("a"));
  EXPECT_EQ(world.status("b"), "RUNNING");
  EXPECT_EQ(world.status("c"), "RUNNING");
}

TEST_F(Terminate, ReachesEveryDescendantIfRecursive) {
  grow();
  world.run(terminate_tree("a"));
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(world.status(id), "TERMINATED");
}

TEST_F(Terminate, ReachesTheChildrenThatAnEndedParentLeft) {
  grow();
  world.run(terminate("b"));
  world.turn("a", {}, completed());
  EXPECT_EQ(world.status("c"), "RUNNING");
  EXPECT_TRUE(is_done(world.ask(terminate_tree("b"))));
  EXPECT_EQ(world.status("c"), "TERMINATED");
}

TEST_F(Terminate, ReachesGrandchildrenThroughAnEndedChild) {
  world.run(start("a"));
  world.turn("a", {child(0, "b")}, completed());
  world.turn("b", {child(0, "c")});
  world.turn("c");
  world.run(terminate_tree("a"));
  EXPECT_EQ(world.status("b"), "TERMINATED");
  EXPECT_EQ(world.status("c"), "TERMINATED");
}

TEST_F(Terminate, AfterACrashInTheMiddleStillReachesEveryDescendant) {
  grow();
  world.messages = Messages::kManual;
  world.run(terminate_tree("a"));
  world.crash();
  EXPECT_EQ(world.status("b"), "RUNNING");
  world.deliver_all();
  world.crash();
  world.deliver_all();
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(world.status(id), "TERMINATED");
}

TEST_F(Terminate, IsRefusedForAnEndedOrUnknownInstance) {
  world.run(start("a"));
  world.turn("a", {}, completed());
  EXPECT_EQ(error_of(world.ask(terminate("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(terminate_tree("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(terminate("x"))), ErrorCode::kNotFound);
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

// ---- purge --------------------------------------------------------------------------------------

class Purge : public CoreTest {
 protected:
  void end_one(const std::string& id = "a") {
    world.run(start(id, "code", "in"));
    world.turn(id, {activity(0), timer(1, world.now + base::seconds(5))});
    world.done(id, 0);
    world.turn(id, {}, completed());
  }
};

TEST_F(Purge, IsOnlyForEndedInstances) {
  world.run(start("a"));
  EXPECT_EQ(error_of(world.ask(purge("a"))), ErrorCode::kFailedPrecondition);
  world.turn("a");
  EXPECT_EQ(error_of(world.ask(purge("a"))), ErrorCode::kFailedPrecondition);
  world.run(suspend("a"));
  EXPECT_EQ(error_of(world.ask(purge("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(purge("x"))), ErrorCode::kNotFound);
}

TEST_F(Purge, LeavesATombstoneThatClientsCannotSee) {
  end_one();
  const model::Execution execution = world.record("a").execution;
  EXPECT_TRUE(is_done(world.ask(purge("a"))));
  EXPECT_EQ(world.status("a"), "PURGED");
  EXPECT_EQ(world.record("a").execution, execution);
  EXPECT_EQ(world.record("a").name, "");
  for (const ErrorCode code :
       {*error_of(world.ask(get("a"))), *error_of(world.ask(await("a"))),
        *error_of(world.ask(purge("a"))), *error_of(world.ask(rewind("a"))),
        *error_of(world.ask(restart("a"))), *error_of(world.ask(suspend("a"))),
        *error_of(world.ask(resume("a"))), *error_of(world.ask(terminate("a")))}) {
    EXPECT_EQ(code, ErrorCode::kNotFound);
  }
}

TEST_F(Purge, LeavesNothingWhenItsTimeHasCome) {
  end_one();
  world.run(purge("a"));
  world.collect_garbage();
  EXPECT_TRUE(world.rows().of(model::Space::kHistory).empty());
  world.crash();
  world.advance(model::kTombstoneRetention);
  EXPECT_FALSE(world.exists("a"));
  EXPECT_EQ(world.rows_about("a"), 0U);
}

TEST_F(Purge, IsForgottenInMemoryToo) {
  end_one();
  world.run(purge("a"));
  world.advance(model::kTombstoneRetention);
  world.run(start("a"));
  const std::uint64_t with_memory = world.record("a").execution.value;
  EXPECT_EQ(with_memory, static_cast<std::uint64_t>(world.now.us));
}

TEST_F(Purge, ThenStartGetsALargerExecutionBeforeAndAfterTheTombstone) {
  end_one();
  const model::Execution first = world.record("a").execution;
  world.run(purge("a"));
  world.run(start("a"));
  const model::Execution second = world.record("a").execution;
  EXPECT_GT(second, first);
  EXPECT_TRUE(world.shard_for(key("a")).timers.all().empty());
  world.run(terminate("a"));
  world.run(purge("a"));
  world.advance(model::kTombstoneRetention);
  world.crash();
  world.run(start("a"));
  EXPECT_GT(world.record("a").execution, second);
}

TEST_F(Purge, KeepsTheTombstoneUntilTheClockPassedItsExecution) {
  // The clock was an hour ahead when the instance began, and was then put right.
  world.now = world.now + base::seconds(3600);
  end_one();
  const model::Execution first = world.record("a").execution;
  world.now = world.now + base::seconds(-3600);
  world.run(purge("a"));
  world.advance(model::kTombstoneRetention);
  world.crash();
  world.run(start("a"));
  EXPECT_GT(world.record("a").execution, first);
}

TEST_F(Purge, AtTheEndOfTimeKeepsTheTombstone) {
  world.now = base::kEndOfTime;
  end_one();
  world.run(purge("a"));
  world.fire_due();
  EXPECT_EQ(world.status("a"), "PURGED");
}

TEST_F(Purge, DropsLateMessages) {
  end_one("late");
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.run(start("s"));
  world.messages = Messages::kManual;
  world.turn("s", {send_event(0, "late", "e")}, completed());
  world.run(purge("late"));
  world.deliver_all();
  EXPECT_EQ(world.status("late"), "PURGED");
  EXPECT_TRUE(world.stored("late").inbox.empty());
  // And the end of a child whose parent is purged.
  world.run(terminate("p"));
  world.run(purge("p"));
  world.turn("c", {}, completed());
  world.deliver_all();
  EXPECT_EQ(world.status("p"), "PURGED");
  EXPECT_TRUE(world.stored("p").inbox.empty());
}

TEST_F(Purge, DropsLateAnswers) {
  world.run(start("a"));
  world.turn("a", {activity(0)});
  const model::ActivityToken late = world.activity_token("a", 0);
  world.run(terminate("a"));
  world.run(purge("a"));
  world.run(model::CompleteActivity{late, model::Payload("x")});
  world.run(model::BeginAttempt{late});
  EXPECT_EQ(world.status("a"), "PURGED");
  world.run(start("a"));
  world.turn("a", {activity(0)});
  world.run(model::CompleteActivity{late, model::Payload("x")});
  EXPECT_EQ(world.count("a", "ActivityCompleted"), 0U);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
}

TEST_F(Purge, AndRebirthInOneBatchPromiseNoFreshHead) {
  // The tombstone is forgotten and the id is used again before anything was written: the old head
  // is still in the store.
  end_one();
  world.run(purge("a"));
  world.now = world.now + model::kTombstoneRetention;
  world.begin_group();
  world.fire_due();
  world.run(start("a"));
  world.end_group();
  EXPECT_EQ(world.status("a"), "PENDING");
}

}  // namespace
}  // namespace perdure::core::testing

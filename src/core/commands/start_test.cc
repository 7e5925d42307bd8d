// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// StartInstance and RestartInstance.
#include "core/testing/fixture.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;
using model::ReusePolicy;
using model::Status;
using ::testing::Test;

class Start : public CoreTest {
 protected:
  /// Brings instance "a" into a status.
  void bring_to(Status status) {
    world.run(start("a"));
    if (status == Status::kPending) return;
    if (status == Status::kCompleted) return world.turn("a", {}, completed("out"));
    if (status == Status::kFailed) return world.turn("a", {}, failed());
    world.turn("a");
    if (status == Status::kSuspended) world.run(suspend("a"));
    if (status == Status::kTerminated) world.run(terminate("a"));
  }

  static model::StartInstance replacing(Status status) {
    model::StartInstance command = start("a", "other");
    command.reuse.replaceable = model::kNoStatus.with(status);
    return command;
  }
};

constexpr Status kStatuses[] = {Status::kPending,   Status::kRunning, Status::kSuspended,
                                Status::kCompleted, Status::kFailed,  Status::kTerminated};

TEST_F(Start, CreatesAPendingInstanceAndOffersItsFirstTurn) {
  const model::ReplyBody reply = world.ask(start("a", "code", "in"));
  ASSERT_NE(started(reply), nullptr);
  EXPECT_TRUE(started(reply)->created);
  EXPECT_EQ(started(reply)->key, key("a"));
  EXPECT_EQ(started(reply)->execution, world.record("a").execution);
  EXPECT_EQ(world.status("a"), "PENDING");
  const model::TurnItem* item = world.offered_turn("a");
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->name, "code");
  EXPECT_EQ(item->token.past_events, 0U);
  EXPECT_FALSE(item->uncounted_redelivery);
  EXPECT_EQ(Story::describe_all(item->new_events),
            (std::vector<std::string>{"TurnStarted", "ExecutionStarted 'code'"}));
  EXPECT_EQ(std::get<model::ExecutionStarted>(item->new_events[1].body).input, "in");
}

TEST_F(Start, IsRefusedForATakenIdInEveryStatus) {
  for (const Status status : kStatuses) {
    Story other;
    std::swap(world, other);
    bring_to(status);
    const model::InstanceRecord before = world.record("a");
    EXPECT_EQ(error_of(world.ask(start("a", "other"))), ErrorCode::kAlreadyExists);
    EXPECT_EQ(world.record("a"), before);
    EXPECT_EQ(world.broken(), Broken{});
  }
}

TEST_F(Start, AnswersWithTheExistingOneIfSoAsked) {
  for (const Status status : kStatuses) {
    Story other;
    std::swap(world, other);
    bring_to(status);
    const model::InstanceRecord before = world.record("a");
    model::StartInstance command = start("a", "other");
    command.reuse.otherwise = ReusePolicy::Otherwise::kIgnore;
    const model::ReplyBody reply = world.ask(command);
    ASSERT_NE(started(reply), nullptr);
    EXPECT_FALSE(started(reply)->created);
    EXPECT_EQ(started(reply)->execution, before.execution);
    EXPECT_EQ(world.record("a"), before);
    EXPECT_EQ(world.broken(), Broken{});
  }
}

TEST_F(Start, ReplacesAnInstanceInAStatusThatMayBeReplaced) {
  for (const Status status : kStatuses) {
    Story other;
    std::swap(world, other);
    bring_to(status);
    const model::Execution before = world.record("a").execution;
    const model::ReplyBody reply = world.ask(replacing(status));
    ASSERT_NE(started(reply), nullptr);
    EXPECT_TRUE(started(reply)->created);
    EXPECT_GT(started(reply)->execution, before);
    EXPECT_EQ(world.record("a").name, "other");
    EXPECT_EQ(world.status("a"), "PENDING");
    EXPECT_EQ(world.offers().turns.size(), 1U);
    EXPECT_EQ(world.offered_turn("a")->token.execution, started(reply)->execution);
    world.collect_garbage();
    world.check_all();
    EXPECT_EQ(world.broken(), Broken{});
  }
}

TEST_F(Start, ReplacesOnlyWhatThePolicyNames) {
  bring_to(Status::kRunning);
  EXPECT_EQ(error_of(world.ask(replacing(Status::kFailed))), ErrorCode::kAlreadyExists);
}

TEST_F(Start, WithAKnownIdempotencyKeyAnswersAsTheFirstTime) {
  model::StartInstance command = start("a");
  command.idempotency_key = "k1";
  const model::ReplyBody first = world.ask(command);
  command.reuse.replaceable = model::kEveryStatus;
  const model::ReplyBody second = world.ask(command);
  ASSERT_NE(started(second), nullptr);
  EXPECT_FALSE(started(second)->created);
  EXPECT_EQ(started(second)->execution, started(first)->execution);
  world.turn("a", {}, completed());
  EXPECT_FALSE(started(world.ask(command))->created);
  command.idempotency_key = "k2";
  EXPECT_TRUE(started(world.ask(command))->created);
}

TEST_F(Start, WithTheKeyOfARestartedInstanceDoesNotStartItOnceMore) {
  model::StartInstance command = start("a");
  command.idempotency_key = "k1";
  command.reuse.replaceable = model::kEveryStatus;
  world.run(command);
  world.turn("a", {}, completed());
  const model::ReplyBody again = world.ask(restart("a"));
  const model::ReplyBody late = world.ask(command);
  ASSERT_NE(started(late), nullptr);
  EXPECT_FALSE(started(late)->created);
  EXPECT_EQ(started(late)->execution, started(again)->execution);
}

TEST_F(Start, ThatIsScheduledWaitsForItsTime) {
  model::StartInstance command = start("a");
  command.started.scheduled_start = world.now + base::seconds(60);
  world.run(command);
  EXPECT_EQ(world.status("a"), "PENDING");
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.run(raise("a", "early", "1"));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.advance(base::seconds(59));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.crash();
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.advance(base::seconds(1));
  ASSERT_NE(world.offered_turn("a"), nullptr);
  EXPECT_EQ(
      Story::describe_all(world.offered_turn("a")->new_events),
      (std::vector<std::string>{"TurnStarted", "ExecutionStarted 'code'", "EventRaised 'early'"}));
}

TEST_F(Start, ThatIsScheduledIsNeverBehindItsTimeEvenIfTheClockGoesBack) {
  model::StartInstance command = start("a");
  const base::Timestamp time = world.now + base::seconds(60);
  command.started.scheduled_start = time;
  world.run(command);
  world.advance(base::seconds(60));
  world.now = world.now + base::seconds(-30);
  world.crash();
  const model::TurnItem* item = world.offered_turn("a");
  ASSERT_NE(item, nullptr);
  EXPECT_GE(item->new_events.front().at, time);
}

TEST_F(Start, ThatIsScheduledForThePastStartsNow) {
  model::StartInstance command = start("a");
  command.started.scheduled_start = base::Timestamp{0};
  world.run(command);
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(Start, ThatIsScheduledCanBeTerminatedAndSuspendedBefore) {
  for (const char* id : {"a", "b"}) {
    model::StartInstance command = start(id);
    command.started.scheduled_start = world.now + base::seconds(60);
    world.run(command);
  }
  world.run(terminate("a"));
  world.run(suspend("b"));
  world.advance(base::seconds(60));
  EXPECT_EQ(world.status("a"), "TERMINATED");
  EXPECT_EQ(world.offered_turn("b"), nullptr);
  world.run(resume("b"));
  EXPECT_NE(world.offered_turn("b"), nullptr);
  EXPECT_EQ(world.status("b"), "PENDING");
}

TEST_F(Start, OverALiveChildTellsItsParentThatItWasTerminated) {
  world.run(start("p"));
  world.turn("p", {child(0, "a")});
  world.turn("a");
  world.run(replacing(Status::kRunning));
  EXPECT_EQ(world.record("a").name, "other");
  EXPECT_FALSE(world.record("a").parent);
  const model::TurnItem* turn = world.offered_turn("p");
  ASSERT_NE(turn, nullptr);
  const auto* told = std::get_if<model::ChildFailed>(&turn->new_events.back().body);
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->failure.type, model::kFailureTerminated);
}

TEST_F(Start, OverALiveParentTerminatesItsChildren) {
  world.run(start("a"));
  world.turn("a", {child(0, "c")});
  world.turn("c");
  world.run(replacing(Status::kRunning));
  EXPECT_EQ(world.status("c"), "TERMINATED");
  EXPECT_EQ(world.status("a"), "PENDING");
}

TEST_F(Start, AfterTheClockWentBackStillGetsALargerExecution) {
  bring_to(Status::kCompleted);
  const model::Execution before = world.record("a").execution;
  for (const std::int64_t us : {1L, 0L, -5L, INT64_MIN}) {
    world.now = base::Timestamp{us};
    EXPECT_GT(started(world.ask(replacing(world.record("a").status)))->execution, before);
    EXPECT_LT(world.record("a").execution.value, before.value + 10);
  }
}

TEST_F(Start, KeepsWhatItWasGiven) {
  model::StartInstance command = start("a", "code", "in");
  command.started.version = "v2";
  command.started.tags = {{"tenant", "7"}};
  command.started.trace_parent = "00-trace";
  world.run(command);
  const model::InstanceRecord record = world.record("a");
  EXPECT_EQ(record.version, "v2");
  EXPECT_EQ(record.tags, command.started.tags);
  EXPECT_EQ(record.trace_parent, "00-trace");
  EXPECT_EQ(record.created, world.now);
  EXPECT_FALSE(record.parent);
}

class Restart : public CoreTest {};

TEST_F(Restart, BeginsAgainWithTheSameNameVersionInputAndTags) {
  model::StartInstance command = start("a", "code", "in");
  command.started.version = "v2";
  command.started.tags = {{"tenant", "7"}};
  world.run(command);
  world.turn("a", {activity(0)});
  world.done("a", 0);
  world.turn("a", {}, failed());
  const model::Execution before = world.record("a").execution;
  const model::ReplyBody reply = world.ask(restart("a"));
  ASSERT_NE(started(reply), nullptr);
  EXPECT_GT(started(reply)->execution, before);
  EXPECT_EQ(world.status("a"), "PENDING");
  EXPECT_EQ(world.record("a").history_events, 0U);
  EXPECT_FALSE(world.record("a").failure);
  const model::TurnItem* turn = world.offered_turn("a");
  ASSERT_NE(turn, nullptr);
  const auto& begun = std::get<model::ExecutionStarted>(turn->new_events[1].body);
  EXPECT_EQ(begun.input, "in");
  EXPECT_EQ(begun.version, "v2");
  EXPECT_EQ(begun.tags, command.started.tags);
  world.collect_garbage();
  EXPECT_EQ(world.rows().of(model::Space::kHistory).size(), 0U);
}

TEST_F(Restart, IsRefusedWhileTheInstanceLives) {
  world.run(start("a"));
  EXPECT_EQ(error_of(world.ask(restart("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error_of(world.ask(restart("b"))), ErrorCode::kNotFound);
}

TEST_F(Restart, FindsTheInputOfAnInstanceThatWasTerminatedBeforeItsFirstTurn) {
  world.run(start("a", "code", "in"));
  world.run(terminate("a"));
  world.crash();
  world.run(restart("a"));
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(std::get<model::ExecutionStarted>(turn.new_events[1].body).input, "in");
}

TEST_F(Restart, OfAChildLeavesTheParentAlone) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.turn("c", {}, completed("1"));
  world.turn("p");
  world.run(restart("c"));
  world.turn("c", {}, completed("2"));
  EXPECT_EQ(world.offered_turn("p"), nullptr);
  EXPECT_EQ(world.count("p", "ChildCompleted"), 1U);
}

}  // namespace
}  // namespace perdure::core::testing

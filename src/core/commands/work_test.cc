// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CompleteActivity, BeginAttempt, ReturnWork and FireTimer.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using Lines = std::vector<std::string>;

class Activity : public CoreTest {
 protected:
  void SetUp() override {
    world.run(start("a"));
    world.turn("a", {activity(0, "charge", "in")});
  }
};

TEST_F(Activity, IsOfferedWithItsInputWhenTheTurnIsDurable) {
  const model::ActivityItem* item = world.offered_activity("a", 0);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->name, "charge");
  EXPECT_EQ(std::get<model::Payload>(item->input), "in");
  EXPECT_EQ(item->token.attempt, 1U);
  EXPECT_FALSE(item->uncounted_redelivery);
}

TEST_F(Activity, GivesItsResultToTheNextTurn) {
  world.done("a", 0, "42");
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(std::get<model::ActivityCompleted>(turn.new_events[1].body).result, "42");
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(Activity, GivesItsFailureToTheNextTurnCutToTheLimit) {
  world.fails("a", 0, std::string(model::kFailureBytesMax * 3, 'x'));
  const model::TurnItem turn = world.take_turn("a");
  const auto& failed = std::get<model::ActivityFailed>(turn.new_events[1].body);
  EXPECT_LE(failed.failure.message.size(), model::kFailureBytesMax);
  EXPECT_GT(failed.failure.message.size(), model::kFailureBytesMax / 4);
}

TEST_F(Activity, WithAResultBeyondTheLimitFails) {
  world.done("a", 0, std::string(model::kPayloadBytesMax + 1, 'x'));
  const model::TurnItem turn = world.take_turn("a");
  const auto* failed = std::get_if<model::ActivityFailed>(&turn.new_events[1].body);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->failure.type, model::kFailureLimit);
  EXPECT_FALSE(failed->failure.retriable);
}

TEST_F(Activity, WithAResultAtTheLimitCompletes) {
  world.done("a", 0, std::string(model::kPayloadBytesMax, 'x'));
  EXPECT_EQ(Story::describe_all(world.take_turn("a").new_events),
            (Lines{"TurnStarted", "ActivityCompleted #0"}));
}

TEST_F(Activity, HasOneOutcomeHoweverOftenItIsAnswered) {
  const model::ActivityToken token = world.activity_token("a", 0);
  world.done("a", 0, "1");
  world.run(model::CompleteActivity{token, model::Payload("2")});
  world.run(model::CompleteActivity{token, failure("3")});
  world.turn("a");
  world.run(model::CompleteActivity{token, model::Payload("4")});
  EXPECT_EQ(world.count("a", "ActivityCompleted"), 1U);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
}

TEST_F(Activity, UnderAnotherTokenIsRefused) {
  const model::ActivityToken token = world.activity_token("a", 0);
  for (const auto& change : std::vector<std::function<void(model::ActivityToken&)>>{
           [](auto& t) { ++t.attempt; }, [](auto& t) { t.attempt = 0; },
           [](auto& t) { ++t.execution.value; }, [](auto& t) { t.execution.value = 0; },
           [](auto& t) { t.task = {7}; }, [](auto& t) { t.task = {-1}; },
           [](auto& t) { t.key = key("unknown"); }}) {
    model::ActivityToken wrong = token;
    change(wrong);
    world.run(model::CompleteActivity{wrong, model::Payload("x")});
    world.run(model::BeginAttempt{wrong});
    world.run(model::ReturnWork{wrong});
  }
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_EQ(world.stored("a").pending.at({0}).attempts, 0U);
}

TEST_F(Activity, OfAnEndedInstanceIsWithdrawnAndItsAnswerDropped) {
  const model::ActivityToken token = world.activity_token("a", 0);
  world.run(terminate("a"));
  EXPECT_EQ(world.withdrawn(), (std::vector<model::WorkToken>{token}));
  world.run(model::CompleteActivity{token, model::Payload("late")});
  EXPECT_EQ(world.history("a").back(), "ExecutionCompleted");
}

TEST_F(Activity, IsNotAnsweredByATokenOfATimer) {
  world.done("a", 0);
  world.turn("a", {timer(1, world.now + base::seconds(5))});
  world.run(model::CompleteActivity{
      {.key = key("a"), .execution = world.record("a").execution, .task = {1}, .attempt = 1},
      model::Payload("x")});
  EXPECT_EQ(world.stored("a").pending.size(), 1U);
}

// ---- attempts -----------------------------------------------------------------------------------

TEST_F(Activity, ThatComesBackUntouchedIsNotCounted) {
  const model::ActivityToken first = world.activity_token("a", 0);
  world.run(model::ReturnWork{first, /*untouched=*/true});
  EXPECT_FALSE(world.offered_activity("a", 0)->uncounted_redelivery);
  EXPECT_EQ(world.offered_activity("a", 0)->token, first);
  world.done("a", 0);
  EXPECT_EQ(world.stored("a").pending.size(), 0U);
}

TEST_F(Activity, ThatComesBackIsOfferedAgainByReferenceAndCountedDurably) {
  const model::ActivityToken first = world.activity_token("a", 0);
  world.run(model::ReturnWork{first});
  const model::ActivityItem again = *world.offered_activity("a", 0);
  EXPECT_EQ(again.token, first);
  EXPECT_TRUE(again.uncounted_redelivery);
  EXPECT_TRUE(std::holds_alternative<model::EventReference>(again.input));
  world.run(model::BeginAttempt{first});
  EXPECT_EQ(world.stored("a").pending.at({0}).attempts, 1U);
  const model::ActivityItem second = *world.offered_activity("a", 0);
  EXPECT_EQ(second.token.attempt, 2U);
  EXPECT_FALSE(second.uncounted_redelivery);
  const auto reference = std::get<model::EventReference>(second.input);
  const std::vector<model::Event> events = history_in(world.rows(), key("a"));
  const model::Event& scheduled = events[reference.chunk + reference.index];
  EXPECT_EQ(std::get<model::ActivityScheduled>(scheduled.body).input, "in");
  // The first worker is only slow, and answers now.
  world.run(model::CompleteActivity{first, model::Payload("late")});
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.done("a", 0, "2");
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(Activity, ThatKillsEveryWorkerFailsAfterExactlySoManyAttempts) {
  world.run(start("b"));
  world.turn("b", {activity(0)});
  std::size_t handed_out = 1;
  for (;;) {
    world.crash();
    const model::ActivityItem item = *world.offered_activity("a", 0);
    EXPECT_TRUE(item.uncounted_redelivery);
    world.run(model::BeginAttempt{item.token});
    if (world.offered_activity("a", 0) == nullptr) break;
    ++handed_out;
  }
  EXPECT_EQ(handed_out, model::kAttemptsMax);
  const model::TurnItem turn = world.take_turn("a");
  const auto& failed = std::get<model::ActivityFailed>(turn.new_events[1].body);
  EXPECT_EQ(failed.failure.type, model::kFailurePoisoned);
  EXPECT_FALSE(failed.failure.retriable);
  EXPECT_NE(failed.failure.message.find("'work'") == std::string::npos,
            failed.failure.message.find("'charge'") == std::string::npos);
  // The neighbour was not handed out again, and is not counted.
  EXPECT_EQ(world.stored("b").pending.at({0}).attempts, 0U);
}

TEST_F(Activity, IsOfferedAfterARestartExactlyIfItWasPending) {
  world.run(start("b"));
  world.turn("b", {activity(0), activity(1)});
  world.done("b", 1);
  world.crash();
  EXPECT_NE(world.offered_activity("a", 0), nullptr);
  EXPECT_NE(world.offered_activity("b", 0), nullptr);
  EXPECT_EQ(world.offered_activity("b", 1), nullptr);
}

TEST_F(Activity, BeginsALaterAttemptWithWhatTheLastOneReported) {
  const model::ActivityItem first = *world.offered_activity("a", 0);
  EXPECT_EQ(first.progress, std::nullopt);
  world.run(model::ReportProgress{first.token, "1 of 3"});
  world.run(model::ReportProgress{first.token, "2 of 3"});
  world.run(model::ReportProgress{first.token, std::nullopt, base::seconds(1)});  // as before
  world.run(model::ReportProgress{first.token, std::string(model::kProgressBytesMax + 1, 'x')});
  EXPECT_EQ(world.stored("a").pending.at({0}).progress, "2 of 3");
  world.crash();
  EXPECT_EQ(world.offered_activity("a", 0)->progress, "2 of 3");
  world.run(model::BeginAttempt{world.offered_activity("a", 0)->token});
  const model::ActivityItem second = *world.offered_activity("a", 0);
  EXPECT_EQ(second.token.attempt, 2U);
  EXPECT_EQ(second.progress, "2 of 3");
  world.run(model::ReportProgress{first.token, "late"});
  EXPECT_EQ(world.stored("a").pending.at({0}).progress, "2 of 3");
  world.run(model::CompleteActivity{second.token, model::Payload("done")});
  world.run(model::ReportProgress{second.token, "later"});
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(Activity, OfASuspendedInstanceStillCompletes) {
  world.run(suspend("a"));
  world.crash();
  world.done("a", 0, "1");
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.run(resume("a"));
  EXPECT_EQ(
      Story::describe_all(world.take_turn("a").new_events),
      (Lines{"TurnStarted", "ExecutionSuspended", "ActivityCompleted #0", "ExecutionResumed"}));
}

class TurnAttempt : public CoreTest {
 protected:
  void SetUp() override {
    world.run(start("a"));
    world.turn("a");
    world.run(raise("a", "x", "1"));
  }
};

TEST_F(TurnAttempt, IsCountedBeforeTheTurnIsHandedOutAgain) {
  const model::TurnItem first = world.take_turn("a");
  world.run(model::ReturnWork{first.token});
  const model::TurnItem again = *world.offered_turn("a");
  EXPECT_TRUE(again.uncounted_redelivery);
  EXPECT_EQ(again.token, first.token);
  world.run(model::BeginAttempt{again.token});
  EXPECT_EQ(world.record("a").turn_attempts, 1U);
  EXPECT_EQ(world.offered_turn("a")->token.attempt, 2U);
  EXPECT_FALSE(world.offered_turn("a")->uncounted_redelivery);
  world.turn("a");
  EXPECT_EQ(world.record("a").turn_attempts, 0U);
}

TEST_F(TurnAttempt, IsNotCountedWhenTheWorkerGivesTheTurnBackUntouched) {
  const model::TurnItem first = world.take_turn("a");
  world.run(model::ReturnWork{first.token, /*untouched=*/true});
  const model::TurnItem again = *world.offered_turn("a");
  EXPECT_FALSE(again.uncounted_redelivery);
  EXPECT_EQ(again.token, first.token);
  world.turn("a");
  EXPECT_TRUE(world.stored("a").inbox.empty());
}

TEST_F(TurnAttempt, ASlowWorkersAnswerIsNotTakenForAnAnswerToNewerMessages) {
  const model::TurnItem first = world.take_turn("a");
  world.run(model::ReturnWork{first.token});
  world.run(raise("a", "x", "2"));
  world.run(model::ReturnWork{first.token});
  // The new offer has both events, under the same token; the slow worker has seen only one.
  EXPECT_EQ(Story::raised_in(world.offered_turn("a")->new_events), (Lines{"1", "2"}));
  world.run(model::CompleteTurn{first.token, {}});
  EXPECT_EQ(world.stored("a").inbox.size(), 2U);
  world.turn("a");
  EXPECT_TRUE(world.stored("a").inbox.empty());
}

TEST_F(TurnAttempt, OfATurnThatCameBackWhileSuspendedIsCounted) {
  const model::TurnItem first = world.take_turn("a");
  world.run(suspend("a"));
  world.run(model::ReturnWork{first.token});
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.run(resume("a"));
  EXPECT_TRUE(world.offered_turn("a")->uncounted_redelivery);
  world.run(model::CompleteTurn{first.token, {}});
  EXPECT_EQ(world.stored("a").inbox.size(), 3U);
}

TEST_F(TurnAttempt, IsCountedAfterARestartEvenIfAMessageComesBeforeTheRecovery) {
  // The process dies of the turn; then an event loads the instance before Recover does.
  WorldOptions options;
  Story other(options);
  std::swap(world, other);
  world.run(start("a"));
  Shard reborn(model::ShardId{0}, 1);
  const Rows rows =
      world.rows().with_prefix(model::Space::kInstance, model::instance_prefix(key("a")));
  Prefetched prefetched;
  const model::Command command = raise("a", "x");
  const std::vector<Read> missing = reads(reborn, command, prefetched);
  ASSERT_EQ(missing.size(), 1U);
  ASSERT_TRUE(supply(reborn, prefetched, missing[0], rows));
  std::vector<model::Effect> effects;
  apply(reborn, model::Command(command), prefetched, Facts{world.now}, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_TRUE(std::get<model::OfferTurn>(effects[0]).item.uncounted_redelivery);
}

TEST_F(TurnAttempt, FailsTheOrchestrationAfterSoManyDeadWorkers) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.turn("c");
  world.run(raise("c", "x", "1"));
  model::Attempt handed_out = 1;
  for (;;) {
    world.run(model::ReturnWork{world.offered_turn("c")->token});
    world.run(model::BeginAttempt{world.offered_turn("c")->token});
    if (world.offered_turn("c") == nullptr) break;
    ++handed_out;
  }
  EXPECT_EQ(handed_out, model::kAttemptsMax);
  EXPECT_EQ(world.status("c"), "FAILED");
  EXPECT_EQ(world.record("c").failure->type, model::kFailurePoisoned);
  EXPECT_EQ(world.history("c").back(), "ExecutionCompleted");
  EXPECT_EQ(world.count("c", "EventRaised"), 1U);
  EXPECT_EQ(world.status("a"), "RUNNING");
  // The parent hears of it.
  EXPECT_EQ(Story::describe_all(world.take_turn("p").new_events),
            (Lines{"TurnStarted", "ChildFailed #0"}));
}

TEST_F(TurnAttempt, OfAPoisonedOneCanBeTriedAgainByARewind) {
  for (model::Attempt i = 0; i < model::kAttemptsMax; ++i) {
    world.run(model::ReturnWork{world.offered_turn("a")->token});
    world.run(model::BeginAttempt{world.offered_turn("a")->token});
  }
  ASSERT_EQ(world.status("a"), "FAILED");
  world.run(rewind("a"));
  EXPECT_EQ(world.record("a").turn_attempts, 0U);
  EXPECT_EQ(world.offered_turn("a")->token.attempt, 1U);
  world.turn("a", {}, completed());
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(TurnAttempt, BeginsOnlyForTheTurnInFlight) {
  model::TurnToken token = world.take_turn("a").token;
  ++token.attempt;
  world.run(model::BeginAttempt{token});
  world.run(model::ReturnWork{token});
  EXPECT_EQ(world.record("a").turn_attempts, 0U);
}

// ---- timers -------------------------------------------------------------------------------------

class TimerTest : public CoreTest {
 protected:
  void arm(base::Timestamp fire_at) {
    world.run(start("a"));
    world.turn("a", {timer(0, fire_at)});
  }

  [[nodiscard]] model::FireTimer fire(base::Timestamp fire_at) const {
    return {key("a"), world.record("a").execution, {0}, fire_at};
  }
};

TEST_F(TimerTest, FiresAtItsTimeAndOnce) {
  const base::Timestamp at = world.now + base::seconds(10);
  arm(at);
  world.now = at + base::microseconds(-1);
  EXPECT_EQ(world.fire_due(), 0U);
  world.run(fire(at));
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  world.now = at;
  EXPECT_EQ(world.fire_due(), 1U);
  const model::TurnItem turn = world.take_turn("a");
  EXPECT_EQ(std::get<model::TimerFired>(turn.new_events[1].body).fire_at, at);
  world.run(fire(at));
  world.turn("a");
  world.run(fire(at));
  EXPECT_EQ(world.count("a", "TimerFired"), 1U);
  EXPECT_EQ(world.fire_due(), 0U);
}

TEST_F(TimerTest, InThePastFiresAtOnce) {
  arm({5});
  EXPECT_EQ(world.fire_due(), 1U);
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(TimerTest, WorksAtBothEndsOfTime) {
  world.run(start("a"));
  world.turn("a", {timer(0, {INT64_MIN}), timer(1, {INT64_MAX}), timer(2, {INT64_MAX - 1})});
  EXPECT_EQ(world.fire_due(), 1U);
  world.now = {INT64_MAX - 1};
  EXPECT_EQ(world.fire_due(), 1U);
  world.now = {INT64_MAX};
  EXPECT_EQ(world.fire_due(), 1U);
  EXPECT_EQ(world.stored("a").pending.size(), 0U);
}

TEST_F(TimerTest, IsNotEarlyWhenTheClockGoesBackAndForth) {
  const base::Timestamp at = world.now + base::seconds(10);
  arm(at);
  for (const std::int64_t seconds : {-3600, 5, -315'360'000, 9}) {
    world.now = base::Timestamp{1'000'000'000} + base::seconds(seconds);
    EXPECT_EQ(world.fire_due(), 0U);
  }
  world.now = at + base::seconds(315'360'000);
  EXPECT_EQ(world.fire_due(), 1U);
}

TEST_F(TimerTest, FiresAfterARestart) {
  arm(world.now + base::seconds(10));
  world.crash();
  world.evict(0);
  world.advance(base::seconds(10));
  EXPECT_NE(world.offered_turn("a"), nullptr);
}

TEST_F(TimerTest, ThatIsNoLongerArmedDoesNothing) {
  const base::Timestamp at = world.now + base::seconds(10);
  arm(at);
  const model::FireTimer command = fire(at);
  world.run(terminate("a"));
  world.now = at;
  world.run(command);
  EXPECT_EQ(world.fire_due(), 0U);
  model::FireTimer unknown = command;
  unknown.key = key("unknown");
  world.run(unknown);
  EXPECT_EQ(world.status("unknown"), "NONE");
}

TEST_F(TimerTest, OfAnotherExecutionDoesNothing) {
  const base::Timestamp at = world.now + base::seconds(10);
  arm(at);
  model::FireTimer command = fire(at);
  --command.execution.value;
  world.now = at;
  world.run(command);
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_EQ(world.fire_due(), 1U);
}

TEST_F(TimerTest, ManyAtOnceFireInOrderOfTheirTime) {
  world.run(start("a"));
  std::vector<model::Action> actions;
  for (int i = 0; i < 100; ++i) {
    actions.push_back(timer(i, world.now + base::seconds(1 + (i * 37) % 100)));
  }
  world.turn("a", std::move(actions));
  world.advance(base::seconds(1000));
  base::Timestamp last{0};
  std::size_t fired = 0;
  while (world.offered_turn("a") != nullptr) {
    for (const model::Event& event : world.take_turn("a").new_events) {
      const auto* one = std::get_if<model::TimerFired>(&event.body);
      if (one == nullptr) continue;
      EXPECT_GT(one->fire_at, last);
      last = one->fire_at;
      ++fired;
    }
    world.turn("a");
  }
  EXPECT_EQ(fired, 100U);
}

}  // namespace
}  // namespace perdure::core::testing

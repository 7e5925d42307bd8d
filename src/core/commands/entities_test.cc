// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations of entities: who sends them, how batches take and answer them, what clients see.
// Locks are in sections_test.cc.
#include <fmt/format.h>

#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;
using Lines = std::vector<std::string>;

const std::string kCounter = "@counter@1";
const std::string kOther = "@other@1";

class Entities : public CoreTest {
 protected:
  explicit Entities(WorldOptions options = {.shard_count = 3, .attempts_max = 3})
      : CoreTest(options) {}

  /// The answer comes later.
  model::RequestId call_later(const std::string& id, const std::string& operation,
                              model::Payload input = std::nullopt) {
    model::CallEntity command = call_entity(id, operation, std::move(input));
    command.request = model::RequestId{++calls_};
    world.run(command);
    return command.request;
  }

  /// "3", or "Error: no", or "-" while there is none.
  std::string answer(model::RequestId request) const {
    const model::ReplyBody body = world.answer_to(request);
    const auto* answered = outcome(body);
    if (answered == nullptr) return "-";
    const auto* failed = std::get_if<model::Failure>(&answered->outcome);
    if (failed != nullptr) return failed->type + ": " + failed->message;
    return std::get<model::Payload>(answered->outcome).value_or("nothing");
  }

  std::string seen(const std::string& id) {
    const model::ReplyBody body = world.ask(get_entity(id));
    return entity(body)->state.value_or("nothing");
  }

  model::Payload state_of(const std::string& id) const { return world.stored(id).state; }

  /// The last event of this instance's next turn.
  std::string told(const std::string& id) { return told_events(id).back(); }
  Lines told_events(const std::string& id) {
    return Story::describe_all(world.take_turn(id).new_events);
  }

  std::uint64_t calls_ = 5'000;
};

// ---- order and batches --------------------------------------------------------------------------

TEST_F(Entities, BeginToExistWithTheirFirstOperation) {
  EXPECT_FALSE(world.exists(kCounter));
  EXPECT_TRUE(is_done(world.ask(signal_entity(kCounter, "add", "1"))));
  EXPECT_EQ(world.record(kCounter).name, "@counter");
  const model::TurnItem item = world.take_turn(kCounter);
  EXPECT_EQ(item.name, "@counter");
  EXPECT_EQ(item.state, std::nullopt);
  EXPECT_EQ(Story::operations_in(item.new_events), Lines{"add 1"});
}

TEST_F(Entities, RunWhatCameInOrderAndOneBatchAtATime) {
  for (const char* input : {"1", "2", "3"}) world.run(signal_entity(kCounter, "add", input));
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 1"});
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kCounter), (Lines{"add 2", "add 3"}));
  EXPECT_EQ(world.offered_turn(kCounter)->state, "1");
  world.batch(kCounter, {"3", "6"}, "6");
  EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  EXPECT_EQ(state_of(kCounter), "6");
  EXPECT_EQ(world.record(kCounter).history_events, 2U);
}

TEST_F(Entities, AnswerACallWithItsOutcome) {
  const auto first = call_later(kCounter, "add", "1");
  EXPECT_EQ(answer(first), "-");
  world.batch(kCounter, {"one"}, "1");
  EXPECT_EQ(answer(first), "one");
}

TEST_F(Entities, FailOneOperationWithoutTheOthers) {
  world.run(signal_entity(kCounter, "set", "0"));
  const auto bad = call_later(kCounter, "add", "x");
  const auto good = call_later(kCounter, "add", "2");
  world.batch(kCounter, {std::nullopt}, "0");
  world.batch(kCounter, {failure("no number"), "2"}, "2");
  EXPECT_EQ(answer(bad), "Error: no number");
  EXPECT_EQ(answer(good), "2");
  EXPECT_EQ(state_of(kCounter), "2");
}

TEST_F(Entities, HandOutAgainWhatABatchDidNotReach) {
  world.run(signal_entity(kCounter, "a"));
  for (const char* input : {"1", "2", "3"}) world.run(signal_entity(kCounter, "add", input));
  world.batch(kCounter, {std::nullopt}, "0");
  const model::TurnToken before = world.take_turn(kCounter).token;
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kCounter), (Lines{"add 2", "add 3"}));
  EXPECT_NE(world.offered_turn(kCounter)->token, before);
  EXPECT_EQ(world.offered_turn(kCounter)->state, "1");
}

TEST_F(Entities, TakeSoManyOperationsIntoABatchAndNoMore) {
  world.begin_group();
  for (std::size_t i = 0; i < model::kOperationsPerBatchMax + 2; ++i) {
    world.run(signal_entity(kCounter, "add", "1"));
  }
  world.end_group();
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kCounter).size(), model::kOperationsPerBatchMax);
  model::Operated all;
  all.results.assign(model::kOperationsPerBatchMax, model::Payload("1"));
  world.turn(kCounter, {}, all);
  EXPECT_EQ(world.offered_operations(kCounter).size(), 1U);
}

TEST_F(Entities, TakeSoManyBytesIntoABatchAsOneCommitHolds) {
  const std::string large(model::kPayloadBytesMax, 'x');
  world.begin_group();
  for (int i = 0; i < 10; ++i) world.run(signal_entity(kCounter, "add", large));
  world.end_group();
  world.batch(kCounter, {"1"}, "1");
  const std::size_t taken = world.offered_operations(kCounter).size();
  EXPECT_EQ(taken, model::kTurnBytesMax / model::kPayloadBytesMax - 1);
  model::Operated all;
  all.results.assign(taken, model::Payload());
  world.turn(kCounter, {}, all);
  EXPECT_EQ(world.offered_operations(kCounter).size(), 9 - taken);
}

TEST_F(Entities, VanishWhenNothingIsLeftOfThem) {
  const auto last = call_later(kCounter, "delete");
  world.batch(kCounter, {"gone"}, std::nullopt);
  EXPECT_EQ(answer(last), "gone");
  EXPECT_FALSE(world.exists(kCounter));
  EXPECT_EQ(world.rows_about(kCounter), 0U);
  world.run(signal_entity(kCounter, "add", "1"));
  EXPECT_EQ(world.offered_turn(kCounter)->state, std::nullopt);
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(state_of(kCounter), "1");
}

TEST_F(Entities, StayWhileAnOperationWaitsForItsTime) {
  world.run(signal_entity(kCounter, "later", "1", world.now + base::seconds(60)));
  world.run(signal_entity(kCounter, "delete"));
  world.batch(kCounter, {std::nullopt}, std::nullopt);
  EXPECT_TRUE(world.exists(kCounter));
  world.advance(base::seconds(60));
  world.batch(kCounter, {std::nullopt}, std::nullopt);
  EXPECT_FALSE(world.exists(kCounter));
}

// ---- workers that die, refuse or answer nonsense ------------------------------------------------

TEST_F(Entities, CountTheDeathsOfWorkersAgainstOneOperationOnly) {
  world.run(signal_entity(kCounter, "add", "0"));
  const auto bad = call_later(kCounter, "crash");
  const auto good = call_later(kCounter, "add", "1");
  world.batch(kCounter, {std::nullopt}, "0");
  ASSERT_EQ(world.offered_operations(kCounter), (Lines{"crash -", "add 1"}));
  for (int death = 1; death < 3; ++death) {
    world.run(model::BeginAttempt{world.offered_turn(kCounter)->token});
    EXPECT_EQ(world.offered_operations(kCounter), Lines{"crash -"});
    EXPECT_EQ(answer(bad), "-");
  }
  world.run(model::BeginAttempt{world.offered_turn(kCounter)->token});
  EXPECT_EQ(answer(bad), std::string(model::kFailurePoisoned) +
                             ": an operation of entity '@counter@1' was handed out 3 times, and "
                             "each time its worker died or fell silent");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 1"});
  EXPECT_EQ(world.record(kCounter).turn_attempts, 0U);
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(answer(good), "1");
}

TEST_F(Entities, CountABatchThatMayHaveBeenHandedOutBeforeItIsHandedOutAgain) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.crash();
  ASSERT_TRUE(world.offered_turn(kCounter)->uncounted_redelivery);
  world.run(
      model::CompleteTurn{world.offered_turn(kCounter)->token, {{}, operated({"1"}, "1"), {}}});
  EXPECT_EQ(state_of(kCounter), std::nullopt);
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(state_of(kCounter), "1");
}

TEST_F(Entities, DropAnAnswerToABatchThatWasAnswered) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.run(signal_entity(kCounter, "add", "2"));
  const model::TurnToken old = world.take_turn(kCounter).token;
  world.batch(kCounter, {"1"}, "1");
  world.run(model::CompleteTurn{old, {{}, operated({"9"}, "9"), {}}});
  EXPECT_EQ(state_of(kCounter), "1");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 2"});
}

TEST_F(Entities, LoseStateAndOperationsWhenPurged) {
  world.run(signal_entity(kCounter, "set", "7"));
  world.batch(kCounter, {std::nullopt}, "7");
  const auto waiting = call_later(kCounter, "add", "1");
  const model::TurnToken batch = world.take_turn(kCounter).token;
  model::PurgeEntity purge{{}, key(kCounter)};
  EXPECT_TRUE(is_done(world.ask(purge)));
  EXPECT_TRUE(answer(waiting).starts_with(model::kFailurePurged)) << answer(waiting);
  EXPECT_FALSE(world.exists(kCounter));
  EXPECT_EQ(seen(kCounter), "nothing");
  world.run(model::CompleteTurn{batch, {{}, operated({"8"}, "8"), {}}});
  EXPECT_FALSE(world.exists(kCounter));
  EXPECT_EQ(std::get<base::Error>(world.ask(purge)).code, ErrorCode::kNotFound);
}

TEST_F(Entities, OfferABatchAgainThatWasGivenBack) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.run(model::ReturnWork{world.offered_turn(kCounter)->token});
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 1"});
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(state_of(kCounter), "1");
}

TEST_F(Entities, ParkWhenRefusedUntilANewWorkerComes) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.run(model::RefuseTurn{world.offered_turn(kCounter)->token, "unknown"});
  world.run(signal_entity(kCounter, "add", "2"));
  EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  world.run(model::Recover{key(kCounter)});
  EXPECT_EQ(world.offered_operations(kCounter), (Lines{"add 1", "add 2"}));
}

TEST_F(Entities, FailEveryOperationOfABatchThatIsNoBatch) {
  const std::vector<model::TurnResult> nonsense = {
      {{}, model::Waiting{}, {}},
      {{}, completed("x"), {}},
      {{}, as_new("x"), {}},
      {{}, operated({}, "x"), {}},
      {{}, operated({"1", "2", "3"}, "x"), {}},
      {{timer(0, {1})}, operated({"1", "2"}, "x"), {}},
      {{activity(0)}, operated({"1", "2"}, "x"), {}},
      {{lock(0, {kOther})}, operated({"1", "2"}, "x"), {}},
      {{call(0, kOther, "add")}, operated({"1", "2"}, "x"), {}}};
  world.run(signal_entity(kCounter, "set", "7"));
  world.batch(kCounter, {std::nullopt}, "7");
  for (const model::TurnResult& result : nonsense) {
    world.run(signal_entity(kCounter, "first"));
    const auto one = call_later(kCounter, "add", "1");
    const auto two = call_later(kCounter, "add", "2");
    world.batch(kCounter, {std::nullopt}, "7");
    world.run(model::CompleteTurn{world.take_turn(kCounter).token, result});
    EXPECT_TRUE(answer(one).starts_with(model::kFailureInvalidTurn)) << answer(one);
    EXPECT_TRUE(answer(two).starts_with(model::kFailureInvalidTurn)) << answer(two);
    EXPECT_EQ(state_of(kCounter), "7");
    EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  }
  EXPECT_FALSE(world.exists(kOther));
}

TEST_F(Entities, FailEveryOperationOfABatchWhoseWorkerSaysSo) {
  const auto one = call_later(kCounter, "add", "1");
  world.turn(kCounter, {signal(0, kOther, "add")}, failed("unknown entity"));
  EXPECT_EQ(answer(one), "Error: unknown entity");
  EXPECT_FALSE(world.exists(kCounter));
  EXPECT_FALSE(world.exists(kOther));
}

TEST_F(Entities, FailABatchThatIsLargerThanACommit) {
  const auto one = call_later(kCounter, "add", "1");
  world.batch(kCounter, {"1"}, std::string(model::kPayloadBytesMax + 1, 'x'));
  EXPECT_TRUE(answer(one).starts_with(model::kFailureLimit)) << answer(one);
  EXPECT_FALSE(world.exists(kCounter));
}

TEST_F(Entities, AreNoAnswerToATurn) {
  world.run(start("a"));
  world.turn("a", {}, operated({"1"}, "1"));
  ASSERT_EQ(world.status("a"), "FAILED");
  EXPECT_EQ(world.record("a").failure->type, model::kFailureInvalidTurn);
}

// ---- what operations decide ---------------------------------------------------------------------

TEST_F(Entities, TellTheOutcomeOfACallToAnOperationOfTheirOwn) {
  world.run(signal_entity(kCounter, "go"));
  world.batch(kCounter, {std::nullopt}, "0",
              {call(0, kOther, "get", "x", "good"), call(1, kOther, "get", "y", "bad")});
  world.batch(kOther, {"ok"}, "s");
  world.batch(kOther, {failure("no", "Broken")}, "s");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"good ok"});
  world.batch(kCounter, {std::nullopt}, "0");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"bad Broken"});
}

TEST_F(Entities, SignalOthersAndSendEvents) {
  world.run(start("a"));
  world.turn("a");
  world.run(signal_entity(kCounter, "go"));
  world.batch(kCounter, {std::nullopt}, "0",
              {signal(0, kOther, "add", "1"), send_event(1, "a", "told", "2"),
               signal(2, kOther, "add", "3", world.now + base::seconds(60))});
  EXPECT_EQ(world.offered_operations(kOther), Lines{"add 1"});
  EXPECT_EQ(told("a"), "EventRaised 'told'");
  world.batch(kOther, {std::nullopt}, "1");
  EXPECT_EQ(world.offered_turn(kOther), nullptr);
  world.advance(base::seconds(60));
  EXPECT_EQ(world.offered_operations(kOther), Lines{"add 3"});
}

TEST_F(Entities, StartOrchestrationsThatHaveNoParent) {
  world.run(signal_entity(kCounter, "go"));
  const std::uint64_t execution = world.record(kCounter).execution.value;
  world.batch(kCounter, {std::nullopt}, "0", {child(0, "named"), child(1)});
  EXPECT_EQ(world.status("named"), "PENDING");
  EXPECT_FALSE(world.record("named").parent);
  EXPECT_EQ(world.status(fmt::format("counter@1:{:x}:0:0001", execution)), "PENDING");
  EXPECT_TRUE(world.stored(kCounter).pending.empty());
}

TEST_F(Entities, StartNothingWhileALiveInstanceHasTheId) {
  world.run(start("a", "first"));
  world.run(signal_entity(kCounter, "go"));
  world.batch(kCounter, {std::nullopt}, "0", {child(0, "a", "second")});
  EXPECT_EQ(world.record("a").name, "first");
  world.turn("a", {}, completed());
  world.run(signal_entity(kCounter, "go"));
  world.batch(kCounter, {std::nullopt}, "0", {child(0, "a", "second")});
  EXPECT_EQ(world.record("a").name, "second");
  world.collect_garbage();
}

// ---- signals with a time ------------------------------------------------------------------------

TEST_F(Entities, KeepASignalUntilItsTimeHasCome) {
  world.run(signal_entity(kCounter, "late", "1", world.now + base::seconds(60)));
  world.run(signal_entity(kCounter, "later", "2", world.now + base::seconds(90)));
  EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  EXPECT_EQ(world.stored(kCounter).pending.size(), 2U);
  world.crash();
  world.advance(base::seconds(59));
  EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  world.advance(base::seconds(1));
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"late 1"});
  world.advance(base::seconds(30));
  world.batch(kCounter, {std::nullopt}, "0");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"later 2"});
}

TEST_F(Entities, RunASignalAtOnceWhoseTimeIsOver) {
  world.run(signal_entity(kCounter, "add", "1", world.now));
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 1"});
  EXPECT_TRUE(world.stored(kCounter).pending.empty());
}

// ---- orchestrations -----------------------------------------------------------------------------

TEST_F(Entities, AreCalledByOrchestrations) {
  world.run(start("a"));
  world.turn("a", {call(0, kCounter, "add", "1"), call(1, kCounter, "add", "2")});
  world.batch(kCounter, {"one"}, "1");
  EXPECT_EQ(told("a"), "OperationCompleted #0");
  world.batch(kCounter, {failure("no")}, "1");
  world.turn("a");
  EXPECT_EQ(told("a"), "OperationFailed #1");
  EXPECT_TRUE(world.stored("a").pending.empty());
}

TEST_F(Entities, AreSignaledByOrchestrationsThatEnd) {
  world.run(start("a"));
  world.turn("a", {signal(0, kCounter, "add", "1"), call(1, kCounter, "add", "2")}, completed());
  EXPECT_EQ(world.status("a"), "COMPLETED");
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 2"});
  world.batch(kCounter, {"3"}, "3");
  EXPECT_EQ(world.status("a"), "COMPLETED");
}

TEST_F(Entities, TellNobodyWhoDoesNotWaitAnyMore) {
  world.run(start("a"));
  world.turn("a", {call(0, kCounter, "add", "1")});
  world.run(raise("a", "enough"));
  world.turn("a", {cancel(1, 0)});
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(world.offered_turn("a"), nullptr);
  EXPECT_EQ(world.count("a", "OperationCompleted"), 0U);
  EXPECT_EQ(state_of(kCounter), "1");
}

TEST_F(Entities, AreCalledAgainByARewind) {
  world.run(start("a"));
  world.turn("a", {call(0, kCounter, "add", "1")});
  world.batch(kCounter, {failure("no")}, "0");
  world.turn("a", {}, failed("because of 0"));
  world.run(rewind("a"));
  EXPECT_EQ(world.count("a", "OperationFailed"), 0U);
  EXPECT_EQ(world.offered_operations(kCounter), Lines{"add 1"});
  world.turn("a");
  world.batch(kCounter, {"1"}, "1");
  EXPECT_EQ(told("a"), "OperationCompleted #0");
  world.collect_garbage();
}

// ---- what clients see ---------------------------------------------------------------------------

class HeldEntities : public Entities {
 protected:
  HeldEntities() : Entities({.shard_count = 3, .gate = Gate::kHeld}) {}
};

TEST_F(Entities, AreShownAsTheLastBatchLeftThem) {
  EXPECT_EQ(seen(kCounter), "nothing");
  world.run(signal_entity(kCounter, "add", "1"));
  world.run(signal_entity(kCounter, "add", "2"));
  const model::ReplyBody before = world.ask(get_entity(kCounter));
  EXPECT_EQ(entity(before)->state, std::nullopt);
  EXPECT_EQ(entity(before)->backlog, 2U);
  world.now = world.now + base::seconds(5);
  world.batch(kCounter, {"1"}, "1");
  const model::ReplyBody after = world.ask(get_entity(kCounter));
  EXPECT_EQ(entity(after)->key, key(kCounter));
  EXPECT_EQ(entity(after)->state, "1");
  EXPECT_EQ(entity(after)->updated, world.now);
  EXPECT_EQ(entity(after)->backlog, 1U);
  world.batch(kCounter, {"3"}, std::nullopt);
  EXPECT_EQ(seen(kCounter), "nothing");
}

TEST_F(HeldEntities, AreShownAtOnceButOnlyAsTheyAreDurable) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.batch(kCounter, {"1"}, "1");
  world.run(signal_entity(kCounter, "add", "2"));
  world.batch(kCounter, {"3"}, "3");
  EXPECT_EQ(seen(kCounter), "nothing");
  world.release();
  EXPECT_EQ(seen(kCounter), "3");
  world.run(signal_entity(kCounter, "delete"));
  world.batch(kCounter, {std::nullopt}, std::nullopt);
  EXPECT_EQ(seen(kCounter), "3");
  world.evict(0);  // what settles can not be forgotten
  EXPECT_EQ(seen(kCounter), "3");
  world.release();
  EXPECT_EQ(seen(kCounter), "nothing");
}

TEST_F(HeldEntities, SettleOneChangeAfterTheOther) {
  Shard& shard = world.shard_for(key(kCounter));
  world.run(signal_entity(kCounter, "add", "0"));
  for (const char* state : {"1", "2", "3"}) {
    world.run(signal_entity(kCounter, "add", state));
    world.batch(kCounter, {state}, state);
  }
  std::vector<model::PublishEntity> changes;
  for (const model::Effect& effect : world.take_trace().effects) {
    if (const auto* change = std::get_if<model::PublishEntity>(&effect)) changes.push_back(*change);
  }
  ASSERT_EQ(changes.size(), 3U);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    publish(shard, changes[i]);
    EXPECT_EQ(shard.instances.find(key(kCounter))->publication.view.state, std::to_string(i + 1));
  }
}

TEST_F(HeldEntities, AreWhatTheyWereAfterAChangeIsLost) {
  world.run(signal_entity(kCounter, "add", "1"));
  world.batch(kCounter, {"1"}, "1");
  world.release();
  const auto lost = call_later(kCounter, "add", "2");
  world.batch(kCounter, {"3"}, "3");
  EXPECT_EQ(answer(lost), "-");
  world.crash(0);
  EXPECT_EQ(seen(kCounter), "1");
  EXPECT_EQ(world.offered_turn(kCounter), nullptr);
  EXPECT_EQ(answer(lost), "-");
}

// ---- limits -------------------------------------------------------------------------------------

class FullEntities : public Entities {
 protected:
  FullEntities()
      : Entities({.shard_count = 3,
                  .messages = Messages::kManual,
                  .twin = Twin::kNone,
                  .scope = Scope::kTouched}) {}

  std::size_t waiting(const std::string& id) {
    return world.shard_for(key(id)).instances.find(key(id))->stored.inbox.size();
  }
};

// In few batches: the laws look at each of the messages after every one.
TEST_F(FullEntities, TellWhoeverWaitsThatThereIsNoRoom) {
  world.run(start("a"));
  world.turn("a", {signal(0, kCounter, "add"), call(1, kCounter, "add")});
  world.run(signal_entity(kOther, "go"));
  world.batch(kOther, {std::nullopt}, "0",
              {signal(0, kCounter, "add"), call(1, kCounter, "add", "", "told")});
  world.begin_group();
  for (std::size_t i = 0; i < model::kInboxMessagesMax; ++i) {
    world.run(signal_entity(kCounter, "add"));
  }
  model::SignalEntity later = signal_entity(kCounter, "add", "1", world.now + base::seconds(1));
  later.request = model::RequestId{++calls_};
  world.run(later);
  const model::RequestId refused = call_later(kCounter, "add");
  world.deliver_all();
  world.end_group();
  EXPECT_EQ(error_of(world.answer_to(later.request)), ErrorCode::kResourceExhausted);
  EXPECT_EQ(error_of(world.answer_to(refused)), ErrorCode::kResourceExhausted);
  EXPECT_EQ(waiting(kCounter), model::kInboxMessagesMax);
  EXPECT_EQ(told_events("a"), (Lines{"TurnStarted", "OperationFailed #1"}));
  EXPECT_EQ(world.offered_operations(kOther),
            Lines{std::string("told ") + model::kFailureInboxFull});
  world.batch(kCounter, {std::nullopt}, "1");
  EXPECT_TRUE(is_done(world.ask(signal_entity(kCounter, "add"))));
}

}  // namespace
}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Deliver and Acknowledge: what instances send each other, over one shard and over several.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using Lines = std::vector<std::string>;

class Delivery : public CoreTest {
 protected:
  Delivery() : CoreTest({.shard_count = 4}) {}

  [[nodiscard]] model::ShardId shard_of(const std::string& id) const {
    return model::shard_of(model::slot_of(key(id)), 4);
  }
  [[nodiscard]] World::Channel channel(const std::string& from, const std::string& to) const {
    return {shard_of(from), shard_of(to)};
  }
  [[nodiscard]] std::size_t outbox_rows() const {
    std::size_t rows = 0;
    for (const auto& [row_key, row] : world.rows().of(model::Space::kAgenda)) {
      const auto parsed = model::parse_agenda_row(row_key);
      if (parsed->kind == model::AgendaKind::kOutbox) ++rows;
    }
    return rows;
  }
  Lines last_turn_of(const std::string& id) {
    return Story::describe_all(world.take_turn(id).new_events);
  }
};

// ---- events -------------------------------------------------------------------------------------

TEST_F(Delivery, ReachTheirReceiverInTheOrderSent) {
  world.run(start("b"));
  world.turn("b");
  world.run(start("a"));
  world.turn("a", {send_event(0, "b", "e", "1"), send_event(1, "b", "e", "2")});
  world.run(raise("a", "x"));
  world.turn("a", {send_event(2, "b", "e", "3")}, completed());
  EXPECT_EQ(Story::raised_in(history_in(world.rows(), key("b"))), Lines{});
  world.turn("b");
  while (world.offered_turn("b") != nullptr) world.turn("b");
  EXPECT_EQ(Story::raised_in(history_in(world.rows(), key("b"))), (Lines{"1", "2", "3"}));
  EXPECT_EQ(outbox_rows(), 0U);
}

TEST_F(Delivery, ToAnInstanceItselfArrive) {
  world.run(start("a"));
  world.turn("a", {send_event(0, "a", "e", "1")});
  EXPECT_EQ(Story::raised_in(world.take_turn("a").new_events), Lines{"1"});
}

TEST_F(Delivery, ToNobodyAreDropped) {
  world.run(start("gone"));
  world.turn("gone", {}, completed());
  world.run(start("a"));
  world.turn("a", {send_event(0, "nobody", "e"), send_event(1, "gone", "e")});
  EXPECT_FALSE(world.exists("nobody"));
  EXPECT_EQ(world.count("gone", "EventRaised"), 0U);
  EXPECT_EQ(outbox_rows(), 0U);
}

TEST_F(Delivery, AreTakenOnceHoweverOftenTheyCome) {
  world.run(start("b"));
  world.turn("b");
  world.run(start("a"));
  world.messages = Messages::kManual;
  world.turn("a", {send_event(0, "b", "e", "1"), send_event(1, "b", "e", "2")});
  const World::Channel to_b = channel("a", "b");
  EXPECT_TRUE(world.deliver(to_b));
  EXPECT_TRUE(world.deliver_again(to_b));
  EXPECT_TRUE(world.deliver_again(to_b));
  EXPECT_TRUE(world.deliver(to_b));
  EXPECT_TRUE(world.deliver_again(to_b));
  EXPECT_EQ(world.stored("b").inbox.size(), 2U);
  world.deliver_all();
  EXPECT_EQ(outbox_rows(), 0U);
}

TEST_F(Delivery, AreSentAgainAfterARestartUntilAcknowledged) {
  world.run(start("b"));
  world.turn("b");
  world.run(start("a"));
  world.messages = Messages::kManual;
  world.turn("a", {send_event(0, "b", "e", "1"), send_event(1, "b", "e", "2")});
  world.crash();
  EXPECT_EQ(outbox_rows(), 2U);
  EXPECT_TRUE(world.deliver(channel("a", "b")));  // taken, but not acknowledged
  world.crash();
  EXPECT_EQ(outbox_rows(), 2U);
  world.deliver_all();
  EXPECT_EQ(outbox_rows(), 0U);
  EXPECT_EQ(world.stored("b").inbox.size(), 2U);
  world.crash();
  EXPECT_TRUE(world.busy_channels().empty());
}

TEST_F(Delivery, ThatWereNeverDurableAreNotSentAfterACrash) {
  world.run(start("b"));
  world.turn("b");
  world.run(start("a"));
  world.messages = Messages::kManual;
  world.gate = Gate::kHeld;
  world.turn("a", {send_event(0, "b", "e", "1")});
  world.deliver(channel("a", "b"));
  world.crash(0);
  EXPECT_TRUE(world.busy_channels().empty());
  EXPECT_TRUE(world.stored("b").inbox.empty());
  EXPECT_EQ(world.status("a"), "PENDING");
}

TEST_F(Delivery, ToAFullInboxAreDropped) {
  // One shard more or less makes no difference here; 100,000 messages are quicker in one batch.
  Story full({.twin = Twin::kNone, .scope = Scope::kTouched});
  full.run(start("b"));
  full.turn("b");
  full.run(suspend("b"));
  full.begin_group();
  for (std::size_t i = 1; i < model::kInboxMessagesMax; ++i) full.run(raise("b", "e"));
  full.end_group();
  EXPECT_EQ(full.stored("b").inbox.size(), model::kInboxMessagesMax);
  EXPECT_EQ(error_of(full.ask(raise("b", "e"))), base::ErrorCode::kResourceExhausted);
  full.run(start("a"));
  full.turn("a", {send_event(0, "b", "e")});
  EXPECT_EQ(full.stored("b").inbox.size(), model::kInboxMessagesMax);
  // A resume must always be possible, and a suspension after it is not.
  EXPECT_TRUE(is_done(full.ask(resume("b"))));
  EXPECT_EQ(error_of(full.ask(suspend("b"))), base::ErrorCode::kResourceExhausted);
  EXPECT_EQ(full.take_turn("b").new_events.size(), 1 + model::kEventsPerTurnMax);
  full.turn("b");
  EXPECT_TRUE(is_done(full.ask(suspend("b"))));
  EXPECT_EQ(full.broken(), Broken{});
}

// ---- children -----------------------------------------------------------------------------------

class Child : public Delivery {};

TEST_F(Child, GivesItsResultToItsParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "c", "code of c")});
  EXPECT_EQ(world.record("c").parent->key, key("p"));
  EXPECT_EQ(world.record("c").name, "code of c");
  world.turn("c", {}, completed("7"));
  const model::TurnItem turn = world.take_turn("p");
  EXPECT_EQ(std::get<model::ChildCompleted>(turn.new_events[1].body).result, "7");
  EXPECT_TRUE(world.stored("p").pending.empty());
}

TEST_F(Child, GivesItsFailureToItsParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.turn("c", {}, failed("boom"));
  const model::TurnItem turn = world.take_turn("p");
  EXPECT_EQ(std::get<model::ChildFailed>(turn.new_events[1].body).failure.message, "boom");
}

TEST_F(Child, ThatIsTerminatedHasFailedForItsParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.run(terminate("c", "enough"));
  const model::TurnItem turn = world.take_turn("p");
  const auto& failed = std::get<model::ChildFailed>(turn.new_events[1].body);
  EXPECT_EQ(failed.failure.type, model::kFailureTerminated);
  EXPECT_EQ(failed.failure.message, "enough");
}

TEST_F(Child, WithTheIdOfALiveInstanceIsRejected) {
  world.run(start("c"));
  world.turn("c");
  const model::InstanceRecord before = world.record("c");
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  const model::TurnItem turn = world.take_turn("p");
  const auto& failed = std::get<model::ChildFailed>(turn.new_events[1].body);
  EXPECT_EQ(failed.failure.type, model::kFailureChildRejected);
  EXPECT_FALSE(failed.failure.retriable);
  EXPECT_EQ(world.record("c"), before);
}

TEST_F(Child, CannotBeItsOwnParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "p")});
  EXPECT_EQ(last_turn_of("p"), (Lines{"TurnStarted", "ChildFailed #0"}));
}

TEST_F(Child, MayReuseTheIdOfAnEndedInstance) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.turn("c", {}, failed());
  const model::Execution first = world.record("c").execution;
  world.turn("p", {child(1, "c")});
  EXPECT_GT(world.record("c").execution, first);
  world.turn("c", {}, completed("second"));
  EXPECT_EQ(last_turn_of("p"), (Lines{"TurnStarted", "ChildCompleted #1"}));
  world.collect_garbage();
}

TEST_F(Child, WithoutAnIdGetsOneOfItsExecution) {
  world.run(start("p"));
  world.turn("p", {child(0), child(1)});
  const StoredInstance parent = world.stored("p");
  const std::string first = parent.pending.at({0}).child_id;
  const std::string second = parent.pending.at({1}).child_id;
  EXPECT_EQ(first, "p:3b9aca00:0000");
  EXPECT_EQ(second, "p:3b9aca00:0001");
  EXPECT_EQ(world.status(first), "PENDING");
  EXPECT_EQ(world.count("p", "ChildScheduled"), 2U);
  EXPECT_EQ(world.history("p").back(), "ChildScheduled #1 'child' as 'p:3b9aca00:0001'");
  world.run(raise("p", "x"));
  world.turn("p", {}, as_new());
  world.turn("p", {child(0)});
  EXPECT_NE(world.stored("p").pending.at({0}).child_id, first);
  EXPECT_EQ(world.status(world.stored("p").pending.at({0}).child_id), "PENDING");
}

TEST_F(Child, OfAnOldExecutionIsNotHeard) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.run(raise("p", "x"));
  world.turn("p", {}, as_new());
  world.turn("p");
  world.turn("c", {}, completed());
  EXPECT_EQ(world.offered_turn("p"), nullptr);
}

TEST_F(Child, EndsWithoutNoiseAfterItsParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")}, completed());
  EXPECT_EQ(world.stored("p").pending.size(), 1U);
  world.turn("c", {}, completed());
  EXPECT_TRUE(world.stored("p").pending.empty());
  EXPECT_EQ(world.status("p"), "COMPLETED");
}

TEST_F(Child, IsTerminatedOnlyByItsOwnParent) {
  // "p" wants the id of an instance that is not its child, is rejected, and cancels.
  world.run(start("c"));
  world.turn("c");
  world.run(start("p"));
  world.turn("p", {child(0, "c"), cancel(1, 0)});
  EXPECT_EQ(world.status("c"), "RUNNING");
}

TEST_F(Child, IsNotTerminatedForASecondTaskThatWantedItsId) {
  world.run(start("p"));
  world.turn("p", {child(0, "c")});
  world.run(raise("p", "x"));
  world.turn("p", {child(1, "c"), cancel(2, 1)});
  EXPECT_EQ(world.status("c"), "PENDING");
  world.turn("c", {}, completed());
  EXPECT_EQ(last_turn_of("p"), (Lines{"TurnStarted", "ChildCompleted #0"}));
}

TEST_F(Child, SurvivesCrashesAtEveryStep) {
  for (std::size_t crash_at = 0; crash_at < 8; ++crash_at) {
    Story other({.shard_count = 4, .messages = Messages::kManual});
    std::size_t step = 0;
    const auto maybe_crash = [&] {
      if (step++ == crash_at) other.crash();
    };
    other.run(start("p"));
    maybe_crash();
    other.turn("p", {child(0, "c")});
    maybe_crash();
    other.deliver(channel("p", "c"));
    maybe_crash();
    other.deliver_all();
    maybe_crash();
    other.turn("c", {}, completed("7"));
    maybe_crash();
    other.deliver(channel("c", "p"));
    maybe_crash();
    other.deliver_all();
    maybe_crash();
    other.turn("p", {}, completed());
    maybe_crash();
    other.deliver_all();
    EXPECT_EQ(other.status("p"), "COMPLETED");
    EXPECT_EQ(other.count("p", "ChildCompleted"), 1U);
    other.check_all();
    EXPECT_EQ(other.broken(), Broken{}) << crash_at;
  }
}

}  // namespace
}  // namespace perdure::core::testing

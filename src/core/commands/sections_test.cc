// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Critical sections: how an orchestration gets its entities, who runs while it has them, and how
// each of its ends gives them back.
#include <functional>

#include "core/testing/fixture.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;
using Lines = std::vector<std::string>;

const std::string kFirst = "@cart@1";
const std::string kSecond = "@stock@1";
const std::string kElse = "@zebra@1";

class Sections : public CoreTest {
 protected:
  explicit Sections(WorldOptions options = {.shard_count = 3, .attempts_max = 3})
      : CoreTest(options) {}

  /// Begins to want them; the grant is the next turn if nobody else has them.
  void want(const std::string& id, std::vector<std::string> entities) {
    world.run(start(id));
    world.turn(id, {lock(0, std::move(entities))});
  }

  void enter(const std::string& id, std::vector<std::string> entities) {
    want(id, std::move(entities));
    ASSERT_TRUE(is_granted(id));
    world.turn(id);
  }

  /// The next turn says that the section has begun.
  bool is_granted(const std::string& id) const {
    const model::TurnItem* item = world.offered_turn(id);
    if (item == nullptr) return false;
    for (const model::Event& event : item->new_events) {
      if (std::holds_alternative<model::LockGranted>(event.body)) return true;
    }
    return false;
  }

  std::string holder(const std::string& id) const {
    return world.exists(id) ? world.holder_of(id) : "";
  }

  void expect_invalid(const std::string& id, std::string_view why) {
    ASSERT_EQ(world.status(id), "FAILED");
    EXPECT_EQ(world.record(id).failure->type, model::kFailureInvalidTurn);
    EXPECT_TRUE(world.record(id).failure->message.contains(why))
        << world.record(id).failure->message;
  }
};

class SectionsByHand : public Sections {
 protected:
  SectionsByHand() : Sections({.shard_count = 3, .messages = Messages::kManual}) {}

  /// Delivers until a message of this kind is next on its way.
  template <class Message>
  void deliver_up_to() {
    while (!is_next<Message>()) {
      const auto busy = world.busy_channels();
      ASSERT_FALSE(busy.empty());
      world.deliver(busy.front());
      note();
    }
  }

  template <class Message>
  bool is_next() {
    note();
    return !sent_.empty() && std::holds_alternative<Message>(sent_.back());
  }

  void note() {
    for (const model::Effect& effect : world.take_trace().effects) {
      const auto* send = std::get_if<model::SendMessage>(&effect);
      if (send != nullptr) sent_.push_back(send->message);
    }
  }

  std::vector<model::Message> sent_;
};

// ---- getting them -------------------------------------------------------------------------------

TEST_F(Sections, BeginWhenEveryEntityIsHeld) {
  want("a", {kFirst, kSecond});
  EXPECT_TRUE(is_granted("a"));
  EXPECT_EQ(holder(kFirst), "a");
  EXPECT_EQ(holder(kSecond), "a");
  EXPECT_EQ(world.stored("a").pending.at(model::TaskId{0}).locked, 2U);
  const model::ReplyBody view = world.ask(get_entity(kFirst));
  EXPECT_EQ(entity(view)->locked_by, "a");
}

TEST_F(SectionsByHand, AskOneEntityAfterTheOtherInTheirOrder) {
  want("a", {kFirst, kSecond});
  deliver_up_to<model::LockAcquired>();
  EXPECT_EQ(holder(kFirst), "a");
  EXPECT_FALSE(world.exists(kSecond));
  world.deliver_all();
  EXPECT_EQ(holder(kSecond), "a");
  EXPECT_TRUE(is_granted("a"));
}

TEST_F(Sections, WaitForEachOtherInTheOrderTheyAsked) {
  enter("a", {kFirst});
  want("b", {kFirst});
  want("c", {kFirst, kSecond});
  EXPECT_FALSE(is_granted("b"));
  EXPECT_EQ(holder(kSecond), "");
  world.run(raise("a", "go on"));
  world.turn("a", {unlock(1, 0)});
  EXPECT_EQ(holder(kFirst), "b");
  EXPECT_TRUE(is_granted("b"));
  EXPECT_FALSE(is_granted("c"));
  world.turn("b", {unlock(1, 0)}, completed());
  EXPECT_EQ(holder(kFirst), "c");
  EXPECT_EQ(holder(kSecond), "c");
  EXPECT_TRUE(is_granted("c"));
}

TEST_F(Sections, BeginBehindTheOperationsThatCameBefore) {
  world.run(signal_entity(kFirst, "add", "1"));
  world.run(signal_entity(kFirst, "add", "2"));
  want("a", {kFirst});
  world.run(signal_entity(kFirst, "add", "3"));
  EXPECT_EQ(holder(kFirst), "");
  world.batch(kFirst, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add 2"});
  world.batch(kFirst, {"3"}, "3");
  EXPECT_EQ(holder(kFirst), "a");
  EXPECT_EQ(world.offered_turn(kFirst), nullptr);
}

TEST_F(Sections, LeaveAFreshEntityAsItWas) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {unlock(1, 0)});
  EXPECT_FALSE(world.exists(kFirst));
  EXPECT_EQ(world.rows_about(kFirst), 0U);
}

TEST_F(Sections, OutliveTheProcess) {
  enter("a", {kFirst});
  want("b", {kFirst});
  world.crash();
  EXPECT_EQ(holder(kFirst), "a");
  world.run(raise("a", "go on"));
  world.turn("a", {call(1, kFirst, "add", "1")});
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add 1"});
  world.crash();
  world.batch(kFirst, {"1"}, "1");
  world.turn("a", {unlock(2, 0)}, completed());
  EXPECT_TRUE(is_granted("b"));
}

// ---- who runs -----------------------------------------------------------------------------------

TEST_F(Sections, LetOnlyTheOperationsOfTheHolderRun) {
  enter("a", {kFirst});
  world.run(signal_entity(kFirst, "add", "client"));
  world.run(start("b"));
  world.turn("b", {call(0, kFirst, "add", "b")});
  EXPECT_EQ(world.offered_turn(kFirst), nullptr);
  world.run(raise("a", "go on"));
  world.turn("a", {call(1, kFirst, "add", "a"), signal(2, kFirst, "add", "a too")});
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add a"});
  world.batch(kFirst, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add a too"});
  world.batch(kFirst, {"2"}, "2");
  EXPECT_EQ(world.offered_turn(kFirst), nullptr);
  world.turn("a", {unlock(3, 0)});
  EXPECT_EQ(world.offered_operations(kFirst), (Lines{"add client", "add b"}));
}

TEST_F(Sections, LetWhatTheHolderSentWhileItWaitedRun) {
  enter("a", {kFirst});
  world.run(start("b"));
  world.turn("b", {lock(0, {kFirst}), signal(1, kFirst, "add", "b")});
  EXPECT_EQ(world.offered_turn(kFirst), nullptr);
  world.run(raise("a", "go on"));
  world.turn("a", {unlock(1, 0)});
  EXPECT_EQ(holder(kFirst), "b");
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add b"});
}

TEST_F(Sections, EndForTheNextOneWhenWhatTheHolderSentHasRun) {
  enter("a", {kFirst});
  want("b", {kFirst});
  world.run(signal_entity(kFirst, "add", "client"));
  world.run(raise("a", "go on"));
  world.turn("a", {signal(1, kFirst, "add", "1"), signal(2, kFirst, "add", "2"), unlock(3, 0)},
             completed());
  EXPECT_EQ(holder(kFirst), "a");
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add 1"});
  world.batch(kFirst, {"1"}, "1");
  EXPECT_EQ(world.offered_operations(kFirst), Lines{"add 2"});
  EXPECT_FALSE(is_granted("b"));
  world.batch(kFirst, {"3"}, "3");
  EXPECT_EQ(holder(kFirst), "b");
  EXPECT_TRUE(is_granted("b"));
}

// The batch is lost with the process; whoever waits must not be forgotten.
TEST_F(Sections, EndForTheNextOneThoughTheProcessDied) {
  enter("a", {kFirst});
  want("b", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {signal(1, kFirst, "add", "1"), unlock(2, 0)}, completed());
  world.crash();
  EXPECT_FALSE(is_granted("b"));
  world.batch(kFirst, {"1"}, "1");
  EXPECT_TRUE(is_granted("b"));
}

TEST_F(Sections, EndForTheNextOneThoughTheLastOperationKillsItsWorkers) {
  enter("a", {kFirst});
  want("b", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {signal(1, kFirst, "crash"), unlock(2, 0)}, completed());
  for (int death = 0; death < 3; ++death) {
    ASSERT_EQ(world.offered_operations(kFirst), Lines{"crash -"});
    world.run(model::BeginAttempt{world.offered_turn(kFirst)->token});
  }
  EXPECT_TRUE(is_granted("b"));
}

// ---- how they end -------------------------------------------------------------------------------

struct End {
  const char* name;
  std::function<void(Story&)> happens;
};

class SectionEnds : public Sections, public ::testing::WithParamInterface<End> {};

TEST_P(SectionEnds, GiveBackWhatIsHeldAndWhatIsWanted) {
  enter("x", {kElse});
  want("a", {kFirst, kSecond, kElse});
  want("b", {kFirst, kSecond});
  want("c", {kElse});
  EXPECT_EQ(holder(kSecond), "a");
  world.run(raise("a", "a turn"));
  GetParam().happens(world);
  EXPECT_EQ(holder(kFirst), "b");
  EXPECT_EQ(holder(kSecond), "b");
  EXPECT_TRUE(is_granted("b"));
  world.run(raise("x", "go on"));
  world.turn("x", {unlock(1, 0)});
  EXPECT_TRUE(is_granted("c"));
  world.collect_garbage();
}

INSTANTIATE_TEST_SUITE_P(
    All, SectionEnds,
    ::testing::Values(End{"Release", [](Story& w) { w.turn("a", {unlock(1, 0)}); }},
                      End{"Cancel", [](Story& w) { w.turn("a", {cancel(1, 0)}); }},
                      End{"Complete", [](Story& w) { w.turn("a", {}, completed()); }},
                      End{"ReleaseAndComplete",
                          [](Story& w) { w.turn("a", {unlock(1, 0)}, completed()); }},
                      End{"Fail", [](Story& w) { w.turn("a", {}, failed()); }},
                      End{"InvalidTurn", [](Story& w) { w.turn("a", {child(1, "k")}); }},
                      End{"ContinueAsNew", [](Story& w) { w.turn("a", {}, as_new()); }},
                      End{"Terminate", [](Story& w) { w.run(terminate("a")); }},
                      End{"Purge",
                          [](Story& w) {
                            w.run(terminate("a"));
                            w.run(purge("a"));
                          }},
                      End{"Replace",
                          [](Story& w) {
                            model::StartInstance again = start("a");
                            again.reuse.replaceable = model::kEveryStatus;
                            w.run(again);
                          }},
                      End{"Poison",
                          [](Story& w) {
                            for (int i = 0; i < 3; ++i)
                              w.run(model::BeginAttempt{w.offered_turn("a")->token});
                          }}),
    [](const auto& info) { return info.param.name; });

TEST_F(Sections, AreNotWantedAnyMoreWhenCancelledInLine) {
  enter("a", {kFirst});
  want("b", {kFirst});
  want("c", {kFirst});
  world.run(raise("b", "enough"));
  world.turn("b", {cancel(1, 0)});
  EXPECT_EQ(world.stored(kFirst).inbox.size(), 1U);
  world.run(terminate("a"));
  EXPECT_EQ(holder(kFirst), "c");
}

TEST_F(SectionsByHand, GiveBackWhatIsGrantedTooLate) {
  want("a", {kFirst});
  deliver_up_to<model::LockAcquired>();
  EXPECT_EQ(holder(kFirst), "a");
  world.run(terminate("a"));
  world.deliver_all();
  EXPECT_FALSE(world.exists(kFirst));
  EXPECT_EQ(world.count("a", "LockGranted"), 0U);
}

TEST_F(SectionsByHand, GiveBackWhatIsAskedForStill) {
  want("a", {kFirst, kSecond});
  world.run(terminate("a"));
  world.deliver_all();
  EXPECT_FALSE(world.exists(kFirst));
  EXPECT_FALSE(world.exists(kSecond));
}

// ---- what is not allowed inside -----------------------------------------------------------------

TEST_F(Sections, AreNotNested) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {lock(1, {kSecond})});
  expect_invalid("a", "inside another one");
  EXPECT_FALSE(world.exists(kSecond));
}

TEST_F(Sections, CallOnlyTheirOwnEntities) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {signal(1, kSecond, "add", "1"), call(2, kSecond, "add", "2")});
  expect_invalid("a", "'@stock@1' is none");
  EXPECT_FALSE(world.exists(kSecond));
}

TEST_F(Sections, HaveNoSubOrchestrations) {
  world.run(start("a"));
  world.turn("a", {lock(0, {kFirst}), child(1, "b")});
  expect_invalid("a", "sub-orchestration 'child'");
  EXPECT_FALSE(world.exists("b"));
  EXPECT_FALSE(world.exists(kFirst));
}

TEST_F(Sections, AllowEverythingBehindTheirEnd) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {signal(1, kSecond, "add", "1"), unlock(2, 0), call(3, kSecond, "add", "2"),
                   lock(4, {kFirst, kSecond}), cancel(5, 4), child(6, "b")});
  EXPECT_EQ(world.status("a"), "RUNNING");
  EXPECT_EQ(world.status("b"), "PENDING");
  world.batch(kSecond, {"1"}, "1");
  world.batch(kSecond, {"3"}, "3");
  EXPECT_EQ(world.stored("a").pending.size(), 1U);
  EXPECT_FALSE(world.exists(kFirst));
}

// ---- rewind -------------------------------------------------------------------------------------

TEST_F(Sections, CanNotBeRewoundInto) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {}, failed());
  EXPECT_EQ(error_of(world.ask(rewind("a"))), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(world.status("a"), "FAILED");
  EXPECT_FALSE(world.exists(kFirst));
}

TEST_F(Sections, DoNotHinderARewindWhenTheyAreOver) {
  enter("a", {kFirst});
  world.run(raise("a", "go on"));
  world.turn("a", {unlock(1, 0), lock(2, {kSecond})});
  world.turn("a", {cancel(3, 2)}, failed());
  EXPECT_TRUE(is_done(world.ask(rewind("a"))));
  EXPECT_TRUE(world.stored("a").pending.empty());
  EXPECT_FALSE(world.exists(kSecond));
  world.turn("a", {}, completed());
  world.collect_garbage();
}

TEST_F(Sections, AreNotBegunAgainWhenTheyWereLeftBeforeTheyBegan) {
  enter("x", {kFirst});
  want("a", {kFirst});
  world.run(raise("a", "enough"));
  world.turn("a", {unlock(1, 0)}, failed());
  EXPECT_TRUE(is_done(world.ask(rewind("a"))));
  EXPECT_TRUE(world.stored("a").pending.empty());
  EXPECT_TRUE(world.stored(kFirst).inbox.empty());
  world.turn("a", {}, completed());
  world.collect_garbage();
}

TEST_F(Sections, AreWantedAgainByARewindThatFindsThemInLine) {
  enter("x", {kFirst});
  want("a", {kFirst});
  world.run(raise("a", "a bug"));
  world.turn("a", {}, failed());
  EXPECT_TRUE(world.stored(kFirst).inbox.empty());
  EXPECT_TRUE(is_done(world.ask(rewind("a"))));
  world.turn("a");
  world.run(terminate("x"));
  EXPECT_TRUE(is_granted("a"));
  EXPECT_EQ(world.record(kFirst).lock->owner.execution, world.record("a").execution);
  world.collect_garbage();
}

TEST_F(Sections, OfAFailedChildAreNotRewoundByItsParent) {
  world.run(start("p"));
  world.turn("p", {child(0, "a")});
  world.turn("a", {lock(0, {kFirst})});
  world.turn("a", {}, failed("inside"));
  world.turn("p", {}, failed());
  EXPECT_TRUE(is_done(world.ask(rewind("p"))));
  EXPECT_EQ(world.status("a"), "FAILED");
  world.turn("p");  // the rewind itself
  EXPECT_EQ(Story::describe_all(world.take_turn("p").new_events),
            (Lines{"TurnStarted", "ChildFailed #0"}));
  world.collect_garbage();
}

}  // namespace
}  // namespace perdure::core::testing

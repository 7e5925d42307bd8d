// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Recover and CollectGarbage; and restoring a shard from rows that are not what they should be.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

class Recovery : public CoreTest {};

TEST_F(Recovery, OffersWhatIsOwedOnceAndWritesNothing) {
  world.run(start("a"));
  world.turn("a", {activity(0), activity(1)});
  world.run(raise("a", "x"));
  const RowMap before = world.rows();
  world.crash();
  EXPECT_EQ(world.offers().turns.size(), 1U);
  EXPECT_EQ(world.offers().activities.size(), 2U);
  EXPECT_TRUE(world.offered_turn("a")->uncounted_redelivery);
  EXPECT_TRUE(world.offered_activity("a", 0)->uncounted_redelivery);
  EXPECT_EQ(world.rows(), before);
  world.take_trace();
  world.run(model::Recover{key("a")});
  EXPECT_TRUE(world.take_trace().effects.empty());
}

TEST_F(Recovery, OfAnInstanceThatIsGoneIsNothing) {
  world.run(model::Recover{key("nobody")});
  world.run(start("a"));
  world.turn("a", {}, completed());
  world.take_trace();
  world.run(model::Recover{key("a")});
  EXPECT_TRUE(world.take_trace().effects.empty());
}

TEST_F(Recovery, OfEveryMomentOfALongStoryOwesTheSame) {
  // The world compares what is owed before and after each crash.
  world.run(start("a"));
  for (int i = 0; i < 6; ++i) {
    world.crash();
    world.turn("a",
               {activity(3 * i), timer(3 * i + 1, world.now + base::seconds(1)), child(3 * i + 2)});
    world.crash();
    if (world.offered_activity("a", 3 * i)->uncounted_redelivery) {
      world.run(model::BeginAttempt{world.activity_token("a", 3 * i)});
    }
    world.done("a", 3 * i);
    world.crash();
    world.advance(base::seconds(1));
    world.crash();
  }
  EXPECT_EQ(world.status("a"), "RUNNING");
}

TEST_F(Recovery, OffersTheGivenBackSetOfAnInstanceThroughOutstanding) {
  world.run(start("a"));
  world.turn("a", {activity(0)});
  Shard reborn(model::ShardId{0}, 1);
  Prefetched prefetched;
  const model::Command command = model::Recover{key("a")};
  const std::vector<Read> missing = reads(reborn, command, prefetched);
  ASSERT_EQ(missing.size(), 1U);
  const Rows rows = world.rows().scan(missing[0].space, missing[0].from, missing[0].to);
  ASSERT_TRUE(supply(reborn, prefetched, missing[0], rows));
  std::vector<model::Effect> effects;
  outstanding(reborn, *reborn.instances.find(key("a")), Facts{world.now}, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<model::OfferActivity>(effects[0]));
}

TEST_F(Recovery, RefusesRowsThatAreNotWhatTheyShouldBe) {
  Shard shard(model::ShardId{0}, 1);
  std::vector<model::InstanceKey> ready;
  EXPECT_FALSE(restore_row(shard, "nonsense", "", ready));
  EXPECT_FALSE(restore_row(shard, model::ready_key(key("a")), "nonsense", ready));
  EXPECT_FALSE(restore_row(shard, model::sent_key({0}, {0}), "nonsense", ready));
  EXPECT_FALSE(restore_row(shard, model::outbox_key({0}, {0}, 1), "nonsense", ready));
  EXPECT_TRUE(ready.empty());
  EXPECT_TRUE(outstanding(shard).empty());
  const std::string head = model::head_key(key("a"));
  EXPECT_FALSE(decode_instance(key("a"), {{head, "nonsense"}}));
  EXPECT_FALSE(decode_instance(key("a"), {{"nonsense", ""}}));
  const std::string task = model::task_key(key("a"), {1});
  EXPECT_FALSE(decode_instance(key("a"), {{task, model::encode_task(task, {})}}));
  EXPECT_TRUE(decode_instance(key("a"), {}));
}

class Garbage : public CoreTest {
 protected:
  /// An ended instance with so many rows of history.
  void live_through(std::size_t rows) {
    world.run(start("a"));
    world.begin_group();
    for (std::size_t i = 1; i < rows; ++i) {
      world.run(model::CompleteTurn{world.offered_turn("a")->token, {}});
      world.run(raise("a", "x"));
    }
    world.end_group();
    world.turn("a", {}, completed());
    ASSERT_EQ(world.rows().of(model::Space::kHistory).size(), rows);
  }
};

TEST_F(Garbage, IsDeletedInBoundedStepsThatSurviveACrash) {
  live_through(2 * model::kGarbageRowsPerStep + 1);
  world.run(purge("a"));
  EXPECT_EQ(world.garbage().size(), 1U);
  const auto [name, execution] = *world.garbage().begin();
  world.run(model::CollectGarbage{name, execution});
  EXPECT_EQ(world.rows().of(model::Space::kHistory).size(), model::kGarbageRowsPerStep + 1);
  world.crash();
  EXPECT_EQ(world.garbage().size(), 1U);
  EXPECT_EQ(world.collect_garbage(), 2U);
  EXPECT_TRUE(world.rows().of(model::Space::kHistory).empty());
  EXPECT_EQ(world.rows().find(model::Space::kAgenda, model::garbage_key(name, execution)), nullptr);
}

TEST_F(Garbage, OfExactlyOneStepEnds) {
  live_through(model::kGarbageRowsPerStep);
  world.run(purge("a"));
  EXPECT_EQ(world.collect_garbage(), 2U);
  EXPECT_TRUE(world.rows().of(model::Space::kHistory).empty());
}

TEST_F(Garbage, CollectedTwiceIsGoneOnce) {
  live_through(3);
  world.run(purge("a"));
  const auto [name, execution] = *world.garbage().begin();
  world.collect_garbage();
  world.run(model::CollectGarbage{name, execution});
  world.collect_garbage();
}

TEST_F(Garbage, OfOneExecutionLeavesTheNextAlone) {
  world.run(start("a"));
  world.turn("a");
  world.run(raise("a", "x"));
  world.turn("a", {}, as_new());
  world.turn("a");
  world.collect_garbage();
  EXPECT_EQ(world.rows().of(model::Space::kHistory).size(), 1U);
  EXPECT_EQ(world.history("a").size(), 2U);
}

}  // namespace
}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The output gate: nothing that a step decided is seen outside before it is durable.
#include "engine/gate.h"

#include <gtest/gtest.h>

#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using testing::answered;
using testing::World;

TEST(OutputGate, HandsOutAFirstTurnAtOnceButTellsTheClientOnlyWhenItIsDurable) {
  World world;
  const World::Answer answer = world.start("a", "chain", "1");
  ASSERT_TRUE(world.engine->step());
  EXPECT_FALSE(*answer);
  EXPECT_EQ(world.pull(9).size(), 1U) << "a turn is pure";
  ASSERT_TRUE(world.engine->commit());
  ASSERT_NE(answered<model::Started>(answer), nullptr);
  EXPECT_TRUE(answered<model::Started>(answer)->created);
}

TEST(OutputGate, HandsOutAnActivityOnlyWhenItIsDurable) {
  World world;
  world.start("a", "chain", "1");
  world.engine->run_until_idle();
  ASSERT_EQ(world.work(), 1U);
  ASSERT_TRUE(world.engine->step());
  EXPECT_TRUE(world.pull(9).empty());
  ASSERT_TRUE(world.engine->commit());
  EXPECT_EQ(world.pull(9).size(), 1U);
}

TEST(OutputGate, CommitsAnActivityTogetherWithTheTurnThatConsumedIt) {
  World world;
  world.start("a", "chain", "2");
  world.settle();
  const World::Answer second = world.start("b", "chain", "1");
  world.engine->run_until_idle();
  ASSERT_EQ(world.work(), 1U);
  world.engine->run_until_idle();
  const auto appends = world.log->appends();
  ASSERT_EQ(world.work(), 1U);  // the activity
  ASSERT_TRUE(world.engine->step());
  ASSERT_EQ(world.work(), 1U);  // the turn that takes its result, which is not durable
  ASSERT_TRUE(world.engine->step());
  ASSERT_TRUE(world.engine->commit());
  EXPECT_EQ(world.log->appends(), appends + 1);
  EXPECT_EQ(world.snapshot("b").record.status, model::Status::kCompleted);
}

TEST(OutputGate, AnswersAQuestionThatSawWhatIsNotDurableOnlyWhenThatIs) {
  World world;
  world.start("a", "chain", "1");
  ASSERT_TRUE(world.engine->step());
  const World::Answer seen = world.get("a");
  ASSERT_TRUE(world.engine->step());
  EXPECT_FALSE(*seen);
  world.engine->commit();
  EXPECT_NE(answered<model::InstanceSnapshot>(seen), nullptr);
  const World::Answer again = world.get("a");
  world.engine->run_until_idle();
  EXPECT_NE(answered<model::InstanceSnapshot>(again), nullptr) << "nothing to wait for any more";
}

TEST(OutputGate, ForgetsWithACrashWhatItHadNotLetOut) {
  World world;
  const World::Answer answer = world.start("a", "chain", "1");
  ASSERT_TRUE(world.engine->step());
  world.crash();
  ASSERT_NE(answered<base::Error>(answer), nullptr);
  EXPECT_EQ(answered<base::Error>(answer)->code, base::ErrorCode::kUnavailable);
  const World::Answer gone = world.get("a");
  world.engine->run_until_idle();
  ASSERT_NE(answered<base::Error>(gone), nullptr);
  EXPECT_EQ(answered<base::Error>(gone)->code, base::ErrorCode::kNotFound);
}

TEST(OutputGate, SendsAMessageToAnotherExecutorOnlyWhenItIsDurable) {
  World world({.shards = 2, .engine = {.executors = 2}, .store = {}});
  // Two ids in different shards.
  std::string other = "b";
  const auto shard = [](const std::string& id) {
    return model::shard_of(model::slot_of(World::key(id)), 2);
  };
  while (shard(other) == shard("a")) other += "b";
  world.start(other, "gather", "1");
  world.settle();
  world.start("a", "tell", other);
  world.engine->run_until_idle();
  ASSERT_EQ(world.work(), 1U);
  while (world.engine->step()) {
  }
  EXPECT_EQ(world.snapshot(other).record.status, model::Status::kRunning);
  world.settle();
  EXPECT_EQ(world.snapshot(other).record.status, model::Status::kCompleted);
  EXPECT_EQ(world.snapshot(other).record.output, "x");
}

TEST(OutputGate, NeverWritesTheOutboxRowOfAMessageWithinOneExecutor) {
  World world;
  world.start("b", "gather", "1");
  world.settle();
  const auto before = world.engine->stats().store.rows_collapsed;
  world.start("a", "tell", "b");
  world.settle();
  EXPECT_GT(world.engine->stats().store.rows_collapsed, before);
  EXPECT_EQ(world.snapshot("b").record.status, model::Status::kCompleted);
}

TEST(OutputGate, TellsEveryCallerWhenTheStoreFailsAndStopsForGood) {
  World world;
  world.start("a", "chain", "1");
  world.settle();
  const World::Answer waiting = world.ask(model::AwaitInstance{.request = {},
                                                               .key = World::key("x"),
                                                               .until = model::Until::kEnded,
                                                               .wait_if_unknown = true});
  world.engine->run_until_idle();
  world.log->break_append_after(0, store::log::memory::Fault::kSyncFailed);
  const World::Answer answer = world.start("b", "chain", "1");
  world.engine->run_until_idle();
  ASSERT_TRUE(world.fatal.has_value());
  for (const World::Answer& each : {waiting, answer, world.start("c", "chain", "1")}) {
    ASSERT_NE(answered<base::Error>(each), nullptr);
    EXPECT_EQ(answered<base::Error>(each)->code, base::ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(world.pull(9).empty());
  world.fatal.reset();
  world.crash(store::log::memory::Tail::kDropped);
  EXPECT_EQ(world.snapshot("a").record.status, model::Status::kCompleted);
  EXPECT_FALSE(world.fatal.has_value());
}

}  // namespace
}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// After a crash: everything that was owed is owed again, and nothing else.
#include "engine/recovery.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "engine/testing/script.h"
#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using testing::answered;
using testing::World;

TEST(Recovery, OffersATurnThatWasOutAndCountsIt) {
  World world;
  world.start("a", "chain", "1");
  world.engine->run_until_idle();
  ASSERT_EQ(world.pull(9).size(), 1U);
  world.crash();
  world.engine->run_until_idle();
  EXPECT_TRUE(world.pull(9).empty()) << "it is counted first";
  ASSERT_TRUE(world.engine->step());
  EXPECT_TRUE(world.pull(9).empty()) << "and the count is durable first";
  ASSERT_TRUE(world.engine->commit());
  auto items = world.pull(9);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(std::get<model::TurnItem>(items[0]).token.attempt, 2U);
  EXPECT_EQ(world.run(std::move(items[0])), dispatch::Answer::kTaken);
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.status, model::Status::kCompleted);
}

TEST(Recovery, OffersActivitiesThatWereOutOrQueued) {
  World world;
  ASSERT_EQ(world.begin_fan("a", "5"), 1U);
  ASSERT_EQ(world.pull(2).size(), 2U);
  world.crash();
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "5");
  EXPECT_EQ(testing::complaint_about(world.history("a")), "");
}

TEST(Recovery, FiresATimerThatCameDueWhileTheEngineWasDown) {
  World world;
  world.start("a", "nap", "5000");
  world.settle();
  world.close();
  world.clock.advance(base::seconds(60));
  world.open();
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "rested");
}

TEST(Recovery, SendsMessagesAgainThatNobodyAcknowledged) {
  World world({.shards = 8, .engine = {.executors = 4}, .store = {}});
  for (int i = 0; i < 20; ++i) world.start("p" + std::to_string(i), "parent", "1");
  // Every boundary between two commits.
  for (int rounds = 0; rounds < 40; ++rounds) {
    world.engine->step();
    world.engine->commit();
    world.work(3);
    world.crash();
  }
  world.settle();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(world.snapshot("p" + std::to_string(i)).record.output, "1");
  }
}

TEST(Recovery, CountsNoAttemptForWorkThatOnlyWaited) {
  World world;
  world.options.engine.attempts_max = 2;
  world.crash();
  world.start("a", "chain", "3");
  world.engine->run_until_idle();
  for (int i = 0; i < 10; ++i) {
    world.crash();
    world.engine->run_until_idle();
  }
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "3");
}

TEST(Recovery, PoisonsAnItemWhoseWorkerDiesEveryTime) {
  World world;
  world.options.engine.attempts_max = 3;
  world.crash();
  world.start("a", "chain", "1");
  world.engine->run_until_idle();
  int deaths = 0;
  for (int i = 0; i < 20; ++i) {
    world.engine->run_until_idle();
    if (!world.pull(9).empty()) {
      ++deaths;
      world.crash();
    }
  }
  EXPECT_EQ(deaths, 3);
  const auto snapshot = world.snapshot("a");
  EXPECT_EQ(snapshot.record.status, model::Status::kFailed);
  ASSERT_TRUE(snapshot.record.failure.has_value());
  EXPECT_EQ(snapshot.record.failure->type, model::kFailurePoisoned);
}

TEST(Recovery, RecoversAnInstanceBeforeItTakesSomethingNew) {
  World world;
  world.start("a", "gather", "2");
  world.settle();
  world.raise("a");
  world.engine->run_until_idle();
  ASSERT_EQ(world.pull(9).size(), 1U);
  world.crash();
  world.raise("a");  // is carried out before recovery comes to the instance
  world.engine->run_until_idle();
  EXPECT_TRUE(world.pull(9).empty()) << "the turn may have been out: it is counted first";
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "xx");
}

/// Puts another head row for the instance on the disks of a closed world; answers the old one.
std::string rewrite_head(World& world, const std::string& id, std::string row) {
  auto store = store::Store::open(world.options.store,
                                  std::make_unique<store::log::memory::MemoryLog>(world.log),
                                  std::make_unique<store::table::memory::MemoryTable>(world.table));
  PERDURE_CHECK(store.has_value(), store.error().message);
  const std::string key = model::head_key(World::key(id));
  auto old = (*store)->get(model::Space::kInstance, key);
  PERDURE_CHECK(old.has_value() && old->has_value(), "no instance " + id);
  std::vector<store::Write> writes{
      {.space = model::Space::kInstance, .key = key, .value = std::move(row)}};
  PERDURE_CHECK((*store)->stage({}, std::move(writes)).has_value(), "staging failed");
  PERDURE_CHECK((*store)->flush().has_value(), "flushing failed");
  return **std::move(old);
}

TEST(Recovery, ReportsADamagedInstanceToThoseWhoAskAndServesTheOthers) {
  World world;
  world.start("bad", "nap", "1000");
  world.start("good", "nap", "1000");
  world.settle();
  ASSERT_TRUE(world.engine->stop(base::seconds(1)).has_value());
  world.close();
  rewrite_head(world, "bad", "nonsense");
  world.open();
  const World::Answer bad = world.get("bad");
  world.engine->run_until_idle();
  ASSERT_NE(answered<base::Error>(bad), nullptr);
  EXPECT_EQ(answered<base::Error>(bad)->code, base::ErrorCode::kStoreCorrupt);
  world.settle_for_ever();
  EXPECT_EQ(world.snapshot("good").record.output, "rested");
  EXPECT_GT(world.engine->stats().corrupt, 0U);
}

// The source of a message and its target are two shards, and a bystander shares both.
TEST(Recovery, KeepsMessagesToADamagedInstanceInTheirOrderUntilItIsMended) {
  for (const std::uint32_t executors : {1U, 2U}) {
    SCOPED_TRACE(executors);
    std::vector<base::Error> damages;
    World world({.shards = 2, .engine = {.executors = executors}, .store = {}});
    world.options.engine.on_damage = [&](const base::Error& error) { damages.push_back(error); };
    world.start("bad", "gather", "3");
    world.settle();
    world.close();
    const std::string whole = rewrite_head(world, "bad", "nonsense");
    world.open();
    for (int i = 0; i < 3; ++i) world.start("t" + std::to_string(i), "tell", "bad");
    world.start("good", "chain", "5");
    world.settle();
    EXPECT_FALSE(world.fatal) << world.fatal->message;
    EXPECT_EQ(world.snapshot("t2").record.output, "told");
    EXPECT_EQ(world.snapshot("good").record.output, "5");
    EXPECT_EQ(world.engine->stats().held_back, 3U);
    ASSERT_FALSE(damages.empty());
    EXPECT_EQ(damages.front().code, base::ErrorCode::kStoreCorrupt);
    EXPECT_NE(damages.front().message.find("bad"), std::string::npos) << damages.front().message;
    world.crash();
    world.settle();
    EXPECT_EQ(world.engine->stats().held_back, 3U) << "they wait through a restart";
    ASSERT_TRUE(world.engine->stop(base::seconds(1)).has_value());
    world.close();
    rewrite_head(world, "bad", whole);
    world.open();
    world.settle();
    EXPECT_EQ(world.snapshot("bad").record.output, "xxx");
    EXPECT_EQ(world.engine->stats().held_back, 0U);
    EXPECT_EQ(world.engine->stats().rescues, 0U);
  }
}

}  // namespace
}  // namespace perdure::engine

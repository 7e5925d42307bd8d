// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Speculative activities: what they may run ahead of, what they may not, and what a crash leaves.
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/testing/script.h"
#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using testing::answered;
using testing::World;

/// Everything that can happen without a commit. How many items a worker ran.
std::size_t run_ahead(World& world) {
  std::size_t ran = 0;
  for (std::size_t more = 1; more > 0; ran += more) {
    while (world.engine->step()) {
    }
    more = world.work();
  }
  return ran;
}

/// A crash that leaves something to do: a timer that is due in an hour.
void restart(World& world) {
  world.start("before", "nap", "3600000");
  world.settle();
  world.crash();
}

TEST(Speculation, RunsAWholeChainBeforeItsFirstCommitAndTellsNobody) {
  World world;
  const auto appends = world.log->appends();
  const World::Answer started = world.start("a", "dash", "5");
  EXPECT_EQ(run_ahead(world), 11U) << "five activities and the turns around them";
  EXPECT_EQ(world.engine->stats().speculated, 5U);
  EXPECT_EQ(world.log->appends(), appends);
  EXPECT_FALSE(started->has_value()) << "a client was told of what a crash takes back";
  world.engine->commit();
  EXPECT_EQ(world.log->appends(), appends + 1);
  ASSERT_NE(answered<model::Started>(started), nullptr);
  EXPECT_EQ(world.snapshot("a").record.output, "5");
  EXPECT_EQ(testing::complaint_about(world.history("a")), "");
}

TEST(Speculation, IsOnlyForWhatIsDeclaredSo) {
  World world;
  world.start("a", "chain", "5");
  EXPECT_EQ(run_ahead(world), 1U) << "the first turn";
  EXPECT_EQ(world.engine->stats().speculated, 0U);
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "5");
}

TEST(Speculation, ACrashTakesBackEverythingThatNobodySaw) {
  World world;
  world.start("a", "dash", "5");
  run_ahead(world);
  world.crash();
  const World::Answer seen = world.get("a");
  world.settle();
  const auto* error = answered<base::Error>(seen);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, base::ErrorCode::kNotFound);
}

TEST(Speculation, AfterACrashWhatWasAcknowledgedGoesOnFromThere) {
  World world;
  const World::Answer started = world.start("a", "dash", "5");
  while (world.engine->step()) {
  }
  world.engine->commit();
  ASSERT_NE(answered<model::Started>(started), nullptr);
  run_ahead(world);
  world.crash();
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "5");
  EXPECT_EQ(testing::complaint_about(world.history("a")), "");
  EXPECT_EQ(world.engine->stats().rescues, 0U);
}

// What ended the process would end it again, and no attempt would ever be counted.
TEST(Speculation, PausesAfterARestartThatLeftSomethingToDo) {
  World world;
  restart(world);
  world.start("a", "dash", "3");
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "3");
  EXPECT_EQ(world.engine->stats().speculated, 0U);
  world.clock.advance(kSpeculationPause);
  world.start("b", "dash", "3");
  world.settle();
  EXPECT_EQ(world.snapshot("b").record.output, "3");
  EXPECT_EQ(world.engine->stats().speculated, 3U);
}

TEST(Speculation, IsForTheFirstHandOutAlone) {
  World world;
  world.start("a", "dash", "1");
  while (world.engine->step()) {
  }
  EXPECT_EQ(world.work(), 1U) << "the turn";
  while (world.engine->step()) {
  }
  ASSERT_EQ(world.pull(1).size(), 1U) << "the activity, whose worker dies of it";
  world.replace_worker();
  EXPECT_EQ(run_ahead(world), 0U) << "the next attempt is counted first, durably";
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "1");
  EXPECT_EQ(world.engine->stats().speculated, 1U);
}

}  // namespace
}  // namespace perdure::engine

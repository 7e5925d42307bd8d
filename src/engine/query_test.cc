// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/query.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using testing::World;

std::set<std::string> ids_of(World& world, const InstanceFilter& filter, std::size_t page_size) {
  std::set<std::string> ids;
  PageRequest request{.count_max = page_size, .continuation = {}};
  do {
    auto page = world.engine->list(filter, request);
    EXPECT_TRUE(page.has_value());
    if (!page) break;
    EXPECT_LE(page->instances.size(), page_size);
    for (const auto& instance : page->instances) {
      EXPECT_TRUE(ids.insert(instance.key.id).second) << "listed twice";
    }
    request.continuation = page->continuation;
  } while (!request.continuation.empty());
  return ids;
}

TEST(Query, ListsEveryInstanceOnceInPages) {
  World world;
  for (int i = 0; i < 50; ++i) world.start("i" + std::to_string(i), "fan", "40");
  world.engine->run_until_idle();
  world.work();  // now each has many rows
  world.engine->run_until_idle();
  EXPECT_EQ(ids_of(world, {.hub = "h"}, 7).size(), 50U);
  EXPECT_EQ(ids_of(world, {.hub = "h"}, 1000).size(), 50U);
  EXPECT_TRUE(ids_of(world, {.hub = "other"}, 7).empty());
}

TEST(Query, ListsWhatTheFilterSays) {
  World world;
  world.start("chain1", "chain", "1");
  world.settle();
  const base::Timestamp between = world.clock.now() + base::seconds(1);
  world.clock.advance(base::seconds(2));
  world.start("chain2", "chain", "1");
  world.start("nap1", "nap", "1000");
  world.settle();
  using Ids = std::set<std::string>;
  EXPECT_EQ(ids_of(world, {.hub = "h", .name = "chain"}, 9), (Ids{"chain1", "chain2"}));
  EXPECT_EQ(ids_of(world, {.hub = "h", .id_prefix = "nap"}, 9), Ids{"nap1"});
  const auto running = model::kNoStatus.with(model::Status::kRunning);
  EXPECT_EQ(ids_of(world, {.hub = "h", .statuses = running}, 9), Ids{"nap1"});
  EXPECT_EQ(ids_of(world, {.hub = "h", .created_from = between}, 9), (Ids{"chain2", "nap1"}));
  EXPECT_EQ(ids_of(world, {.hub = "h", .created_to = between}, 9), Ids{"chain1"});
  EXPECT_TRUE(ids_of(world, {.hub = "h", .tags = {{"a", "b"}}}, 9).empty());
}

TEST(Query, RefusesAContinuationThatIsNone) {
  World world;
  EXPECT_FALSE(
      world.engine->list({.hub = "h"}, {.count_max = 1, .continuation = "zz"}).has_value());
  EXPECT_FALSE(world.engine->list({}, {}).has_value()) << "without a hub";
}

TEST(Query, MakesDurableWhatAListShows) {
  World world;
  world.start("a", "nap", "1000");
  ASSERT_TRUE(world.engine->step());
  ASSERT_EQ(ids_of(world, {.hub = "h"}, 9).size(), 1U);
  world.crash();
  EXPECT_EQ(ids_of(world, {.hub = "h"}, 9).size(), 1U);
}

TEST(Query, PagesAHistoryWithoutGapsFromAnyEvent) {
  World world;
  world.start("a", "chain", "30");
  world.settle();
  const std::vector<model::Event> all = world.history("a");
  ASSERT_GT(all.size(), 90U);
  for (std::size_t from = 0; from < all.size(); ++from) {
    auto page = world.engine->history(World::key("a"), from, 1);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    ASSERT_FALSE(page->events.empty());
    for (std::size_t i = 0; i < page->events.size(); ++i) {
      EXPECT_EQ(page->events[i], all[from + i]);
    }
  }
  auto behind = world.engine->history(World::key("a"), all.size(), 1000);
  ASSERT_TRUE(behind.has_value());
  EXPECT_TRUE(behind->events.empty());
  EXPECT_FALSE(behind->next.has_value());
  auto unknown = world.engine->history(World::key("nobody"), 0, 1000);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, base::ErrorCode::kNotFound);
}

TEST(Query, PurgesEndedInstancesPageByPageAndLeavesTheOthers) {
  World world;
  for (int i = 0; i < 25; ++i) world.start("c" + std::to_string(i), "chain", "1");
  world.start("live", "nap", "1000");
  world.settle();
  std::size_t purged = 0;
  PageRequest request{.count_max = 10, .continuation = {}};
  do {
    auto page = world.engine->purge_where({.hub = "h"}, request);
    ASSERT_TRUE(page.has_value());
    purged += page->purged;
    EXPECT_EQ(page->skipped, 0U);
    request.continuation = page->continuation;
  } while (!request.continuation.empty());
  EXPECT_EQ(purged, 25U);
  EXPECT_EQ(ids_of(world, {.hub = "h"}, 100), std::set<std::string>{"live"});
}

}  // namespace
}  // namespace perdure::engine

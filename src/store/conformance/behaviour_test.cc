// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The law for every pair, while nothing goes wrong.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/prng.h"
#include "store/conformance/model_store.h"
#include "store/conformance/pairs.h"
#include "store/store.h"

namespace perdure::store::conformance {
namespace {

using base::ErrorCode;
using model::Space;

template <class Pair>
class Behaviour : public ::testing::Test {
 protected:
  Pair world_;
};
using Pairs = ::testing::Types<FileRocks, FileMemory, MemoryRocks, MemoryMemory>;
TYPED_TEST_SUITE(Behaviour, Pairs, PairNames);

TYPED_TEST(Behaviour, AStagedWriteIsSeenAtOnceAndDurableAfterTheFlush) {
  const auto store = must(this->world_.open());
  const Position before = store->durable();
  const Position position = stage(*store, put("a", "1"));
  EXPECT_EQ(position.value, before.value + 1);
  EXPECT_EQ(store->staged(), position);
  EXPECT_EQ(store->durable(), before);
  EXPECT_EQ(must(store->get(Space::kInstance, "a")), "1");
  EXPECT_EQ(scan(*store, Space::kInstance), (Rows{{"a", "1"}}));
  EXPECT_EQ(must(store->flush()), position);
  EXPECT_EQ(store->durable(), position);
  EXPECT_EQ(store->staged(), position);
}

TYPED_TEST(Behaviour, AFlushOfNothingDoesNothing) {
  const auto store = must(this->world_.open());
  stage(*store, put("a", "1"));
  const Position position = must(store->flush());
  const auto flushes = store->stats().flushes;
  EXPECT_EQ(must(store->flush()), position);
  EXPECT_EQ(must(store->stage({}, {})), position);
  EXPECT_EQ(must(store->flush()), position);
  EXPECT_EQ(store->stats().flushes, flushes);
}

TYPED_TEST(Behaviour, TheLastWriteOfAKeyWinsInEveryLayer) {
  const auto store = must(this->world_.open());
  const auto expect = [&store](std::optional<std::string> value) {
    EXPECT_EQ(must(store->get(Space::kInstance, "a")), value);
    const Rows rows = value ? Rows{{"a", *value}} : Rows{};
    EXPECT_EQ(scan(*store, Space::kInstance), rows);
  };
  stage(*store, put("a", "1"), put("a", "2"));
  expect("2");
  must(store->flush());
  must(store->checkpoint());
  expect("2");
  stage(*store, put("a", "3"));
  expect("3");
  stage(*store, drop("a"));
  expect(std::nullopt);
  must(store->flush());
  expect(std::nullopt);
  must(store->checkpoint());
  expect(std::nullopt);
  stage(*store, put("a", "4"));
  must(store->checkpoint());  // flushes what is open
  expect("4");
  EXPECT_EQ(store->staged(), store->durable());
}

TYPED_TEST(Behaviour, AScrubStepsThroughTheFilesInOrderAndEnds) {
  const auto store = must(this->world_.open());
  stage(*store, put("a", "1"));
  must(store->checkpoint());
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (std::string after;;) {
    const auto file = must(store->scrub(after));
    if (!file) break;
    ASSERT_GT(file->name, after);
    after = file->name;
    ++files;
    bytes += file->bytes;
  }
  EXPECT_GT(files, 0U);
  EXPECT_GT(bytes, 0U);
  EXPECT_EQ(store->stats().files_scrubbed, files);
  EXPECT_EQ(store->stats().bytes_scrubbed, bytes);
}

TYPED_TEST(Behaviour, SpacesAreSeparateAndKeysAreBytesInOrder) {
  const auto store = must(this->world_.open());
  const std::string low("\x00\x01", 2);
  const std::string mid = "\x7f";
  const std::string high = "\xff\xff";
  for (const Space space : kUserSpaces) {
    stage(*store, put(mid, "m", space), put(high, std::string(), space),
          put(low, std::string("\0v", 2), space));
  }
  stage(*store, drop(mid, Space::kHistory));
  const Rows all{{low, std::string("\0v", 2)}, {mid, "m"}, {high, ""}};
  const auto check = [&] {
    EXPECT_EQ(scan(*store, Space::kInstance), all);
    EXPECT_EQ(scan(*store, Space::kAgenda), all);
    EXPECT_EQ(scan(*store, Space::kHistory), (Rows{all[0], all[2]}));
    EXPECT_EQ(must(store->get(Space::kAgenda, high)), "");
  };
  check();
  must(store->checkpoint());
  check();
}

TYPED_TEST(Behaviour, AScanKeepsItsBoundsAndStopsWhenAsked) {
  const auto store = must(this->world_.open());
  for (int i = 0; i < 100; i += 2) stage(*store, put(fmt::format("k{:03}", i), "table"));
  must(store->checkpoint());
  for (int i = 1; i < 100; i += 2) stage(*store, put(fmt::format("k{:03}", i), "overlay"));
  const Rows some = scan(*store, Space::kInstance, "k010", "k020");
  ASSERT_EQ(some.size(), 10U);
  EXPECT_EQ(some.front().first, "k010");
  EXPECT_EQ(some.back().first, "k019");
  EXPECT_EQ(scan(*store, Space::kInstance, "k098", "").size(), 2U);
  EXPECT_TRUE(scan(*store, Space::kInstance, "k050", "k050").empty());
  EXPECT_TRUE(scan(*store, Space::kInstance, "l", "").empty());
  for (const std::size_t limit : {1U, 2U, 17U, 60U}) {
    std::vector<std::string> keys;
    must(store->scan(Space::kInstance, "", "", [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return keys.size() < limit;
    }));
    EXPECT_EQ(keys.size(), limit);
    EXPECT_EQ(keys.back(), fmt::format("k{:03}", limit - 1));
  }
}

TYPED_TEST(Behaviour, TheVisitorOfAScanMayUseTheStore) {
  const auto store = must(this->world_.open());
  for (int i = 0; i < 50; ++i) stage(*store, put(fmt::format("k{:03}", i), "v"));
  must(store->checkpoint());
  for (int i = 50; i < 100; ++i) stage(*store, put(fmt::format("k{:03}", i), "v"));
  int seen = 0;
  must(store->scan(Space::kInstance, "", "", [&](std::string_view key, std::string_view) {
    ++seen;
    EXPECT_EQ(must(store->get(Space::kInstance, key)), "v");
    stage(*store, put("other", "x", Space::kAgenda));
    return true;
  }));
  EXPECT_EQ(seen, 100);
}

TYPED_TEST(Behaviour, WhatIsBornAndDiesInOneGroupNeverReachesTheDisk) {
  const auto store = must(this->world_.open());
  const StoreStats before = store->stats();
  stage(*store, put_fresh("born", "x"), put("stays", "y"));
  stage(*store, drop("born"));
  must(store->flush());
  StoreStats after = store->stats();
  EXPECT_EQ(after.rows_logged - before.rows_logged, 1U);
  EXPECT_EQ(after.rows_collapsed, 1U);
  EXPECT_EQ(after.overlay_rows - before.overlay_rows, 1U);
  EXPECT_EQ(must(store->get(Space::kInstance, "born")), std::nullopt);

  // A key that may be below is deleted with a tombstone, whatever happens to it above.
  stage(*store, drop("stays"), put_fresh("stays", "z"), drop("stays"));
  must(store->checkpoint());
  EXPECT_EQ(must(store->get(Space::kInstance, "stays")), std::nullopt);
  EXPECT_EQ(store->stats().rows_collapsed, 1U);
}

TYPED_TEST(Behaviour, AFreshRowIsFreshOnlyInItsOwnGroup) {
  {
    const auto store = must(this->world_.open());
    stage(*store, put_fresh("a", "1"));
    must(store->flush());
    stage(*store, put("a", "2"));
    stage(*store, drop("a"));
    must(store->flush());
    EXPECT_EQ(store->stats().rows_collapsed, 0U);
  }
  EXPECT_EQ(must(must(this->world_.open())->get(Space::kInstance, "a")), std::nullopt);
}

TYPED_TEST(Behaviour, AGroupThatCollapsedToNothingStillReachesItsPosition) {
  const auto store = must(this->world_.open());
  const Position position = stage(*store, put_fresh("born", "x"));
  stage(*store, drop("born"));
  EXPECT_EQ(must(store->flush()), position);
  EXPECT_EQ(store->durable(), position);
}

TYPED_TEST(Behaviour, ACollapseLeavesTheOthersOfTheGroupAlone) {
  ModelStore expected;
  {
    const auto store = must(this->world_.open());
    std::vector<Write> writes;
    for (int i = 0; i < 20; ++i) writes.push_back(put_fresh(fmt::format("k{}", i), "v"));
    for (int i = 0; i < 20; i += 3) writes.push_back(drop(fmt::format("k{}", i)));
    writes.push_back(put("k1", "changed"));
    expected.apply(writes);
    must(store->stage({}, writes));
    must(store->flush());
    EXPECT_TRUE(holds(*store, expected));
  }
  EXPECT_TRUE(holds(*must(this->world_.open()), expected));
}

TYPED_TEST(Behaviour, AnEarlierOwnerIsFencedOff) {
  const auto store = must(this->world_.open());
  const auto first = must(store->acquire({2}));
  must(store->stage({{{2}, first}}, {put("a", "1")}));
  const auto second = must(store->acquire({2}));
  EXPECT_GT(second, first);
  const auto refused = store->stage({{{2}, first}}, {put("a", "stale"), put("b", "stale")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFenced);
  EXPECT_NE(refused.error().message.find("shard 2"), std::string::npos);
  EXPECT_EQ(must(store->get(Space::kInstance, "a")), "1");
  EXPECT_EQ(must(store->get(Space::kInstance, "b")), std::nullopt);
  must(store->stage({{{2}, second}}, {put("a", "2")}));
  // One stale fence among good ones refuses all.
  const auto other = must(store->acquire({1}));
  EXPECT_FALSE(store->stage({{{1}, other}, {{2}, first}}, {put("c", "x")}));
  EXPECT_EQ(must(store->get(Space::kInstance, "c")), std::nullopt);
}

TYPED_TEST(Behaviour, EpochsGrowAcrossRestartsAndCheckpoints) {
  std::vector<model::Epoch> last;
  for (int life = 0; life < 3; ++life) {
    const auto store = must(this->world_.open());
    const auto epochs = must(store->acquire_all());
    ASSERT_EQ(epochs.size(), 4U);
    for (std::size_t shard = 0; shard < last.size(); ++shard)
      EXPECT_EQ(epochs[shard].value, last[shard].value + 1);
    last = epochs;
    EXPECT_EQ(store->durable(), store->staged()) << "an epoch is durable before it is told";
    if (life == 1) must(store->checkpoint());
  }
}

TYPED_TEST(Behaviour, RefusesWhatIsNotTheCallersAndChangesNothing) {
  const auto store = must(this->world_.open());
  const Position before = store->staged();
  const auto own =
      store->stage({}, {put("a", "1"), put(std::string("\0format", 7), "9", Space::kMeta)});
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->stage({{{4}, {0}}}, {put("a", "1")}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->acquire({4}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->staged(), before);
  EXPECT_EQ(must(store->get(Space::kInstance, "a")), std::nullopt);
  must(store->stage({}, {put("mine", "1", Space::kMeta)}));
  EXPECT_EQ(must(store->get(Space::kMeta, "mine")), "1");
}

TYPED_TEST(Behaviour, AnExistingStoreKeepsItsShards) {
  EXPECT_EQ(must(this->world_.open({.shard_count = 7}))->shard_count(), 7U);
  EXPECT_EQ(must(this->world_.open({.shard_count = 64}))->shard_count(), 7U);
}

TYPED_TEST(Behaviour, AStoreIsKnownByItsId) {
  must(this->world_.open({.id = "sixteen bytes id"}));
  must(this->world_.open({.id = "sixteen bytes id"}));
  must(this->world_.open());
  const auto other = this->world_.open({.id = "another bytes id"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kStoreForeign);
}

TYPED_TEST(Behaviour, ATableWithoutItsLogIsRefused) {
  {
    const auto store = must(this->world_.open());
    stage(*store, put("a", "1"));
    must(store->checkpoint());
    stage(*store, put("b", "1"));
    must(store->flush());
  }
  this->world_.forget_log();
  const auto no_log = this->world_.open();
  ASSERT_FALSE(no_log);
  EXPECT_EQ(no_log.error().code, ErrorCode::kStoreCorrupt);
}

TYPED_TEST(Behaviour, ALogWithoutItsTableIsRefused) {
  {
    // Enough for several segments: the first ones are gone after the checkpoint.
    const auto store = must(this->world_.open());
    for (int i = 0; i < 20; ++i) {
      stage(*store, put("a", std::string(5000, 'x')));
      must(store->flush());
    }
    must(store->checkpoint());
    stage(*store, put("b", "1"));
    must(store->flush());
  }
  this->world_.forget_table();
  const auto no_table = this->world_.open();
  ASSERT_FALSE(no_table);
  EXPECT_EQ(no_table.error().code, ErrorCode::kStoreCorrupt);
}

TYPED_TEST(Behaviour, ACheckpointTrimsTheLogAndIsRepeatable) {
  const auto store = must(this->world_.open({.checkpoint_at_bytes = 20'000, .shard_count = 4}));
  while (!store->checkpoint_due()) {
    stage(*store, put("a", std::string(500, 'x')));
    must(store->flush());
  }
  must(store->checkpoint());
  EXPECT_FALSE(store->checkpoint_due());
  EXPECT_EQ(store->stats().overlay_rows, 0U);
  EXPECT_EQ(store->stats().overlay_bytes, 0U);
  EXPECT_EQ(store->stats().checkpoints, 1U);
  must(store->checkpoint());
  EXPECT_EQ(store->stats().checkpoints, 1U) << "there was nothing to fold";
}

TYPED_TEST(Behaviour, AFullLogMakesTheFlushDoTheCheckpoint) {
  const auto store = must(this->world_.open(
      {.checkpoint_at_bytes = 10'000, .log_bytes_max = 20'000, .shard_count = 4}));
  for (int i = 0; i < 200; ++i) {
    stage(*store, put(fmt::format("k{}", i % 50), std::string(700, 'x')));
    must(store->flush());
  }
  EXPECT_GE(store->stats().checkpoints, 3U);
  EXPECT_EQ(scan(*store, Space::kInstance).size(), 50U);
}

TYPED_TEST(Behaviour, HoldsABigGroup) {
  const std::string big(std::size_t{3} << 20, 'b');
  {
    const auto store = must(this->world_.open());
    stage(*store, put("a", "1"));
    must(store->flush());
    stage(*store, put("big", big), put("c", "3"));
    must(store->flush());
    stage(*store, put("d", "4"));
    must(store->flush());
  }
  const auto store = must(this->world_.open());
  EXPECT_EQ(must(store->get(Space::kInstance, "big")), big);
  must(store->checkpoint());
  EXPECT_EQ(must(store->get(Space::kInstance, "big")), big);
  EXPECT_EQ(scan(*store, Space::kInstance).size(), 4U);
}

/// Random writes, deletes, flushes, checkpoints and restarts; the store always equals the model.
template <class Pair>
void random_life(Pair& world, std::uint64_t seed, int steps) {
  base::Prng prng(seed);
  ModelStore model;
  auto store = must(world.open());
  const auto key = [&prng] { return fmt::format("key {:04}", prng.below(400)); };
  for (int step = 0; step < steps; ++step) {
    std::vector<Write> writes;
    for (std::uint64_t n = 1 + prng.below(12); n > 0; --n) {
      const Space space = kUserSpaces[prng.below(std::size(kUserSpaces))];
      std::string name = key();
      if (prng.chance(35)) {
        writes.push_back(drop(name, space));
        model.apply({writes.back()});
        continue;
      }
      const bool absent = !model.get(space, name).has_value();
      Write write = put(name, fmt::format("{}.{}", step, n), space);
      write.fresh = absent && prng.chance(50);
      writes.push_back(std::move(write));
      model.apply({writes.back()});
    }
    must(store->stage({}, std::move(writes)));
    if (prng.chance(40)) must(store->flush());
    if (prng.chance(6)) must(store->checkpoint());
    if (prng.chance(kSlowToOpen<Pair> ? 1 : 4)) {
      must(store->flush());
      store.reset();
      store = must(world.open());
    }
    const Space space = kUserSpaces[prng.below(std::size(kUserSpaces))];
    const std::string from = key();
    const std::string to = prng.chance(30) ? "" : key();
    ASSERT_EQ(scan(*store, space, from, to), model.rows(space, from, to)) << "step " << step;
    const std::string one = key();
    ASSERT_EQ(must(store->get(space, one)), model.get(space, one)) << "step " << step;
  }
  ASSERT_TRUE(holds(*store, model));
}

TYPED_TEST(Behaviour, EqualsTheModelThroughARandomLife) {
  const std::uint64_t lives = kSlowToOpen<TypeParam> ? 2 : 6;
  for (std::uint64_t seed = 1; seed <= lives; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TypeParam world;
    random_life(world, seed, 400);
  }
}

}  // namespace
}  // namespace perdure::store::conformance

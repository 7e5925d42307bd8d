// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The law for every pair, when something goes wrong: what a crash may take, what a failure stops,
// and that a restart mends both.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"
#include "store/conformance/model_store.h"
#include "store/conformance/pairs.h"
#include "store/store.h"

namespace perdure::store::conformance {
namespace {

using base::ErrorCode;
using model::Space;

template <class Pair>
class Crash : public ::testing::Test {
 protected:
  Pair world_;
};
using Pairs = ::testing::Types<FileRocks, FileMemory, MemoryRocks, MemoryMemory>;
TYPED_TEST_SUITE(Crash, Pairs, PairNames);

TYPED_TEST(Crash, TakesOnlyWhatWasNotFlushed) {
  base::Prng prng(1);
  {
    const auto store = must(this->world_.open());
    stage(*store, put("a", "1"));
    must(store->flush());
    stage(*store, put("a", "2"), put("b", "2"));
  }
  this->world_.power_cut(prng);
  const auto store = must(this->world_.open());
  EXPECT_EQ(scan(*store, Space::kInstance), (Rows{{"a", "1"}}));
}

/// What every later call of a stopped store answers.
void expect_stopped(Store& store, const std::string& cause) {
  const auto refused = [&cause](const auto& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(result.error().message.find("stopped after: " + cause), std::string::npos)
        << result.error().message;
  };
  refused(store.stage({}, {put("x", "x")}));
  refused(store.flush());
  refused(store.checkpoint());
  refused(store.acquire({0}));
  refused(store.acquire_all());
}

TYPED_TEST(Crash, AFailedSyncStopsTheStoreAndARestartMendsIt) {
  base::Prng prng(2);
  {
    const auto store = must(this->world_.open());
    stage(*store, put("a", "1"));
    const Position durable = must(store->flush());
    this->world_.fail_next_sync();
    stage(*store, put("a", "2"));
    const auto failed = store->flush();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(store->durable(), durable);
    expect_stopped(*store, failed.error().message);
    EXPECT_EQ(must(store->get(Space::kInstance, "a")), "2") << "reads go on";
  }
  this->world_.power_cut(prng);
  const auto store = must(this->world_.open());
  const auto value = must(store->get(Space::kInstance, "a"));
  EXPECT_TRUE(value == "1" || value == "2");
  stage(*store, put("b", "3"));
  must(store->flush());
}

TYPED_TEST(Crash, AFullDiskIsSaidOnceAndThenTheStoreIsStopped) {
  const auto store = must(this->world_.open());
  this->world_.fill_log();
  stage(*store, put("a", "1"));
  const auto failed = store->flush();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kStorageFull);
  expect_stopped(*store, failed.error().message);
}

TYPED_TEST(Crash, AFailedFoldStopsTheStoreAndLosesNothing) {
  for (const FoldFault fault : {FoldFault::kBefore, FoldFault::kMiddle, FoldFault::kAfter}) {
    SCOPED_TRACE(fmt::format("fault {}", static_cast<int>(fault)));
    TypeParam world;
    base::Prng prng(3);
    ModelStore model;
    {
      const auto store = must(world.open());
      const auto write = [&](int from, int to, const std::string& value) {
        for (int i = from; i < to; ++i) {
          const Write one = i % 5 == 0 && value != "1" ? drop(fmt::format("k{:02}", i))
                                                       : put(fmt::format("k{:02}", i), value);
          model.apply({one});
          must(store->stage({}, {one}));
        }
        must(store->flush());
      };
      write(0, 40, "1");
      must(store->checkpoint());
      write(20, 60, "2");
      world.break_next_fold(fault);
      const auto failed = store->checkpoint();
      ASSERT_FALSE(failed);
      expect_stopped(*store, failed.error().message);
      EXPECT_TRUE(holds(*store, model)) << "reads go on";
    }
    world.power_cut(prng);
    auto store = must(world.open());
    EXPECT_TRUE(holds(*store, model));
    must(store->checkpoint());
    EXPECT_TRUE(holds(*store, model));
    store.reset();
    EXPECT_TRUE(holds(*must(world.open()), model));
  }
}

// ---- The prefix property ------------------------------------------------------------------------

/// A life of groups, checkpoints and overwrites that is the same every time, and that remembers the
/// state after each group.
struct Groups {
  std::vector<ModelStore> states{1};  // [n]: after n groups
  std::size_t acknowledged = 0;

  /// Ends at the first failure, as the owner of a store would.
  void run(Store& store, std::uint64_t seed, std::size_t count) {
    base::Prng prng(seed);
    acknowledged = states.size() - 1;
    for (std::size_t group = 0; group < count; ++group) {
      std::vector<Write> writes;
      for (std::uint64_t n = 1 + prng.below(6); n > 0; --n) {
        std::string key = fmt::format("key {}", prng.below(30));
        const Space space = kUserSpaces[prng.below(std::size(kUserSpaces))];
        writes.push_back(prng.chance(30) ? drop(std::move(key), space)
                                         : put(std::move(key),
                                               fmt::format("{} {} {}", seed, group,
                                                           std::string(prng.below(900), 'x')),
                                               space));
      }
      states.push_back(states.back());
      states.back().apply(writes);
      if (!store.stage({}, writes) || !store.flush()) return;
      acknowledged = states.size() - 1;
      if (group % 5 == 4 && !store.checkpoint()) return;
    }
  }

  /// Which state the store is in; nothing is kept of the ones behind it.
  void check_recovered(const Store& store) {
    std::size_t found = states.size();
    for (std::size_t n = acknowledged; n < states.size() && found == states.size(); ++n)
      if (holds(store, states[n])) found = n;
    ASSERT_LT(found, states.size())
        << "not a prefix that holds all " << acknowledged << " acknowledged groups";
    states.resize(found + 1);
  }
};

TYPED_TEST(Crash, WhereverTheLogStopsTheStateIsAPrefixWithEverythingAcknowledged) {
  constexpr std::size_t kGroups = 18;
  std::uint64_t steps = 0;
  {
    TypeParam calibrate;
    const auto store = must(calibrate.open());
    const std::uint64_t before = calibrate.log_steps();
    Groups groups;
    groups.run(*store, 7, kGroups);
    ASSERT_EQ(groups.acknowledged, kGroups);
    steps = calibrate.log_steps() - before;
    ASSERT_GE(steps, kGroups);
  }
  const std::uint64_t stride = kSlowToOpen<TypeParam> ? std::max<std::uint64_t>(1, steps / 8) : 1;
  for (std::uint64_t stop = 1; stop <= steps; stop += stride) {
    for (std::uint64_t seed = 0; seed < (kSlowToOpen<TypeParam> ? 1 : 3); ++seed) {
      SCOPED_TRACE(fmt::format("stop at step {} of {}, seed {}", stop, steps, seed));
      base::Prng prng(stop * 100 + seed);
      TypeParam world;
      Groups groups;
      {
        const auto store = must(world.open());
        world.stop_log_at(stop);
        groups.run(*store, 7, kGroups);
      }
      world.power_cut(prng);
      {
        const auto store = must(world.open());
        groups.check_recovered(*store);
        if (this->HasFatalFailure()) return;
        world.stop_log_at(1 + prng.below(12));
        groups.run(*store, 8, 4);
      }
      world.power_cut(prng);
      groups.check_recovered(*must(world.open()));
      if (this->HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(Crash, WhicheverFoldFailsTheStateIsEverythingAcknowledged) {
  for (const FoldFault fault : {FoldFault::kBefore, FoldFault::kMiddle, FoldFault::kAfter}) {
    for (std::size_t before = 0; before < (kSlowToOpen<TypeParam> ? 2 : 6); ++before) {
      SCOPED_TRACE(fmt::format("fault {} after {} rounds", static_cast<int>(fault), before));
      base::Prng prng(before);
      TypeParam world;
      Groups groups;
      {
        const auto store = must(world.open());
        for (std::size_t round = 0; round < before; ++round) groups.run(*store, round, 7);
        world.break_next_fold(fault);
        groups.run(*store, 100, 7);
      }
      world.power_cut(prng);
      groups.check_recovered(*must(world.open()));
      if (this->HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace perdure::store::conformance

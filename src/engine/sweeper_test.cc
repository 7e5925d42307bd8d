// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/sweeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "model/key.h"
#include "model/record.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"

namespace perdure::engine {
namespace {

class SweeperTest : public ::testing::Test {
 protected:
  SweeperTest() {
    for (std::uint32_t i = 0; i < 2; ++i) shards_.emplace_back(model::ShardId{i}, 2);
  }

  void put(std::string key) {
    std::string mark = model::encode_mark(key);
    std::vector<store::Write> writes;
    writes.push_back(
        {.space = model::Space::kAgenda, .key = std::move(key), .value = std::move(mark)});
    ASSERT_TRUE(store_->stage({}, std::move(writes)).has_value());
  }

  core::Shard& shard_of(const model::InstanceKey& key) {
    return shards_[model::shard_of(model::slot_of(key), 2).value];
  }

  Sweeper::Findings look(Sweeper& sweeper, base::Timestamp now) {
    auto findings = sweeper.look(*store_, shards_, now);
    EXPECT_TRUE(findings.has_value());
    return findings ? *std::move(findings) : Sweeper::Findings{};
  }

  std::unique_ptr<store::Store> store_ =
      *store::Store::open({.shard_count = 2},
                          std::make_unique<store::log::memory::MemoryLog>(
                              std::make_shared<store::log::memory::LogDisk>()),
                          std::make_unique<store::table::memory::MemoryTable>(
                              std::make_shared<store::table::memory::TableDisk>()));
  std::vector<core::Shard> shards_;
};

constexpr base::Timestamp kNow{1'000'000};

TEST_F(SweeperTest, NamesAnInstanceThatOwesWorkAndIsNotInMemory) {
  const model::InstanceKey key{"h", "forgotten"};
  put(model::ready_key(key));
  Sweeper sweeper({}, kNow);
  EXPECT_EQ(look(sweeper, kNow).suspicious, std::vector{key});
}

TEST_F(SweeperTest, NamesAnInstanceWhoseTurnIsDueButNotOutAndOneWhoseActivityIsNotOffered) {
  const model::InstanceKey due{"h", "due"};
  const model::InstanceKey pending{"h", "pending"};
  const model::InstanceKey well{"h", "well"};
  for (const auto& key : {due, pending, well}) put(model::ready_key(key));
  core::Instance& with_turn = shard_of(due).instances.add(due);
  with_turn.exists = true;
  with_turn.stored.record.status = model::Status::kRunning;
  with_turn.stored.prologue.push_back({});
  core::Instance& with_activity = shard_of(pending).instances.add(pending);
  with_activity.exists = true;
  with_activity.activities_pending = 1;
  core::Instance& with_worker = shard_of(well).instances.add(well);
  with_worker.exists = true;
  with_worker.activities_pending = 1;
  with_worker.offered.insert(model::TaskId{0});
  with_worker.stored.pending.emplace(model::TaskId{0}, model::PendingTask{});
  Sweeper sweeper({}, kNow);
  const auto findings = look(sweeper, kNow);
  EXPECT_EQ(findings.suspicious.size(), 2U);
  EXPECT_EQ(std::ranges::count(findings.suspicious, well), 0);
  EXPECT_EQ(findings.out, (std::vector<model::WorkToken>{model::ActivityToken{
                              .key = well, .execution = {}, .task = model::TaskId{0}}}));
}

TEST_F(SweeperTest, PutsATimerBackThatMemoryLost) {
  const model::InstanceKey key{"h", "sleeper"};
  put(model::timer_key(key, base::Timestamp{77}, model::Execution{1}, model::TaskId{0}));
  Sweeper sweeper({}, kNow);
  EXPECT_EQ(look(sweeper, kNow).timers_lost, 1U);
  EXPECT_EQ(shard_of(key).timers.earliest(), base::Timestamp{77});
  EXPECT_EQ(look(sweeper, kNow).timers_lost, 0U);
}

TEST_F(SweeperTest, LooksAtABoundedNumberOfRowsAStepAndAtAllOfThemInARound) {
  constexpr std::size_t kRows = 2 * kSweepRowsPerStep + 100;
  for (std::size_t i = 0; i < kRows; ++i) put(model::ready_key({"h", std::to_string(i)}));
  Sweeper sweeper({}, kNow);
  EXPECT_EQ(sweeper.next(), kNow + kSweepInterval);
  std::size_t found = 0;
  base::Timestamp now = sweeper.next();
  const base::Timestamp began = now;
  for (int steps = 0; steps < 3; ++steps) {
    const std::size_t here = look(sweeper, now).suspicious.size();
    EXPECT_LE(here, kSweepRowsPerStep);
    found += here;
    if (steps < 2) {
      EXPECT_EQ(sweeper.next(), now + kSweepPause);
    }
    now = sweeper.next();
  }
  EXPECT_EQ(found, kRows);
  EXPECT_EQ(now, began + kSweepInterval);
}

}  // namespace
}  // namespace perdure::engine

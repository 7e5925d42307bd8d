// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/prng.h"
#include "model/limits.h"

namespace perdure::model {
namespace {

constexpr std::uint32_t kSlots = 65'536;

std::vector<std::uint32_t> shard_counts() {
  std::vector<std::uint32_t> counts;
  for (std::uint32_t count = 1; count <= 130; ++count) counts.push_back(count);
  for (std::uint32_t count = 256; count <= kSlots; count *= 2) {
    counts.push_back(count - 1);
    counts.push_back(count);
    if (count < kSlots) counts.push_back(count + 1);
  }
  base::Prng random(1);
  for (int i = 0; i < 20; ++i)
    counts.push_back(1 + static_cast<std::uint32_t>(random.below(kSlots)));
  return counts;
}

TEST(Ids, KeepsTheSlotsOfKnownInstances) {
  // Stored keys begin with them: a change here loses every store.
  EXPECT_EQ(slot_of("default", "order-7").value, 0x046D);
  EXPECT_EQ(slot_of("default", "order-8").value, 0x18EC);
  EXPECT_EQ(slot_of("", "").value, 0x23F1);
  EXPECT_EQ(slot_of("h", "\xC3\xA9").value, 0xCA7E);
}

TEST(Ids, TellsTheHubFromTheId) {
  EXPECT_NE(slot_of("ab", "c"), slot_of("a", "bc"));
  EXPECT_NE(slot_of("a", ""), slot_of("", "a"));
  EXPECT_EQ(slot_of(InstanceKey{"hub", "id"}), slot_of("hub", "id"));
}

TEST(Ids, SpreadsSimilarIdsOverTheSlots) {
  constexpr int kIds = 100'000;
  std::vector<int> in_shard(kShardsDefault);
  for (int i = 0; i < kIds; ++i)
    ++in_shard[shard_of(slot_of("default", "order-" + std::to_string(i)), kShardsDefault).value];
  const int expected = kIds / static_cast<int>(kShardsDefault);
  EXPECT_GT(std::ranges::min(in_shard), expected * 85 / 100);
  EXPECT_LT(std::ranges::max(in_shard), expected * 115 / 100);
}

TEST(Ids, GivesEverySlotToExactlyOneShard) {
  for (const std::uint32_t count : shard_counts()) {
    std::uint32_t next = 0;
    for (std::uint32_t shard = 0; shard < count; ++shard) {
      const SlotRange range = slots_of(ShardId{shard}, count);
      ASSERT_EQ(range.first, next) << "shard " << shard << " of " << count;
      ASSERT_LE(range.first, range.last) << "shard " << shard << " of " << count;
      next = std::uint32_t{range.last} + 1;
    }
    ASSERT_EQ(next, kSlots) << count;
  }
}

TEST(Ids, FindsTheShardWhoseRangeHoldsTheSlot) {
  for (const std::uint32_t count : shard_counts()) {
    for (std::uint32_t slot = 0; slot < kSlots; slot += count > 1'000 ? 1 : 7) {
      const Slot at{static_cast<std::uint16_t>(slot)};
      const ShardId shard = shard_of(at, count);
      ASSERT_LT(shard.value, count);
      ASSERT_TRUE(slots_of(shard, count).contains(at)) << slot << " of " << count;
    }
  }
}

TEST(Ids, MakesShardsThatDifferByAtMostOneSlot) {
  for (const std::uint32_t count : shard_counts()) {
    int smallest = static_cast<int>(kSlots);
    int largest = 0;
    for (std::uint32_t shard = 0; shard < count; ++shard) {
      const SlotRange range = slots_of(ShardId{shard}, count);
      const int size = range.last - range.first + 1;
      smallest = std::min(smallest, size);
      largest = std::max(largest, size);
    }
    ASSERT_LE(largest - smallest, 1) << count;
  }
}

}  // namespace
}  // namespace perdure::model

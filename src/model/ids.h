// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What things are called. Values; free to copy.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace perdure::model {

/// One of 65,536 places an instance can live in, for ever: `slot_of(hub, id)`.
using Slot = base::Strong<struct SlotTag, std::uint16_t>;
/// A range of slots with one owner. Numbered from 0.
using ShardId = base::Strong<struct ShardIdTag, std::uint32_t>;
/// Grows by one whenever a shard changes hands; every commit carries it.
using Epoch = base::Strong<struct EpochTag, std::uint64_t>;
/// One run of an instance's code from its start: a start, a restart, a continue-as-new and a rewind
/// each begin a new one. Never used twice for one instance id, not even after a purge.
using Execution = base::Strong<struct ExecutionTag, std::uint64_t>;
/// What an orchestration calls one of its tasks: the number of the action that created it. >= 0.
using TaskId = base::Strong<struct TaskIdTag, std::int32_t>;
/// The place of an event in the history of an execution, from 0.
using EventNumber = std::uint64_t;
/// Which reply belongs to which call, within one process. 0 asks for no reply.
using RequestId = base::Strong<struct RequestIdTag, std::uint64_t>;
/// Counts hand-outs of one work item, from 1.
using Attempt = std::uint32_t;

inline constexpr RequestId kNoRequest{0};

/// One orchestration or entity, found by its id inside a task hub.
struct InstanceKey {
  std::string hub;
  std::string id;

  friend auto operator<=>(const InstanceKey&, const InstanceKey&) = default;
};

struct InstanceKeyHash {
  std::size_t operator()(const InstanceKey& key) const noexcept {
    const std::hash<std::string_view> hash;
    return hash(key.id) ^ (hash(key.hub) * 0x9E3779B97F4A7C15ULL);
  }
};

/// FNV-1a (64 bit) over hub, a zero byte and id. Not secret. Part of the record format: never
/// changes.
std::uint64_t hash_of(std::string_view hub, std::string_view id);

/// The hash, folded to 16 bits.
Slot slot_of(std::string_view hub, std::string_view id);
inline Slot slot_of(const InstanceKey& key) { return slot_of(key.hub, key.id); }

/// The slots [first, last] of one shard.
struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0xFFFF;

  [[nodiscard]] bool contains(Slot slot) const { return first <= slot.value && slot.value <= last; }
  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};

/// How 65,536 slots are spread over `shard_count` shards: contiguous, sizes differ by at most one.
/// REQUIRES: 1 <= shard_count <= 65,536.
ShardId shard_of(Slot slot, std::uint32_t shard_count);
SlotRange slots_of(ShardId shard, std::uint32_t shard_count);

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

namespace perdure::model {
namespace {

constexpr std::uint64_t kSlots = 65'536;

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace

std::uint64_t hash_of(std::string_view hub, std::string_view id) {
  const std::uint64_t hash = fnv1a(0xCBF29CE484222325ULL, hub);
  return fnv1a(fnv1a(hash, std::string_view("\0", 1)), id);
}

Slot slot_of(std::string_view hub, std::string_view id) {
  const std::uint64_t hash = hash_of(hub, id);
  return Slot{static_cast<std::uint16_t>(hash ^ (hash >> 16) ^ (hash >> 32) ^ (hash >> 48))};
}

ShardId shard_of(Slot slot, std::uint32_t shard_count) {
  return ShardId{static_cast<std::uint32_t>(slot.value * std::uint64_t{shard_count} / kSlots)};
}

SlotRange slots_of(ShardId shard, std::uint32_t shard_count) {
  // The inverse of shard_of: the first slot s with s * count / 65,536 >= shard, and the one before
  // the next shard's first.
  const auto first_of = [&](std::uint64_t index) {
    return (index * kSlots + shard_count - 1) / shard_count;
  };
  return SlotRange{static_cast<std::uint16_t>(first_of(shard.value)),
                   static_cast<std::uint16_t>(first_of(std::uint64_t{shard.value} + 1) - 1)};
}

}  // namespace perdure::model

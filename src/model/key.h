// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys of everything stored. A key lives in a space and begins with its slot, for ever, so that
// a shard is one contiguous range of every space. Numbers are big-endian: byte order is number
// order. Names end with a zero byte, which no name contains. docs/reference/records.md is the
// byte-by-byte description.
//
//   instance  slot hub 00 id 00 | 01                    the head row (InstanceRecord)
//                               | 02                    the prologue: what begins the next turn
//                               | 03 number:8           one message of the inbox
//                               | 04 task:4             one pending task
//                               | 05                    the state of an entity
//   history   slot hub 00 id 00 execution:8 first:8     one turn's events, from number `first`
//   agenda    slot 01 hub 00 id 00                      the instance owes work
//             slot 02 fire_at:8 hub 00 id 00 execution:8 task:4   one timer
//             slot 03 target:4 sequence:8               one message to another shard
//             slot 04 hub 00 id 00 execution:8          a history to delete
//             slot 05 target:4                          last sequence sent to a shard
//             slot 06 source:4                          last sequence taken from a shard
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"

namespace perdure::model {

/// A separately ordered set of keys. The numbers are stored.
enum class Space : std::uint8_t { kInstance = 1, kHistory = 2, kAgenda = 3, kMeta = 4 };
inline constexpr Space kSpaces[] = {Space::kInstance, Space::kHistory, Space::kAgenda,
                                    Space::kMeta};

/// Timer rows that belong to the instance, not to a task of its code.
inline constexpr TaskId kStartTimer{-1};      // scheduled start
inline constexpr TaskId kTombstoneTimer{-2};  // forget the tombstone

// ---- instance -----------------------------------------------------------------------------------

enum class Part : std::uint8_t { kHead = 1, kPrologue = 2, kInbox = 3, kTask = 4, kState = 5 };

/// The prefix of all rows of one instance in Space::kInstance.
std::string instance_prefix(const InstanceKey& key);
std::string head_key(const InstanceKey& key);
std::string prologue_key(const InstanceKey& key);
std::string inbox_key(const InstanceKey& key, std::uint64_t number);
std::string task_key(const InstanceKey& key, TaskId task);
std::string state_key(const InstanceKey& key);

struct InstanceRowKey {
  Slot slot;
  InstanceKey instance;
  Part part = Part::kHead;
  std::uint64_t number = 0;  // of the message or task
};
/// Nothing for bytes that are no such key.
std::optional<InstanceRowKey> parse_instance_row(std::string_view key);

// ---- history ------------------------------------------------------------------------------------

std::string history_prefix(const InstanceKey& key, Execution execution);
std::string history_key(const InstanceKey& key, Execution execution, EventNumber first);
/// The number of the first event in the row; nothing for bytes that are no such key.
std::optional<EventNumber> parse_history_first(std::string_view key);

// ---- agenda -------------------------------------------------------------------------------------

enum class AgendaKind : std::uint8_t {
  kReady = 1,
  kTimer = 2,
  kOutbox = 3,
  kGarbage = 4,
  kSent = 5,
  kTaken = 6
};

std::string ready_key(const InstanceKey& key);
std::string timer_key(const InstanceKey& key, base::Timestamp fire_at, Execution execution,
                      TaskId task);
/// The slot is the sender's.
std::string outbox_key(Slot slot, ShardId target, std::uint64_t sequence);
std::string garbage_key(const InstanceKey& key, Execution execution);
/// The slot is the first of the shard.
std::string sent_key(Slot slot, ShardId target);
std::string taken_key(Slot slot, ShardId source);

struct AgendaRowKey {
  Slot slot;
  AgendaKind kind = AgendaKind::kReady;
  InstanceKey instance;        // kReady, kTimer, kGarbage
  base::Timestamp fire_at;     // kTimer
  Execution execution;         // kTimer, kGarbage
  TaskId task;                 // kTimer
  ShardId shard;               // kOutbox, kSent: the target; kTaken: the source
  std::uint64_t sequence = 0;  // kOutbox
};
std::optional<AgendaRowKey> parse_agenda_row(std::string_view key);

/// The first key of a slot, in every space; and the first key behind all keys with this prefix
/// (empty: there is none).
std::string slot_prefix(Slot slot);
std::string prefix_end(std::string_view prefix);

}  // namespace perdure::model

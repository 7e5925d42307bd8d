// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The shard state machine: the heart of the platform, and pure. No clock, no randomness, no I/O, no
// threads; the same commands and facts give the same writes and effects, always.
//
//   while (!(missing = reads(shard, command, prefetched)).empty())  supply(...);   // then
//   apply(shard, command, prefetched, facts, effects);                            // some times,
//   then writes = take_writes(shard);                                                  // one
//   commit
//
// `apply` runs to the end and never waits. A bad command is answered by a Reply with an error and
// changes nothing. What apply changed is in take_writes: puts and deletes that must become durable
// together. Effects may leave when they are (effect.h says which earlier). After a restart the
// agenda's rows go to `restore_row`; `outstanding` and a Recover command for each instance named
// there give what the shard still owes the world. There is no replay flag.
//
// Owned by one executor; not thread-safe. A read that was not declared is a bug and stops the
// process (PERDURE_CHECK).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/parts/channels.h"
#include "core/parts/instances.h"
#include "core/parts/timers.h"
#include "core/parts/waiters.h"
#include "model/command.h"
#include "model/effect.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/record.h"
#include "model/write.h"

namespace perdure::core {

/// Everything that a transition may not find out by itself.
struct Facts {
  base::Timestamp now;
};

struct Shard {
  Shard(model::ShardId shard, std::uint32_t count)
      : id(shard), shard_count(count), slots(model::slots_of(shard, count)) {}

  model::ShardId id;
  std::uint32_t shard_count;
  model::SlotRange slots;
  /// A work item whose worker died this often fails instead of being handed out again.
  model::Attempt attempts_max = model::kAttemptsMax;
  GatherRules gather;

  Instances instances;
  Timers timers;
  Outbox outbox;
  Taken taken;
  Waiters waiters;
  /// The last execution number given to an entity: one that vanishes and comes back while the clock
  /// stands still is another one.
  model::Execution last_entity;
  /// Those that are parked: what a new worker may try again.
  std::set<model::InstanceKey> parked;

  /// What take_writes will answer: rows in the order touched, and the heads to encode at the end.
  std::vector<model::Write> writes;
  std::vector<Instance*> dirty;
  /// Messages found in the agenda at recovery, and histories to delete: until `outstanding` is
  /// asked.
  std::vector<model::Effect> restored;
};

/// A range of rows that a command needs.
struct Read {
  enum class Purpose : std::uint8_t { kInstance, kHistory, kGarbage };

  Purpose purpose = Purpose::kInstance;
  model::InstanceKey key;
  model::Space space = model::Space::kInstance;
  std::string from;
  std::string to;
  std::size_t rows_max = 0;  // 0: all
  /// A key in the range that is there if any is, where probably none is: looking for it alone is
  /// cheaper. Empty: no such hint.
  std::string first{};
};

using Rows = std::vector<std::pair<std::string, std::string>>;

/// Rows beyond the instance itself that one command needs. Begins empty for each command.
struct Prefetched {
  bool has_history = false;
  struct Chunk {
    std::string key;
    model::HistoryChunk chunk;
  };
  std::vector<Chunk> history;
  bool has_garbage = false;
  std::vector<std::string> garbage_keys;
};

/// What must be supplied before `command` can be applied. Ask again after supplying: where a
/// history lies is known only when the instance is there. Empty: go ahead.
std::vector<Read> reads(const Shard& shard, const model::Command& command,
                        const Prefetched& prefetched);

/// The rows of a read, all of them and in key order. Fails with kStoreCorrupt.
base::Result<> supply(Shard& shard, Prefetched& prefetched, const Read& read, const Rows& rows);

/// The only transition. REQUIRES: `reads` answers nothing. Effects are appended.
void apply(Shard& shard, model::Command&& command, const Prefetched& prefetched, const Facts& facts,
           std::vector<model::Effect>& effects);

/// Appends everything that changed since the last call, the last value of each head included.
void take_writes(Shard& shard, std::vector<model::Write>& into);
/// The same, alone.
std::vector<model::Write> take_writes(Shard& shard);

/// A row of the agenda, at recovery. An instance that owes work is added to `ready`.
base::Result<> restore_row(Shard& shard, std::string_view key, std::string_view value,
                           std::vector<model::InstanceKey>& ready);

/// The commit that changed an entity is durable: from now on clients see it.
void publish(Shard& shard, const model::PublishEntity& published);

/// What the recovered shard owes the world, apart from its instances. Once.
std::vector<model::Effect> outstanding(Shard& shard);

/// What a loaded instance owes and has not offered: its turn, its activities.
void outstanding(Shard& shard, Instance& instance, const Facts& facts,
                 std::vector<model::Effect>& effects);

/// The stored part of an instance from its rows: the recovery law compares it with the live one.
base::Result<StoredInstance> decode_instance(const model::InstanceKey& key, const Rows& rows);

}  // namespace perdure::core

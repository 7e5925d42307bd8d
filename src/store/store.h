// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The durable store: a log that says what just happened, a table that says what is, and an overlay
// in memory for what the table does not have yet. Everything above sees this one class.
//
// Life of a write. `stage` makes a set of writes visible to every reader and adds it to the open
// group. `flush` closes the group, appends it to the log as one checksummed record, syncs once, and
// answers with the position up to which everything is durable. Nothing staged may be acted upon
// outside this process before that (the output gate is the engine's). A write that is born and dies
// within one open group never reaches the disk. `checkpoint` folds the overlay into the table and
// trims the log.
//
// Threads: every method may be called from any thread. `stage` never waits for the disk. `flush`
// and `checkpoint` block; each is serialised with itself. The store starts no thread of its own:
// who drives it decides when the disk works.
//
// Failure: a sync that failed is never tried again. The store is poisoned: this and every later
// stage, flush and checkpoint answers kUnavailable, naming the first cause. Reopening is the way
// back: it recovers exactly what was durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "model/ids.h"
#include "model/key.h"
#include "store/log.h"
#include "store/table.h"

namespace perdure::store {

/// Proof of ownership: refused with kFenced if somebody acquired the shard since.
struct Fence {
  model::ShardId shard;
  model::Epoch epoch;
};

/// Called for each row in key order; false stops the scan.
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;

struct StoreOptions {
  /// Checkpoint is due (`checkpoint_due`) when the log holds more than this.
  std::uint64_t checkpoint_at_bytes = std::uint64_t{32} << 20;
  /// Back-pressure: above this, `flush` first waits for a checkpoint, or does one itself.
  std::uint64_t log_bytes_max = std::uint64_t{64} << 20;
  /// Of a new store; an existing one keeps its own.
  std::uint32_t shard_count = 64;
  /// kStoreIdBytes random bytes, written into a new store; an existing one must have the same.
  /// Empty: a new store has none, and an existing one is not asked.
  std::string id;
};

inline constexpr std::size_t kStoreIdBytes = 16;

/// The format of what the store itself writes: group records and the rows of its identity.
inline constexpr std::uint32_t kStoreFormat = 1;
/// What may be staged between two flushes, so that a group fits into one record of any log.
inline constexpr std::uint64_t kGroupBytesMax = std::uint64_t{256} << 20;

struct StoreStats {
  std::uint64_t flushes = 0;         // syncs of the log
  std::uint64_t log_bytes = 0;       // appended since open
  std::uint64_t rows_logged = 0;     // writes that reached the log
  std::uint64_t rows_collapsed = 0;  // rows that were born and died within a group
  std::uint64_t overlay_rows = 0;
  std::uint64_t overlay_bytes = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t replayed_records = 0;  // by the recovery at open
  std::uint64_t files_scrubbed = 0;
  std::uint64_t bytes_scrubbed = 0;
};

class Store final {
 public:
  /// Recovers: reads the table's position and replays the log behind it.
  static base::Result<std::unique_ptr<Store>> open(StoreOptions options, std::unique_ptr<Log> log,
                                                   std::unique_ptr<Table> table);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] std::uint32_t shard_count() const;

  /// Takes a shard over: from here on, commits under an earlier epoch are refused. Durable before
  /// it returns.
  base::Result<model::Epoch> acquire(model::ShardId shard);
  /// The same for every shard at once, with one sync; the epochs in shard order.
  base::Result<std::vector<model::Epoch>> acquire_all();

  /// All or nothing. The position is the one that `flush` must reach for these writes to be
  /// durable. Keys of Space::kMeta that begin with a zero byte are the store's own: refused.
  base::Result<Position> stage(const std::vector<Fence>& fences, std::vector<Write> writes);
  /// Does nothing if nothing is staged. Answers `durable()` afterwards.
  base::Result<Position> flush();
  [[nodiscard]] Position durable() const;
  /// The position of what is staged now: what a reader has seen is durable when this is.
  [[nodiscard]] Position staged() const;

  base::Result<std::optional<std::string>> get(model::Space space, std::string_view key) const;
  /// Rows with from <= key < to (`to` empty: to the end of the space).
  base::Result<> scan(model::Space space, std::string_view from, std::string_view to,
                      const RowVisitor& visit) const;

  [[nodiscard]] bool checkpoint_due() const;
  base::Result<> checkpoint();

  /// Verifies one file of the table (Table::scrub). A damage is told, and changes nothing here: who
  /// drives the store decides. The log needs none: it was read at open, and is short-lived.
  base::Result<std::optional<ScrubbedFile>> scrub(std::string_view after);

  [[nodiscard]] StoreStats stats() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::store

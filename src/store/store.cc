// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Three locks, always taken in this order, and why:
//   checkpointing  one fold at a time. Held for as long as a fold takes; nobody who only reads,
//                  stages or flushes needs it, unless the log is full.
//   logging        one append or trim at a time. Held across the sync. While it is free, everything
//                  that was closed is durable, or the store is poisoned.
//   state          the overlay, the positions, the epochs, the poison. Never held across I/O.
#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "store/group.h"
#include "store/meta.h"
#include "store/overlay.h"

namespace perdure::store {

using base::ErrorCode;
using base::Result;

namespace {

/// A record buffer larger than this is given back after use.
constexpr std::size_t kRecordBufferKept = std::size_t{4} << 20;

Position next(Position position) { return {position.value + 1}; }

}  // namespace

struct Store::Impl {
  Impl(StoreOptions with, std::unique_ptr<Log> its_log, std::unique_ptr<Table> its_table)
      : options(std::move(with)), log(std::move(its_log)), table(std::move(its_table)) {}

  // ---- Opening, before anybody else sees the store ----
  Result<> recover();
  Result<> replay_one(Position position, std::string_view record);
  Result<> create();
  Result<> load_identity();
  Result<> load_epochs();
  Result<std::uint64_t> own_number(const std::string& key) const;

  // ---- With `state` held ----
  [[nodiscard]] Position staged_locked() const;
  Result<> check_alive() const;
  Result<> check_fences(const std::vector<Fence>& fences) const;
  void enlist_fences(const std::vector<Fence>& fences);
  void stage_epoch(model::ShardId shard);
  void close_group();
  base::Error poison(base::Error cause);

  // ---- With `logging` held ----
  Result<Position> flush_upto(Position target);
  Result<> append_closed_group();
  /// Everything staged so far becomes durable and frozen; the position it reaches, or nothing if
  /// the table has it all.
  Result<std::optional<Position>> freeze();

  // ---- With `checkpointing` held ----
  Result<> checkpoint_now();

  Result<> make_room();
  Result<> fold_frozen(Position position);
  Result<> fail_with(base::Error cause);
  Result<Position> flush();

  const StoreOptions options;
  const std::unique_ptr<Log> log;  // it goes last: the lock of a store's folder lives as long
  const std::unique_ptr<Table> table;
  std::uint32_t shard_count = 0;

  std::mutex checkpointing;
  std::mutex logging;
  mutable std::mutex state;

  std::string record;                        // logging: the group being appended
  std::atomic<std::uint64_t> log_bytes = 0;  // as the log said last

  // state:
  Overlay overlay;
  Position closed;   // the last group that was closed
  Position durable;  // the last group that the log has
  std::vector<model::Epoch> epochs;
  std::vector<Fence> group_fences;          // of the open group, a shard once
  std::vector<std::uint32_t> group_fenced;  // by shard: its index in group_fences + 1, or 0
  std::optional<std::string> poisoned;      // the first cause
  StoreStats counters;
};

// ---- Opening ------------------------------------------------------------------------------------

Result<> Store::Impl::recover() {
  closed = durable = table->position();
  const auto visit = [this](Position position, std::string_view bytes) {
    return replay_one(position, bytes);
  };
  PERDURE_RETURN_IF_ERROR(log->replay(table->position(), visit));
  log_bytes = log->bytes();
  const auto format = overlay.find(model::Space::kMeta, format_row_key());
  if (format == nullptr && closed == Position{0}) return create();
  return load_identity();
}

Result<> Store::Impl::replay_one(Position position, std::string_view bytes) {
  if (position != next(closed)) {
    return base::fail(
        ErrorCode::kStoreCorrupt,
        fmt::format("the log goes from record {} to record {}: what is between is missing; restore "
                    "the store from a copy",
                    closed.value, position.value));
  }
  auto group = decode_group(bytes);
  if (!group) {
    return base::fail(group.error().code, fmt::format("record {} of the log: {}", position.value,
                                                      group.error().message));
  }
  for (const GroupRow& row : group->rows) overlay.restore(row);
  closed = durable = position;
  ++counters.replayed_records;
  return {};
}

Result<> Store::Impl::create() {
  if (options.shard_count == 0 || options.shard_count > 65'536) {
    return base::fail(
        ErrorCode::kInvalidArgument,
        fmt::format("a store can not have {} shards: choose 1 to 65536", options.shard_count));
  }
  if (!options.id.empty() && options.id.size() != kStoreIdBytes) {
    return base::fail(
        ErrorCode::kInvalidArgument,
        fmt::format("the id of a store has {} bytes, not {}", kStoreIdBytes, options.id.size()));
  }
  shard_count = options.shard_count;
  epochs.resize(shard_count);
  group_fenced.resize(shard_count);
  const auto put = [this](std::string key, std::string row) {
    overlay.write({model::Space::kMeta, std::move(key), std::move(row), false});
  };
  put(format_row_key(), seal_number(format_row_key(), kStoreFormat));
  put(identity_row_key(), seal(identity_row_key(), options.id));
  put(shard_count_row_key(), seal_number(shard_count_row_key(), shard_count));
  PERDURE_RETURN_IF_ERROR(flush());
  return {};
}

Result<std::uint64_t> Store::Impl::own_number(const std::string& key) const {
  std::optional<std::string> row;
  if (const auto* found = overlay.find(model::Space::kMeta, key)) {
    row = found->value;
  } else {
    PERDURE_ASSIGN_OR_RETURN(row, table->get(model::Space::kMeta, key));
  }
  if (!row) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the store holds {} records but not its own row '{}'; restore it "
                                  "from a copy",
                                  closed.value, key.substr(1)));
  }
  return unseal_number(key, *row);
}

Result<> Store::Impl::load_identity() {
  PERDURE_ASSIGN_OR_RETURN(const std::uint64_t format, own_number(format_row_key()));
  if (format > kStoreFormat) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("the store was made by a newer version of this program (store "
                                  "format {}, this one knows {}); use that version",
                                  format, kStoreFormat));
  }
  PERDURE_ASSIGN_OR_RETURN(const std::uint64_t shards, own_number(shard_count_row_key()));
  if (shards == 0 || shards > 65'536) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the store says that it has {} shards", shards));
  }
  shard_count = static_cast<std::uint32_t>(shards);
  epochs.resize(shard_count);
  group_fenced.resize(shard_count);

  std::optional<std::string> row;
  if (const auto* found = overlay.find(model::Space::kMeta, identity_row_key())) {
    row = found->value;
  } else {
    PERDURE_ASSIGN_OR_RETURN(row, table->get(model::Space::kMeta, identity_row_key()));
  }
  PERDURE_ASSIGN_OR_RETURN(const std::string id, unseal(identity_row_key(), row.value_or("")));
  if (!options.id.empty() && options.id != id) {
    return base::fail(ErrorCode::kStoreForeign,
                      "the log and the table belong to another store than the folder they are in: "
                      "files of two stores were mixed; restore the folder from one copy");
  }
  return load_epochs();
}

Result<> Store::Impl::load_epochs() {
  Result<> bad;
  const auto take = [this, &bad](std::string_view key, std::string_view row) {
    const auto shard = parse_epoch_row(key);
    const auto epoch = unseal_number(key, row);
    if (!shard || shard->value >= shard_count || !epoch) {
      bad =
          base::fail(ErrorCode::kStoreCorrupt, "the store's record of a shard's epoch is damaged");
      return false;
    }
    epochs[shard->value] = model::Epoch{*epoch};
    return true;
  };
  const std::string from = epoch_rows_begin();
  const std::string to = epoch_rows_end();
  PERDURE_RETURN_IF_ERROR(table->scan(model::Space::kMeta, from, to, take));
  if (!bad) return bad;
  // Nothing is frozen yet: the active generation is all there is above the table.
  auto at = overlay.active().rows(model::Space::kMeta).range(from, to);
  for (; !at.ended(); at.next()) {
    if (at.row().value && !take(at.key(), *at.row().value)) break;
  }
  return bad;
}

// ---- State --------------------------------------------------------------------------------------

Position Store::Impl::staged_locked() const { return overlay.group_open() ? next(closed) : closed; }

Result<> Store::Impl::check_alive() const {
  if (!poisoned) return {};
  return base::fail(ErrorCode::kUnavailable,
                    fmt::format("the store stopped after: {}; open it again to go on from what is "
                                "durable",
                                *poisoned));
}

base::Error Store::Impl::poison(base::Error cause) {
  if (!poisoned) poisoned = cause.message;
  return cause;
}

Result<> Store::Impl::fail_with(base::Error cause) {
  const std::lock_guard lock(state);
  return std::unexpected(poison(std::move(cause)));
}

Result<> Store::Impl::check_fences(const std::vector<Fence>& fences) const {
  for (const Fence& fence : fences) {
    if (fence.shard.value >= shard_count) {
      return base::fail(
          ErrorCode::kInvalidArgument,
          fmt::format("there is no shard {}: the store has {}", fence.shard.value, shard_count));
    }
    const model::Epoch current = epochs[fence.shard.value];
    if (fence.epoch != current) {
      return base::fail(ErrorCode::kFenced,
                        fmt::format("shard {} is at epoch {}, this write comes from epoch {}: "
                                    "somebody else owns the shard now",
                                    fence.shard.value, current.value, fence.epoch.value));
    }
  }
  return {};
}

void Store::Impl::enlist_fences(const std::vector<Fence>& fences) {
  for (const Fence& fence : fences) {
    std::uint32_t& index = group_fenced[fence.shard.value];
    if (index == 0) {
      group_fences.push_back(fence);
      index = static_cast<std::uint32_t>(group_fences.size());
    }
    group_fences[index - 1].epoch = fence.epoch;  // the latest owner's
  }
}

void Store::Impl::stage_epoch(model::ShardId shard) {
  model::Epoch& epoch = epochs[shard.value];
  ++epoch.value;
  std::string key = epoch_row_key(shard);
  std::string row = seal_number(key, epoch.value);
  overlay.write({model::Space::kMeta, std::move(key), std::move(row), false});
}

void Store::Impl::close_group() {
  if (record.capacity() > kRecordBufferKept) record = {};
  record.clear();
  counters.rows_logged += overlay.group_rows();
  overlay.close_group(group_fences, record);
  for (const Fence& fence : group_fences) group_fenced[fence.shard.value] = 0;
  group_fences.clear();
  closed = next(closed);
}

// ---- Flush and checkpoint -----------------------------------------------------------------------

Result<> Store::Impl::append_closed_group() {
  const auto appended = log->append(closed, record);
  const std::lock_guard lock(state);
  if (!appended) return std::unexpected(poison(appended.error()));
  log_bytes = log->bytes();
  durable = closed;
  ++counters.flushes;
  counters.log_bytes += record.size();
  return {};
}

Result<Position> Store::Impl::flush_upto(Position target) {
  {
    const std::lock_guard lock(state);
    if (durable >= target) return durable;
    PERDURE_RETURN_IF_ERROR(check_alive());
    PERDURE_CHECK(overlay.group_open(), "what is not durable and not being appended is open");
    close_group();
  }
  PERDURE_RETURN_IF_ERROR(append_closed_group());
  return closed;  // nobody else closes a group while `logging` is held
}

Result<Position> Store::Impl::flush() {
  Position target;
  {
    const std::lock_guard lock(state);
    PERDURE_RETURN_IF_ERROR(check_alive());
    target = staged_locked();
    if (durable >= target) return durable;
  }
  PERDURE_RETURN_IF_ERROR(make_room());
  const std::lock_guard lock(logging);
  return flush_upto(target);
}

Result<> Store::Impl::make_room() {
  if (log_bytes.load() <= options.log_bytes_max) return {};
  const std::lock_guard lock(checkpointing);
  if (log_bytes.load() <= options.log_bytes_max) return {};  // it was done while we waited
  return checkpoint_now();
}

Result<std::optional<Position>> Store::Impl::freeze() {
  bool append = false;
  {
    const std::lock_guard lock(state);
    PERDURE_RETURN_IF_ERROR(check_alive());
    append = overlay.group_open();
    if (append) close_group();
    if (closed == table->position()) return std::nullopt;
    overlay.freeze();
  }
  if (append) PERDURE_RETURN_IF_ERROR(append_closed_group());
  return closed;
}

Result<> Store::Impl::fold_frozen(Position position) {
  const auto each = [this](const std::function<void(const Write&)>& take) {
    Write write;  // one for all rows: its strings keep their memory
    for (const model::Space space : model::kSpaces) {
      write.space = space;
      for (auto at = overlay.frozen().rows(space).all(); !at.ended(); at.next()) {
        write.key = at.key();
        write.value = at.row().value;
        take(write);
      }
    }
  };
  return table->fold(position, each);
}

Result<> Store::Impl::checkpoint_now() {
  std::optional<Position> position;
  {
    const std::lock_guard lock(logging);
    PERDURE_ASSIGN_OR_RETURN(position, freeze());
  }
  if (position) {
    if (auto folded = fold_frozen(*position); !folded) return fail_with(folded.error());
    Overlay::Generation dropped;
    const std::lock_guard lock(state);
    dropped = overlay.drop_frozen();
    ++counters.checkpoints;
  }
  const std::lock_guard lock(logging);
  if (auto trimmed = log->trim(table->position()); !trimmed) return fail_with(trimmed.error());
  log_bytes = log->bytes();
  return {};
}

// ---- The class ----------------------------------------------------------------------------------

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, std::unique_ptr<Log> log,
                                           std::unique_ptr<Table> table) {
  PERDURE_CHECK(log != nullptr && table != nullptr, "a store has both");
  auto impl = std::make_unique<Impl>(std::move(options), std::move(log), std::move(table));
  PERDURE_RETURN_IF_ERROR(impl->recover());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::uint32_t Store::shard_count() const { return impl_->shard_count; }

Result<model::Epoch> Store::acquire(model::ShardId shard) {
  model::Epoch epoch;
  {
    const std::lock_guard lock(impl_->state);
    PERDURE_RETURN_IF_ERROR(impl_->check_alive());
    if (shard.value >= impl_->shard_count) {
      return base::fail(
          ErrorCode::kInvalidArgument,
          fmt::format("there is no shard {}: the store has {}", shard.value, impl_->shard_count));
    }
    impl_->stage_epoch(shard);
    epoch = impl_->epochs[shard.value];
  }
  PERDURE_RETURN_IF_ERROR(impl_->flush());
  return epoch;
}

Result<std::vector<model::Epoch>> Store::acquire_all() {
  std::vector<model::Epoch> epochs;
  {
    const std::lock_guard lock(impl_->state);
    PERDURE_RETURN_IF_ERROR(impl_->check_alive());
    for (std::uint32_t shard = 0; shard < impl_->shard_count; ++shard) impl_->stage_epoch({shard});
    epochs = impl_->epochs;
  }
  PERDURE_RETURN_IF_ERROR(impl_->flush());
  return epochs;
}

Result<Position> Store::stage(const std::vector<Fence>& fences, std::vector<Write> writes) {
  std::uint64_t bytes = 0;
  for (const Write& write : writes) {
    bytes += write.key.size() + (write.value ? write.value->size() : 0);
    if (write.space == model::Space::kMeta && is_own_row(write.key)) {
      return base::fail(ErrorCode::kInvalidArgument,
                        "keys of the meta space that begin with a zero byte are the store's own");
    }
  }
  const std::lock_guard lock(impl_->state);
  PERDURE_RETURN_IF_ERROR(impl_->check_alive());
  PERDURE_RETURN_IF_ERROR(impl_->check_fences(fences));
  if (impl_->overlay.group_bytes() + bytes > kGroupBytesMax) {
    return base::fail(ErrorCode::kResourceExhausted,
                      fmt::format("{} bytes are staged and {} more would not fit into one group "
                                  "(limit {}); flush first",
                                  impl_->overlay.group_bytes(), bytes, kGroupBytesMax));
  }
  if (!writes.empty()) impl_->enlist_fences(fences);
  for (Write& write : writes) impl_->overlay.write(std::move(write));
  return impl_->staged_locked();
}

Result<Position> Store::flush() { return impl_->flush(); }

Position Store::durable() const {
  const std::lock_guard lock(impl_->state);
  return impl_->durable;
}

Position Store::staged() const {
  const std::lock_guard lock(impl_->state);
  return impl_->staged_locked();
}

Result<std::optional<std::string>> Store::get(model::Space space, std::string_view key) const {
  {
    const std::lock_guard lock(impl_->state);
    if (const auto* row = impl_->overlay.find(space, key)) return row->value;
  }
  // Whatever leaves the overlay from here on is in the table already.
  return impl_->table->get(space, key);
}

Result<> Store::scan(model::Space space, std::string_view from, std::string_view to,
                     const RowVisitor& visit) const {
  std::string cursor(from);
  std::size_t rows_max = kScanPageRowsFirst;
  for (bool going = true; going;) {
    // The overlay is copied before the table is read: a row that is folded in between is then seen
    // twice, and the copy wins. The other way round it could be missed.
    Overlay::Page page;
    {
      const std::lock_guard lock(impl_->state);
      page = impl_->overlay.page(space, cursor, to, rows_max);
    }
    auto row = page.rows.begin();
    const auto emit = [&] {
      const auto& [key, value] = *row++;
      if (value) going = visit(key, *value);
    };
    const auto merge = [&](std::string_view key, std::string_view value) {
      while (going && row != page.rows.end() && row->key < key) emit();
      if (!going) return false;
      if (row != page.rows.end() && row->key == key) {
        emit();
      } else {
        going = visit(key, value);
      }
      return going;
    };
    const std::string_view end = page.next ? std::string_view(*page.next) : to;
    PERDURE_RETURN_IF_ERROR(impl_->table->scan(space, cursor, end, merge));
    while (going && row != page.rows.end()) emit();
    if (!page.next) return {};
    cursor = std::move(*page.next);
    rows_max = std::min(rows_max * 2, kScanPageRowsMax);
  }
  return {};
}

bool Store::checkpoint_due() const {
  return impl_->log_bytes.load() > impl_->options.checkpoint_at_bytes;
}

Result<> Store::checkpoint() {
  const std::lock_guard lock(impl_->checkpointing);
  return impl_->checkpoint_now();
}

Result<std::optional<ScrubbedFile>> Store::scrub(std::string_view after) {
  PERDURE_ASSIGN_OR_RETURN(std::optional<ScrubbedFile> file, impl_->table->scrub(after));
  if (!file) return file;
  const std::lock_guard lock(impl_->state);
  ++impl_->counters.files_scrubbed;
  impl_->counters.bytes_scrubbed += file->bytes;
  return file;
}

StoreStats Store::stats() const {
  const std::lock_guard lock(impl_->state);
  StoreStats stats = impl_->counters;
  const auto& active = impl_->overlay.active();
  const auto& frozen = impl_->overlay.frozen();
  stats.rows_collapsed = impl_->overlay.rows_collapsed();
  stats.overlay_rows = active.row_count() + frozen.row_count();
  stats.overlay_bytes = active.bytes() + frozen.bytes();
  return stats;
}

}  // namespace perdure::store

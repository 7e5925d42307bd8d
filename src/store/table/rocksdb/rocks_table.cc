// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/table/rocksdb/rocks_table.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The packaged library is not built for ThreadSanitizer: it sees RocksDB's memory but not its
// atomics. What RocksDB does inside its own module is passed over; calls of this file are not.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }
extern "C" const char* __tsan_default_suppressions() { return "race:^rocksdb::\n"; }
#endif
#endif

namespace perdure::store::table::rocksdb {
namespace {

namespace rocks = ::rocksdb;

using base::ErrorCode;
using base::Result;

constexpr std::string_view kPositionKey = "position";
/// The family of each space, in the order of their numbers, behind the default one.
constexpr std::array<std::string_view, std::size(model::kSpaces)> kFamilies = {
    "instance", "history", "agenda", "meta"};
constexpr int kOpenFilesMax = 512;
/// The cache has 2^n parts, each with a lock. Few: the filter of a file is one block, of megabytes
/// where rows are small, and one that does not fit into a part is read and checked for every key.
constexpr int kCachePartBits = 2;

/// RocksDB would keep a diary in the folder; what matters of it comes back as a status.
class NoLogger final : public rocks::Logger {
 public:
  using rocks::Logger::Logv;
  void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}
};

rocks::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocks::Slice& bytes) { return {bytes.data(), bytes.size()}; }

base::Error error_of(std::string_view action, const std::string& folder,
                     const rocks::Status& status) {
  const std::string what =
      fmt::format("{} the table in '{}' failed: {}", action, folder, status.ToString());
  if (status.IsNoSpace()) {
    return {ErrorCode::kStorageFull,
            fmt::format("{}; no space is left on the disk that holds folder '{}'; free some, then "
                        "open the store again",
                        what, folder)};
  }
  if (status.IsCorruption() || status.IsPathNotFound())
    return {ErrorCode::kStoreCorrupt, what + "; restore the store from a copy"};
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return {ErrorCode::kStoreForeign,
            what + "; it was made by another program, or by a newer version of this one"};
  }
  return {ErrorCode::kUnavailable, what};
}

rocks::ColumnFamilyOptions family_options(const RocksTableOptions& options,
                                          const std::shared_ptr<rocks::Cache>& cache) {
  rocks::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = std::size_t{16} << 10;
  blocks.filter_policy.reset(rocks::NewBloomFilterPolicy(10));  // bits a key; 1 % false positives
  blocks.whole_key_filtering = true;
  blocks.cache_index_and_filter_blocks = true;  // so that memory is bounded by the cache
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;

  rocks::ColumnFamilyOptions family;
  family.table_factory.reset(rocks::NewBlockBasedTableFactory(blocks));
  family.write_buffer_size = options.write_buffer_bytes;
  family.compression = rocks::kLZ4Compression;
  family.bottommost_compression = rocks::kZSTD;
  family.level_compaction_dynamic_level_bytes = true;
  return family;
}

rocks::DBOptions database_options(Expect expect) {
  rocks::DBOptions database;
  database.create_if_missing = expect == Expect::kNewOrOld;
  database.create_missing_column_families = expect == Expect::kNewOrOld;
  database.atomic_flush = true;
  // A fold that failed is done again from the log; half of it must not be made durable on the way
  // out.
  database.avoid_flush_during_shutdown = true;
  database.allow_concurrent_memtable_write = false;  // one fold at a time
  database.paranoid_checks = true;
  database.max_background_jobs = 2;
  database.max_open_files = kOpenFilesMax;
  database.bytes_per_sync = std::uint64_t{1} << 20;
  database.info_log = std::make_shared<NoLogger>();
  database.keep_log_file_num = 1;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

}  // namespace

struct RocksTable::Impl {
  ~Impl() {
    for (rocks::ColumnFamilyHandle* family : families)
      if (database) database->DestroyColumnFamilyHandle(family);
  }

  [[nodiscard]] rocks::ColumnFamilyHandle* family(model::Space space) const {
    return families[static_cast<std::size_t>(space)];
  }
  Result<> load_position();
  Result<> write(rocks::WriteBatch& batch);
  /// Its files of rows, by name. They never change, and vanish when they were compacted away.
  [[nodiscard]] std::map<std::string, std::uint64_t> files() const;

  std::string folder;
  RocksTableOptions options;
  std::unique_ptr<rocks::DB> database;
  std::vector<rocks::ColumnFamilyHandle*> families;  // the database's; [0] is the default one
  std::atomic<std::uint64_t> position = 0;
};

Result<> RocksTable::Impl::load_position() {
  std::string row;
  const rocks::Status status =
      database->Get(rocks::ReadOptions(), families.front(), slice(kPositionKey), &row);
  if (status.IsNotFound()) return {};
  if (!status.ok()) return std::unexpected(error_of("reading", folder, status));
  base::Reader reader(row);
  position = reader.be64();
  if (!reader.ok() || !reader.done()) {
    return base::fail(
        ErrorCode::kStoreCorrupt,
        fmt::format("the table in '{}' has a position of {} bytes", folder, row.size()));
  }
  return {};
}

Result<> RocksTable::Impl::write(rocks::WriteBatch& batch) {
  rocks::WriteOptions unlogged;
  unlogged.disableWAL = true;
  if (const auto status = database->Write(unlogged, &batch); !status.ok())
    return std::unexpected(error_of("writing to", folder, status));
  batch.Clear();
  return {};
}

std::map<std::string, std::uint64_t> RocksTable::Impl::files() const {
  std::vector<rocks::LiveFileMetaData> live;
  database->GetLiveFilesMetaData(&live);
  std::map<std::string, std::uint64_t> files;
  for (const rocks::LiveFileMetaData& file : live) files.emplace(file.relative_filename, file.size);
  return files;
}

RocksTable::RocksTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksTable::~RocksTable() = default;

Result<std::unique_ptr<RocksTable>> RocksTable::open(std::string folder, Expect expect,
                                                     RocksTableOptions options) {
  // Given a folder without this file, RocksDB would begin a new table and delete what is there.
  std::error_code ignored;
  if (expect == Expect::kExisting && !std::filesystem::exists(folder + "/CURRENT", ignored)) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("'{}/CURRENT' is missing, so the store's table can not be read; "
                                  "restore the store from a copy",
                                  folder));
  }
  const auto cache = rocks::NewLRUCache(options.block_cache_bytes, kCachePartBits);
  const rocks::ColumnFamilyOptions family = family_options(options, cache);
  std::vector<rocks::ColumnFamilyDescriptor> families = {{rocks::kDefaultColumnFamilyName, family}};
  for (const std::string_view name : kFamilies) families.emplace_back(std::string(name), family);

  auto impl = std::make_unique<Impl>();
  impl->folder = std::move(folder);
  impl->options = options;
  rocks::DB* database = nullptr;
  const rocks::Status status =
      rocks::DB::Open(database_options(expect), impl->folder, families, &impl->families, &database);
  if (!status.ok()) return std::unexpected(error_of("opening", impl->folder, status));
  impl->database.reset(database);
  PERDURE_RETURN_IF_ERROR(impl->load_position());
  return std::unique_ptr<RocksTable>(new RocksTable(std::move(impl)));
}

Position RocksTable::position() const { return {impl_->position.load()}; }

Result<std::optional<std::string>> RocksTable::get(model::Space space, std::string_view key) const {
  rocks::PinnableSlice row;
  const rocks::Status status =
      impl_->database->Get(rocks::ReadOptions(), impl_->family(space), slice(key), &row);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_of("reading", impl_->folder, status));
  return std::string(view(row));
}

Result<> RocksTable::scan(
    model::Space space, std::string_view from, std::string_view to,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const rocks::Slice end = slice(to);
  rocks::ReadOptions options;
  if (!to.empty()) options.iterate_upper_bound = &end;
  const std::unique_ptr<rocks::Iterator> rows(
      impl_->database->NewIterator(options, impl_->family(space)));
  for (rows->Seek(slice(from)); rows->Valid(); rows->Next())
    if (!visit(view(rows->key()), view(rows->value()))) return {};
  if (!rows->status().ok())
    return std::unexpected(error_of("reading", impl_->folder, rows->status()));
  return {};
}

Result<> RocksTable::fold(
    Position position, const std::function<void(const std::function<void(const Write&)>&)>& each) {
  PERDURE_CHECK(position > this->position(), "a fold goes forward");
  rocks::WriteBatch batch;
  Result<> written;
  each([&](const Write& write) {
    if (!written) return;
    const auto added =
        write.value ? batch.Put(impl_->family(write.space), slice(write.key), slice(*write.value))
                    : batch.Delete(impl_->family(write.space), slice(write.key));
    PERDURE_CHECK(added.ok(), "a batch in memory has no bound of its own");
    if (batch.GetDataSize() >= impl_->options.batch_bytes) written = impl_->write(batch);
  });
  PERDURE_RETURN_IF_ERROR(std::move(written));

  // In the last batch: wherever a flush happens to cut, the position is never ahead of the rows.
  std::string row;
  base::Writer(row).be64(position.value);
  const auto added = batch.Put(impl_->families.front(), slice(kPositionKey), slice(row));
  PERDURE_CHECK(added.ok(), "a batch in memory has no bound of its own");
  PERDURE_RETURN_IF_ERROR(impl_->write(batch));
  rocks::FlushOptions flush;
  flush.wait = true;
  flush.allow_write_stall = true;
  if (const auto status = impl_->database->Flush(flush, impl_->families); !status.ok())
    return std::unexpected(error_of("flushing", impl_->folder, status));
  impl_->position = position.value;
  return {};
}

Result<std::optional<ScrubbedFile>> RocksTable::scrub(std::string_view after) const {
  const auto files = impl_->files();
  const auto file = files.upper_bound(std::string(after));
  if (file == files.end()) return std::nullopt;
  const auto& [name, bytes] = *file;
  // With a reader of its own: nothing comes from the table's caches, and nothing is pushed out.
  rocks::BlockBasedTableOptions blocks;
  blocks.no_block_cache = true;
  rocks::Options options;
  options.table_factory.reset(rocks::NewBlockBasedTableFactory(blocks));
  options.info_log = std::make_shared<NoLogger>();
  rocks::SstFileReader reader(options);
  rocks::Status status = reader.Open(fmt::format("{}/{}", impl_->folder, name));
  if (status.ok()) status = reader.VerifyChecksum();
  // Compacted away meanwhile: then nobody needs it any more.
  if (!status.ok() && !impl_->files().contains(name)) return ScrubbedFile{.name = name};
  if (!status.ok()) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("'{}/{}' is damaged or can not be read: {}; restore the store "
                                  "from a copy",
                                  impl_->folder, name, status.ToString()));
  }
  return ScrubbedFile{.name = name, .bytes = bytes};
}

}  // namespace perdure::store::table::rocksdb

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/conformance/pairs.h"

#include <stdlib.h>  // mkdtemp
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "store/log/file/file_log.h"
#include "store/table/rocksdb/rocks_table.h"

namespace perdure::store::conformance {
namespace {

using log::memory::Fault;
using log::memory::Tail;

/// Small, so that a test sees many segments; a few groups fit into one.
constexpr log::file::FileLogOptions kSmallSegments{.segment_bytes = std::uint64_t{16} << 10,
                                                   .spares_max = 2};
const std::string kLogFolder = "store/log";
const std::string kLogId = "conformance test";

/// A table whose folds fail when they are told to.
class BreakableTable final : public Table {
 public:
  BreakableTable(std::unique_ptr<Table> table, std::shared_ptr<FoldFault> fault,
                 std::shared_ptr<table::memory::TableDisk> disk)
      : table_(std::move(table)), fault_(std::move(fault)), disk_(std::move(disk)) {}

  [[nodiscard]] Position position() const override { return table_->position(); }
  base::Result<std::optional<std::string>> get(model::Space space,
                                               std::string_view key) const override {
    return table_->get(space, key);
  }
  base::Result<> scan(
      model::Space space, std::string_view from, std::string_view to,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    return table_->scan(space, from, to, visit);
  }
  base::Result<> fold(
      Position position,
      const std::function<void(const std::function<void(const Write&)>&)>& each) override {
    const FoldFault fault = std::exchange(*fault_, FoldFault::kNone);
    if (fault == FoldFault::kMiddle && disk_ != nullptr) {
      std::uint64_t rows = 0;
      each([&rows](const Write& /*write*/) { ++rows; });
      disk_->break_fold_after(rows / 2);
      return table_->fold(position, each);
    }
    if (fault == FoldFault::kBefore || fault == FoldFault::kMiddle)
      return base::fail(base::ErrorCode::kUnavailable, "the fold failed, as the test asked");
    PERDURE_RETURN_IF_ERROR(table_->fold(position, each));
    if (fault == FoldFault::kAfter)
      return base::fail(base::ErrorCode::kUnavailable, "the fold failed, as the test asked");
    return {};
  }
  [[nodiscard]] base::Result<std::optional<ScrubbedFile>> scrub(
      std::string_view after) const override {
    return table_->scrub(after);
  }

 private:
  const std::unique_ptr<Table> table_;
  const std::shared_ptr<FoldFault> fault_;                // shared with the world
  const std::shared_ptr<table::memory::TableDisk> disk_;  // null for RocksDB
};

}  // namespace

// ---- FileLogWorld -------------------------------------------------------------------------------

std::unique_ptr<Log> FileLogWorld::open_log() {
  return must(log::file::FileLog::open(log::file::testing::files_on(disk), kLogFolder, kLogId,
                                       log::file::Expect::kNewOrOld, kSmallSegments));
}

void FileLogWorld::stop_log_at(std::uint64_t step) { disk->stop_at(disk->calls().size() + step); }

void FileLogWorld::fail_next_sync() { disk->fail_at(disk->calls().size() + 2, EIO); }

void FileLogWorld::fill_log() { disk->fail_at(disk->calls().size() + 1, ENOSPC); }

// ---- MemoryLogWorld -----------------------------------------------------------------------------

std::unique_ptr<Log> MemoryLogWorld::open_log() {
  return std::make_unique<log::memory::MemoryLog>(log_disk);
}

void MemoryLogWorld::stop_log_at(std::uint64_t step) {
  log_disk->break_append_after(step - 1, Fault::kInterrupted);
}

void MemoryLogWorld::fail_next_sync() { log_disk->break_append_after(0, Fault::kSyncFailed); }

void MemoryLogWorld::fill_log() { log_disk->break_append_after(0, Fault::kFull); }

void MemoryLogWorld::cut_log_power(base::Prng& prng) {
  constexpr Tail kTails[] = {Tail::kKept, Tail::kDropped, Tail::kTorn};
  log_disk->crash(kTails[prng.below(std::size(kTails))]);
}

// ---- Tables -------------------------------------------------------------------------------------

std::unique_ptr<Table> MemoryTableWorld::open_table() {
  return std::make_unique<BreakableTable>(std::make_unique<table::memory::MemoryTable>(table_disk),
                                          fault_, table_disk);
}

RocksTableWorld::RocksTableWorld() {
  // In memory where there is such a place: the suite opens many tables, and cuts no power.
  std::string path = ::access("/dev/shm", W_OK) == 0
                         ? std::string("/dev/shm")
                         : std::filesystem::temp_directory_path().string();
  path += "/perdure-conformance-XXXXXX";
  PERDURE_CHECK(::mkdtemp(path.data()) != nullptr, path);
  folder_ = path;
}

RocksTableWorld::~RocksTableWorld() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<Table> RocksTableWorld::open_table() {
  return std::make_unique<BreakableTable>(
      must(table::rocksdb::RocksTable::open(folder_, table::rocksdb::Expect::kNewOrOld)), fault_,
      nullptr);
}

void RocksTableWorld::forget_table() {
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    std::filesystem::remove_all(entry.path());
}

}  // namespace perdure::store::conformance

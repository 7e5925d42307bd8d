// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The four pairs of a log and a table that the conformance suite is instantiated for. A world owns
// the disks of one store, which outlive it, and breaks them on demand. "Crash" here is: drop the
// store, then call `power_cut`.
//
// Threads: a world belongs to its test; the store it opened may be used by many.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/prng.h"
#include "base/result.h"
#include "store/log/file/testing/sim_disk.h"
#include "store/log/memory/memory_log.h"
#include "store/store.h"
#include "store/table/memory/memory_table.h"

namespace perdure::store::conformance {

/// The value, or the end of the test program with the error.
template <class T>
T must(base::Result<T> result) {
  PERDURE_CHECK(result.has_value(), result.error().message);
  return *std::move(result);
}
inline void must(base::Result<> result) {
  PERDURE_CHECK(result.has_value(), result.error().message);
}

// ---- Logs ---------------------------------------------------------------------------------------

class FileLogWorld {
 public:
  std::unique_ptr<Log> open_log();
  /// The log stops working in the middle of its `step`th step from now, from 1.
  void stop_log_at(std::uint64_t step);
  void fail_next_sync();
  void fill_log();
  void cut_log_power(base::Prng& prng) { disk->cut_power(prng); }
  /// How many steps there were so far: the number of places to stop at.
  [[nodiscard]] std::uint64_t log_steps() const { return disk->calls().size(); }
  void forget_log() { disk = std::make_shared<log::file::testing::SimDisk>(); }

  std::shared_ptr<log::file::testing::SimDisk> disk =
      std::make_shared<log::file::testing::SimDisk>();
};

class MemoryLogWorld {
 public:
  std::unique_ptr<Log> open_log();
  void stop_log_at(std::uint64_t step);
  void fail_next_sync();
  void fill_log();
  void cut_log_power(base::Prng& prng);
  [[nodiscard]] std::uint64_t log_steps() const { return log_disk->appends(); }
  void forget_log() { log_disk = std::make_shared<log::memory::LogDisk>(); }

  std::shared_ptr<log::memory::LogDisk> log_disk = std::make_shared<log::memory::LogDisk>();
};

// ---- Tables -------------------------------------------------------------------------------------

/// When a fold that is to fail does so. kMiddle leaves some rows without the position, where the
/// table can be made to.
enum class FoldFault : std::uint8_t { kNone, kBefore, kMiddle, kAfter };

/// Counts rows to stop in the middle; shared with the table it made.
class MemoryTableWorld {
 public:
  std::unique_ptr<Table> open_table();
  void break_next_fold(FoldFault fault) { *fault_ = fault; }
  void forget_table() { table_disk = std::make_shared<table::memory::TableDisk>(); }

  std::shared_ptr<table::memory::TableDisk> table_disk =
      std::make_shared<table::memory::TableDisk>();

 private:
  std::shared_ptr<FoldFault> fault_ = std::make_shared<FoldFault>(FoldFault::kNone);
};

/// In a temporary folder, which is removed with it.
class RocksTableWorld {
 public:
  RocksTableWorld();
  ~RocksTableWorld();
  RocksTableWorld(const RocksTableWorld&) = delete;
  RocksTableWorld& operator=(const RocksTableWorld&) = delete;

  std::unique_ptr<Table> open_table();
  void break_next_fold(FoldFault fault) { *fault_ = fault; }
  void forget_table();

 private:
  std::string folder_;
  std::shared_ptr<FoldFault> fault_ = std::make_shared<FoldFault>(FoldFault::kNone);
};

// ---- Pairs --------------------------------------------------------------------------------------

template <class LogWorld, class TableWorld>
class World : public LogWorld, public TableWorld {
 public:
  base::Result<std::unique_ptr<Store>> open(StoreOptions options = {.shard_count = 4}) {
    return Store::open(std::move(options), this->open_log(), this->open_table());
  }
  void power_cut(base::Prng& prng) {
    this->cut_log_power(prng);
    this->break_next_fold(FoldFault::kNone);
  }
};

using FileRocks = World<FileLogWorld, RocksTableWorld>;
using FileMemory = World<FileLogWorld, MemoryTableWorld>;
using MemoryRocks = World<MemoryLogWorld, RocksTableWorld>;
using MemoryMemory = World<MemoryLogWorld, MemoryTableWorld>;

/// Opening RocksDB takes a hundred times as long as opening a map: tests that reopen at every step
/// take larger strides there.
template <class Pair>
inline constexpr bool kSlowToOpen = std::is_base_of_v<RocksTableWorld, Pair>;

struct PairNames {
  template <class Pair>
  static std::string GetName(int /*index*/) {
    const std::string log = std::is_base_of_v<FileLogWorld, Pair> ? "File" : "Memory";
    return log + (std::is_base_of_v<RocksTableWorld, Pair> ? "Rocks" : "Memory");
  }
};

}  // namespace perdure::store::conformance

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of a store on disk: RocksDB as nothing but an ordered, checksummed file format. Its own
// log is off, because the store's log is the log. One column family per space; the position of the
// last fold is a row of the default family, in the last batch of the fold; all families are flushed
// atomically. So a fold that does not return may leave some of its rows, but never the position
// without all of them.
//
// Threads: reads from any thread; `fold` has one caller at a time. RocksDB compacts on two threads
// of its own. Failures: a block that fails its checksum is kStoreCorrupt, naming the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/table.h"

namespace perdure::store::table::rocksdb {

struct RocksTableOptions {
  std::uint64_t block_cache_bytes = std::uint64_t{64} << 20;
  /// Of each space. More than a whole fold, so that a fold makes one file per space.
  std::uint64_t write_buffer_bytes = std::uint64_t{64} << 20;
  /// Rows are handed over in batches of about this size.
  std::uint64_t batch_bytes = std::uint64_t{1} << 20;
};

enum class Expect : std::uint8_t {
  kExisting,  // a folder without a table is damaged
  kNewOrOld,  // a new or half-made table is made
};

class RocksTable final : public Table {
 public:
  static base::Result<std::unique_ptr<RocksTable>> open(std::string folder, Expect expect,
                                                        RocksTableOptions options = {});
  ~RocksTable() override;
  RocksTable(const RocksTable&) = delete;
  RocksTable& operator=(const RocksTable&) = delete;

  [[nodiscard]] Position position() const override;
  base::Result<std::optional<std::string>> get(model::Space space,
                                               std::string_view key) const override;
  base::Result<> scan(
      model::Space space, std::string_view from, std::string_view to,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  base::Result<> fold(
      Position position,
      const std::function<void(const std::function<void(const Write&)>&)>& each) override;
  [[nodiscard]] base::Result<std::optional<ScrubbedFile>> scrub(
      std::string_view after) const override;

 private:
  struct Impl;
  explicit RocksTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::store::table::rocksdb

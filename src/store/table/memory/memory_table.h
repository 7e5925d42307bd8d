// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A table in memory, for tests and simulation, and the disk it lies on. The disk outlives the
// table: opening a new MemoryTable over the same disk is a restart.
//
// Threads: the disk locks itself; a scan copies bounded pages, so that it never holds the lock
// while the visitor runs. Cannot fail except as asked.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/table.h"

namespace perdure::store::table::memory {

class TableDisk {
 public:
  /// The next fold applies this many rows and then fails without writing the position, as a
  /// machine that stops in between.
  void break_fold_after(std::uint64_t rows);
  /// The next fold applies nothing: kStorageFull.
  void fill();

  /// From now on the rows, as one file called "rows", are damaged; reads do not notice.
  void decay();

  [[nodiscard]] std::uint64_t folds() const;
  [[nodiscard]] std::uint64_t rows_folded() const;

 private:
  friend class MemoryTable;
  using Rows = std::map<std::string, std::string, std::less<>>;

  Rows& rows(model::Space space) { return spaces_[static_cast<std::size_t>(space) - 1]; }

  mutable std::mutex mutex_;
  std::array<Rows, std::size(model::kSpaces)> spaces_;
  Position position_;
  std::uint64_t folds_ = 0;
  std::uint64_t rows_folded_ = 0;
  std::optional<std::uint64_t> rows_before_fault_;
  bool full_ = false;
  bool decayed_ = false;
};

class MemoryTable final : public Table {
 public:
  /// Shared with the test, which holds the disk across restarts.
  explicit MemoryTable(std::shared_ptr<TableDisk> disk);

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
  std::shared_ptr<TableDisk> disk_;
};

}  // namespace perdure::store::table::memory

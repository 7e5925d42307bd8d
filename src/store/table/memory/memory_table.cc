// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/table/memory/memory_table.h"

#include <utility>
#include <vector>

#include "base/check.h"

namespace perdure::store::table::memory {
namespace {

constexpr std::size_t kPageRows = 64;

}  // namespace

using base::ErrorCode;

// ---- TableDisk ----------------------------------------------------------------------------------

void TableDisk::break_fold_after(std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  rows_before_fault_ = rows;
}

void TableDisk::fill() {
  const std::lock_guard lock(mutex_);
  full_ = true;
}

void TableDisk::decay() {
  const std::lock_guard lock(mutex_);
  decayed_ = true;
}

std::uint64_t TableDisk::folds() const {
  const std::lock_guard lock(mutex_);
  return folds_;
}

std::uint64_t TableDisk::rows_folded() const {
  const std::lock_guard lock(mutex_);
  return rows_folded_;
}

// ---- MemoryTable --------------------------------------------------------------------------------

MemoryTable::MemoryTable(std::shared_ptr<TableDisk> disk) : disk_(std::move(disk)) {
  PERDURE_CHECK(disk_ != nullptr, "a table lies on a disk");
}

Position MemoryTable::position() const {
  const std::lock_guard lock(disk_->mutex_);
  return disk_->position_;
}

base::Result<std::optional<std::string>> MemoryTable::get(model::Space space,
                                                          std::string_view key) const {
  const std::lock_guard lock(disk_->mutex_);
  const auto& rows = disk_->rows(space);
  const auto at = rows.find(key);
  if (at == rows.end()) return std::nullopt;
  return at->second;
}

base::Result<> MemoryTable::scan(
    model::Space space, std::string_view from, std::string_view to,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  std::string cursor(from);
  for (;;) {
    std::vector<std::pair<std::string, std::string>> page;
    {
      const std::lock_guard lock(disk_->mutex_);
      const auto& rows = disk_->rows(space);
      for (auto at = rows.lower_bound(cursor);
           at != rows.end() && (to.empty() || at->first < to) && page.size() < kPageRows; ++at)
        page.emplace_back(*at);
    }
    for (const auto& [key, value] : page)
      if (!visit(key, value)) return {};
    if (page.size() < kPageRows) return {};
    cursor = page.back().first + '\0';  // the next possible key
  }
}

base::Result<> MemoryTable::fold(
    Position position, const std::function<void(const std::function<void(const Write&)>&)>& each) {
  {
    const std::lock_guard lock(disk_->mutex_);
    PERDURE_CHECK(position > disk_->position_, "a fold goes forward");
    if (std::exchange(disk_->full_, false))
      return base::fail(ErrorCode::kStorageFull, "the memory table is full, as the test asked");
  }
  bool broken = false;
  each([this, &broken](const Write& write) {
    const std::lock_guard lock(disk_->mutex_);
    if (disk_->rows_before_fault_ && *disk_->rows_before_fault_ == 0) broken = true;
    if (broken) return;
    if (disk_->rows_before_fault_) --*disk_->rows_before_fault_;
    auto& rows = disk_->rows(write.space);
    if (write.value) {
      rows.insert_or_assign(write.key, *write.value);
    } else {
      rows.erase(write.key);
    }
    ++disk_->rows_folded_;
  });
  const std::lock_guard lock(disk_->mutex_);
  if (std::exchange(disk_->rows_before_fault_, {}))
    return base::fail(ErrorCode::kUnavailable, "the fold was interrupted, as the test asked");
  disk_->position_ = position;
  ++disk_->folds_;
  return {};
}

base::Result<std::optional<ScrubbedFile>> MemoryTable::scrub(std::string_view after) const {
  constexpr std::string_view kOnlyFile = "rows";
  if (after >= kOnlyFile) return std::nullopt;
  const std::lock_guard lock(disk_->mutex_);
  if (disk_->decayed_) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      "the file 'rows' of the memory table is damaged, as the test asked");
  }
  ScrubbedFile file{.name = std::string(kOnlyFile)};
  for (const auto& rows : disk_->spaces_) {
    for (const auto& [key, value] : rows) file.bytes += key.size() + value.size();
  }
  return file;
}

}  // namespace perdure::store::table::memory

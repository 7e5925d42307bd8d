// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/log/memory/memory_log.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace perdure::store::log::memory {

using base::ErrorCode;

// ---- LogDisk ------------------------------------------------------------------------------------

void LogDisk::break_append_after(std::uint64_t appends, Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  appends_before_fault_ = appends;
}

void LogDisk::crash(Tail tail) {
  const std::lock_guard lock(mutex_);
  fault_.reset();
  if (records_.empty() || records_.back().synced) return;
  Record& last = records_.back();
  switch (tail) {
    case Tail::kKept: break;
    case Tail::kTorn: last.damaged = true; break;
    case Tail::kDropped:
      bytes_ -= last.bytes.size();
      last_.value -= 1;
      records_.pop_back();
      break;
  }
}

void LogDisk::damage(Position position) {
  const std::lock_guard lock(mutex_);
  for (Record& record : records_)
    if (record.position == position) record.damaged = true;
}

std::uint64_t LogDisk::appends() const {
  const std::lock_guard lock(mutex_);
  return appends_;
}

Position LogDisk::last_synced() const {
  const std::lock_guard lock(mutex_);
  const bool unsynced = !records_.empty() && !records_.back().synced;
  return unsynced ? Position{last_.value - 1} : last_;
}

// ---- MemoryLog ----------------------------------------------------------------------------------

MemoryLog::MemoryLog(std::shared_ptr<LogDisk> disk) : disk_(std::move(disk)) {
  PERDURE_CHECK(disk_ != nullptr, "a log lies on a disk");
}

base::Result<> MemoryLog::append(Position position, std::string_view record) {
  const std::lock_guard lock(disk_->mutex_);
  PERDURE_CHECK(replayed_, "a log is replayed before it is appended to");
  if (dead_) return base::fail(ErrorCode::kUnavailable, "the memory log stopped after an error");
  PERDURE_CHECK(position.value == disk_->last_.value + 1, "positions have no gaps");
  std::optional<Fault> fault;
  if (disk_->fault_ && disk_->appends_before_fault_-- == 0)
    fault = std::exchange(disk_->fault_, {});
  dead_ = fault.has_value();
  if (fault == Fault::kFull)
    return base::fail(ErrorCode::kStorageFull, "the memory log is full, as the test asked");
  disk_->records_.push_back({position, std::string(record), !fault, false});
  disk_->last_ = position;
  disk_->bytes_ += record.size();
  ++disk_->appends_;
  if (fault == Fault::kSyncFailed)
    return base::fail(ErrorCode::kUnavailable, "syncing the memory log failed, as the test asked");
  if (fault == Fault::kInterrupted)
    return base::fail(ErrorCode::kUnavailable, "the machine stopped, as the test asked");
  return {};
}

base::Result<> MemoryLog::recover(Position after, std::vector<LogDisk::Record>& records) {
  const std::lock_guard lock(disk_->mutex_);
  PERDURE_CHECK(!replayed_, "a log is replayed once");
  replayed_ = true;
  auto& kept = disk_->records_;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i].damaged) continue;
    if (i + 1 < kept.size()) {
      return base::fail(ErrorCode::kStoreCorrupt,
                        fmt::format("the memory log is damaged at record {}: it fails its "
                                    "checksum, but later records exist",
                                    kept[i].position.value));
    }
    disk_->bytes_ -= kept[i].bytes.size();
    disk_->last_.value -= 1;
    kept.pop_back();
  }
  if (disk_->last_ < after) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the memory log ends at record {}, but the table holds {}",
                                  disk_->last_.value, after.value));
  }
  for (LogDisk::Record& record : kept) {
    record.synced = true;  // whoever reads it will rely on it
    if (record.position > after) records.push_back(record);
  }
  return {};
}

base::Result<> MemoryLog::replay(
    Position after, const std::function<base::Result<>(Position, std::string_view)>& visit) {
  std::vector<LogDisk::Record> records;
  PERDURE_RETURN_IF_ERROR(recover(after, records));
  for (const LogDisk::Record& record : records)
    PERDURE_RETURN_IF_ERROR(visit(record.position, record.bytes));
  return {};
}

base::Result<> MemoryLog::trim(Position upto) {
  const std::lock_guard lock(disk_->mutex_);
  auto& records = disk_->records_;
  auto end = records.begin();
  for (; end != records.end() && end->position <= upto; ++end) disk_->bytes_ -= end->bytes.size();
  records.erase(records.begin(), end);
  return {};
}

std::uint64_t MemoryLog::bytes() const {
  const std::lock_guard lock(disk_->mutex_);
  return disk_->bytes_;
}

}  // namespace perdure::store::log::memory

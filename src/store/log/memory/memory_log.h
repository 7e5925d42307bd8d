// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A log in memory, for tests and simulation, and the disk it lies on. The disk outlives the log:
// opening a new MemoryLog over the same disk is a restart. A record is on the disk once it is
// written; it is safe from a crash once it is synced. There is at most one unsynced record, the
// last: an append writes one and syncs it.
//
// Faults are methods of the disk. A fault strikes once, at the append it names.
//
// Threads: the disk locks itself, so a test may break it while the store works. Cannot fail except
// as asked.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/log.h"

namespace perdure::store::log::memory {

/// What goes wrong with an append.
enum class Fault : std::uint8_t {
  kFull,         // nothing is written: kStorageFull
  kSyncFailed,   // written, but the sync fails
  kInterrupted,  // the machine stops after the write, before the sync
};

/// What a crash leaves of a record that was written and not synced.
enum class Tail : std::uint8_t { kKept, kDropped, kTorn };

class LogDisk {
 public:
  /// The append after the next `appends` ones fails so.
  void break_append_after(std::uint64_t appends, Fault fault);
  /// Decides what became of the unsynced record, if there is one. Call between close and reopen.
  void crash(Tail tail);
  /// One bit of a whole record that is not trimmed turns over: its checksum fails from now on.
  void damage(Position position);

  /// Appends that were written, also those that failed at the sync.
  [[nodiscard]] std::uint64_t appends() const;
  [[nodiscard]] Position last_synced() const;

 private:
  friend class MemoryLog;

  struct Record {
    Position position;
    std::string bytes;
    bool synced = false;
    bool damaged = false;
  };

  mutable std::mutex mutex_;
  std::vector<Record> records_;  // without gaps
  Position last_;                // the last that was written, trimmed or not
  std::uint64_t bytes_ = 0;
  std::uint64_t appends_ = 0;
  std::optional<Fault> fault_;
  std::uint64_t appends_before_fault_ = 0;
};

class MemoryLog final : public Log {
 public:
  /// Shared with the test, which holds the disk across restarts.
  explicit MemoryLog(std::shared_ptr<LogDisk> disk);

  base::Result<> append(Position position, std::string_view record) override;
  base::Result<> replay(
      Position after,
      const std::function<base::Result<>(Position, std::string_view)>& visit) override;
  base::Result<> trim(Position upto) override;
  [[nodiscard]] std::uint64_t bytes() const override;

 private:
  base::Result<> recover(Position after, std::vector<LogDisk::Record>& records);

  std::shared_ptr<LogDisk> disk_;
  bool replayed_ = false;
  bool dead_ = false;
};

}  // namespace perdure::store::log::memory

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A disk for tests, with what real ones do: a cache that a sync empties, sectors that are lost one
// by one in a power cut, names that are not durable before their folder is synced, writes that are
// short or interrupted, and syncs that fail and forget what they failed to write.
//
// The model. A file has durable bytes and current ones; a power cut keeps any subset of the sectors
// that differ. A folder has durable names and current ones; a power cut keeps any prefix of the
// changes since its last sync. Every call that changes something is numbered from 1 and remembered.
//
// Threads: one at a time, except that the log it serves may be driven by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "store/log/file/files.h"

namespace perdure::store::log::file::testing {

class SimDisk {
 public:
  enum class Op : std::uint8_t { kMake, kWrite, kSync, kRename, kRemove, kSyncFolder };
  struct Call {
    Op op = Op::kWrite;
    std::string path;
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
  };

  /// The machine stops in the middle of this call; it and all later ones fail.
  void stop_at(std::uint64_t call) { stop_at_ = call; }
  /// This call fails, once. A sync that fails loses what it should have written.
  void fail_at(std::uint64_t call, int number) {
    fail_at_ = call;
    fail_number_ = number;
  }
  /// No write takes more than this; every second one is interrupted.
  void chop_writes(std::size_t bytes_max) { write_bytes_max_ = bytes_max; }

  /// The power goes, and comes back. Faults are over.
  void cut_power(base::Prng& prng);
  /// The process goes; the system and its cache stay. Faults are over.
  void kill();

  [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// The current bytes of a file, to look at or to damage. REQUIRES: it exists.
  std::string& bytes(const std::string& path);
  [[nodiscard]] std::vector<std::string> names() const;
  /// As it is now; all bytes durable.
  [[nodiscard]] std::shared_ptr<SimDisk> copy() const;
  void remove(const std::string& path) { names_.erase(path); }

 private:
  friend class SimFile;
  friend class SimFiles;

  struct Inode {
    std::string durable;
    std::string current;
    std::set<std::uint64_t> dirty;  // sectors

    /// Makes a sector durable as it is.
    void keep(std::uint64_t sector);
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct Change {
    std::string from;  // empty: made
    std::string to;    // empty: removed
    std::shared_ptr<Inode> inode;
  };

  /// Numbers the call; an errno if it is to fail.
  Io<> begin(Op op, const std::string& path, std::uint64_t offset = 0, std::size_t bytes = 0);
  void put(Inode& inode, std::uint64_t offset, std::string_view bytes);
  static void apply(Names& names, const Change& change);
  void change(Change change);

  Names names_;
  Names durable_names_;
  std::map<std::string, std::vector<Change>> pending_;  // by folder
  std::vector<Call> calls_;
  std::uint64_t stop_at_ = 0;
  std::uint64_t fail_at_ = 0;
  int fail_number_ = 0;
  std::size_t write_bytes_max_ = 0;
  bool interrupt_next_ = false;
  bool stopped_ = false;
  std::uint64_t drawn_ = 0;
};

/// A handle on the disk, for a FileLog to own.
std::unique_ptr<Files> files_on(std::shared_ptr<SimDisk> disk);

}  // namespace perdure::store::log::file::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The log of a store on disk: a folder of segment files. A segment is written full of zeros and
// synced before it is used, and recycled when its records are trimmed, so that an append
// overwrites blocks that exist: one write that waits for the device, of whole sectors that no other
// record has a part of, no change of the file's length or place.
//
// One record per sync, hence the law of recovery: if record n is not whole, then either it is the
// last one (the append never returned: a torn tail), or there is proof that a later one was begun,
// and then n was acknowledged and is now damaged (kStoreCorrupt). Three things prove it: the header
// of a later record, a later segment, and the mark that a clean close leaves behind.
//
// Memory: one record, and one number per 64 KiB of log. Not thread-safe; owned by the Store. Any
// failed write or sync ends its life; opening it anew is the way back.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/log.h"
#include "store/log/file/files.h"
#include "store/log/file/segment.h"

namespace perdure::store::log::file {

struct FileLogOptions {
  /// A multiple of kSectorBytes, at least 8 of them. A record that does not fit gets a segment of
  /// its own size.
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;
  /// Trimmed segments kept for reuse. Enough for a log at its limit with the default options.
  std::size_t spares_max = 5;
};

enum class Expect : std::uint8_t {
  kExisting,  // a log without a segment is damaged
  kNewOrOld,  // ... is new
};

class FileLog final : public Log {
 public:
  /// The folder exists. `store_id` has kStoreIdBytes and must match what the segments say.
  static base::Result<std::unique_ptr<FileLog>> open(std::unique_ptr<Files> files,
                                                     std::string folder, std::string store_id,
                                                     Expect expect, FileLogOptions options = {});
  /// Leaves the mark of a clean close, unless something failed.
  ~FileLog() override;
  FileLog(const FileLog&) = delete;
  FileLog& operator=(const FileLog&) = delete;

  base::Result<> append(Position position, std::string_view record) override;
  base::Result<> replay(
      Position after,
      const std::function<base::Result<>(Position, std::string_view)>& visit) override;
  base::Result<> trim(Position upto) override;
  [[nodiscard]] std::uint64_t bytes() const override { return appended_ - trimmed_; }

 private:
  struct Segment {
    SegmentHeader header;
    std::string path;
    std::unique_ptr<File> file;  // open for the last one, and while it is read
  };
  using Visit = std::function<base::Result<>(Position, std::string_view)>;

  FileLog(std::unique_ptr<Files> files, std::string folder, std::string store_id, Expect expect,
          FileLogOptions options);

  [[nodiscard]] std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  // ---- Recovery ----
  base::Result<> list_folder();
  base::Result<> choose_segments(Position after, std::vector<std::uint64_t>& obsolete);
  base::Result<Segment> inspect(std::uint64_t number);
  base::Result<> read_segment(Segment& segment, const Segment* next, Position after,
                              const Visit& visit);
  base::Result<> check_tail(Segment& segment);
  base::Result<> settle_tail(Segment& segment);
  [[nodiscard]] base::Error damaged_at(const Segment& segment, std::uint64_t offset,
                                       std::string_view how) const;

  // ---- Writing ----
  base::Result<Segment> make_segment(std::uint64_t number, Position first, std::uint64_t bytes);
  base::Result<std::unique_ptr<File>> blank_file(std::uint64_t bytes, std::string& path);
  base::Result<> roll(Position position, std::uint64_t span);
  base::Result<> write_mark(Kind kind);
  base::Result<> append_alive(Position position, std::string_view record);
  base::Result<> retire(std::uint64_t number, std::uint64_t bytes);
  void account(Position position, std::uint64_t span);

  const std::unique_ptr<Files> files_;
  const std::string folder_;
  const std::string store_id_;
  const Expect expect_;
  const FileLogOptions options_;

  std::vector<std::uint64_t> numbers_;  // found by `list_folder`, sorted; empty after recovery
  std::deque<Segment> segments_;        // the last one is written to
  std::vector<std::uint64_t> spares_;   // of exactly segment_bytes
  Position last_;                       // the last record
  std::uint64_t tail_ = 0;              // where the next record goes, in the last segment
  std::uint64_t last_record_at_ = 0;    // in the last segment; 0: it has none
  bool closed_mark_ = false;            // the tail was found with the mark of a clean close
  bool replayed_ = false;
  bool dead_ = false;
  std::string buffer_;

  // How many bytes are held, to 64 KiB: for each stretch of records its last position and the sum
  // of all bytes up to it.
  struct Stretch {
    Position last;
    std::uint64_t sum = 0;
  };
  std::deque<Stretch> stretches_;
  std::uint64_t stretch_start_ = 0;
  std::uint64_t appended_ = 0;
  std::uint64_t trimmed_ = 0;
};

}  // namespace perdure::store::log::file

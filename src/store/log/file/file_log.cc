// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The writing half; recovery is in file_log_recovery.cc.
#include "store/log/file/file_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace perdure::store::log::file {
namespace {

constexpr std::uint64_t kZeroChunkBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kStretchBytes = std::uint64_t{64} << 10;
/// A buffer larger than this is given back after use.
constexpr std::size_t kBufferKept = std::size_t{4} << 20;

}  // namespace

using base::ErrorCode;
using base::Result;

FileLog::FileLog(std::unique_ptr<Files> files, std::string folder, std::string store_id,
                 Expect expect, FileLogOptions options)
    : files_(std::move(files)),
      folder_(std::move(folder)),
      store_id_(std::move(store_id)),
      expect_(expect),
      options_(options) {}

Result<std::unique_ptr<FileLog>> FileLog::open(std::unique_ptr<Files> files, std::string folder,
                                               std::string store_id, Expect expect,
                                               FileLogOptions options) {
  PERDURE_CHECK(files != nullptr, "a log lies in files");
  PERDURE_CHECK(store_id.size() == kStoreIdBytes, "a store's id has 16 bytes");
  PERDURE_CHECK(
      options.segment_bytes % kSectorBytes == 0 && options.segment_bytes >= 8 * kSectorBytes,
      "a segment has whole sectors, at least 8");
  std::unique_ptr<FileLog> log(
      new FileLog(std::move(files), std::move(folder), std::move(store_id), expect, options));
  PERDURE_RETURN_IF_ERROR(log->list_folder());
  return log;
}

FileLog::~FileLog() {
  if (!replayed_ || dead_ || closed_mark_) return;
  // The mark only sharpens the next recovery. If it can not be written, nothing is lost.
  std::ignore = write_mark(Kind::kClosed);
}

// ---- Segments -----------------------------------------------------------------------------------

/// A file of the right size whose blocks all exist, under a name that is no segment's.
Result<std::unique_ptr<File>> FileLog::blank_file(std::uint64_t bytes, std::string& path) {
  if (bytes == options_.segment_bytes && !spares_.empty()) {
    path = path_of(spare_name(spares_.back()));
    spares_.pop_back();
    auto spare = files_->open(path, OpenMode::kExisting);
    if (!spare) return std::unexpected(io_error("opening", path, spare.error()));
    return std::move(*spare);
  }
  path = path_of(std::string(kMakingName));
  auto made = files_->open(path, OpenMode::kEmpty);
  if (!made) return std::unexpected(io_error("making", path, made.error()));
  const std::string zeros(std::min(bytes, kZeroChunkBytes), '\0');
  for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
    const std::uint64_t size = std::min<std::uint64_t>(zeros.size(), bytes - at);
    PERDURE_RETURN_IF_ERROR(write_all(**made, path, at, std::string_view(zeros).substr(0, size)));
  }
  return std::move(*made);
}

/// The header is durable before the file is called a segment, and the name before this returns: so
/// a segment with a bad header is damaged, never just young.
Result<FileLog::Segment> FileLog::make_segment(std::uint64_t number, Position first,
                                               std::uint64_t bytes) {
  Segment segment;
  const auto drawn = files_->random(8);
  if (!drawn) return std::unexpected(io_error("drawing random bytes for", folder_, drawn.error()));
  segment.header = {kLogFormat, store_id_, number, first, base::Reader(*drawn).be64(), bytes};
  segment.path = path_of(segment_name(number));
  std::string blank;
  PERDURE_ASSIGN_OR_RETURN(segment.file, blank_file(bytes, blank));
  PERDURE_RETURN_IF_ERROR(
      write_all(*segment.file, blank, 0, encode_segment_header(segment.header)));
  PERDURE_RETURN_IF_ERROR(sync_file(*segment.file, blank));
  if (const auto named = files_->rename(blank, segment.path); !named)
    return std::unexpected(io_error("renaming", blank, named.error()));
  if (const auto synced = files_->sync_folder(folder_); !synced)
    return std::unexpected(io_error("syncing", folder_, synced.error()));
  return segment;
}

Result<> FileLog::roll(Position position, std::uint64_t span) {
  // Room for the header, the record, and a mark at the end.
  const std::uint64_t needed = kSectorBytes + span + kSectorBytes;
  PERDURE_ASSIGN_OR_RETURN(Segment made, make_segment(segments_.back().header.number + 1, position,
                                                      std::max(options_.segment_bytes, needed)));
  PERDURE_RETURN_IF_ERROR(write_mark(Kind::kSealed));
  segments_.back().file.reset();
  segments_.push_back(std::move(made));
  tail_ = kSectorBytes;
  return {};
}

Result<> FileLog::write_mark(Kind kind) {
  Segment& segment = segments_.back();
  const RecordHeader header{kind, last_, 0, base::crc32c({})};
  std::string mark = encode_record_header(header, segment.header.seed(), tail_);
  mark.resize(kSectorBytes);
  PERDURE_RETURN_IF_ERROR(write_all(*segment.file, segment.path, tail_, mark));
  return sync_file(*segment.file, segment.path);
}

// ---- Append and trim ----------------------------------------------------------------------------

Result<> FileLog::append(Position position, std::string_view record) {
  PERDURE_CHECK(replayed_, "a log is replayed before it is appended to");
  if (dead_) {
    return base::fail(
        ErrorCode::kUnavailable,
        fmt::format("the log in '{}' stopped after an error; open it again", folder_));
  }
  PERDURE_CHECK(position.value == last_.value + 1, "positions have no gaps");
  PERDURE_CHECK(record.size() <= kRecordBytesMax, "the store bounds its groups");
  auto appended = append_alive(position, record);
  if (!appended) dead_ = true;
  return appended;
}

Result<> FileLog::append_alive(Position position, std::string_view record) {
  const std::uint64_t span = record_span(record.size());
  if (tail_ + span + kSectorBytes > segments_.back().header.bytes)
    PERDURE_RETURN_IF_ERROR(roll(position, span));
  Segment& segment = segments_.back();
  const RecordHeader header{Kind::kGroup, position, static_cast<std::uint32_t>(record.size()),
                            base::crc32c(record)};
  buffer_ = encode_record_header(header, segment.header.seed(), tail_);
  buffer_.reserve(span);
  buffer_.append(record);
  buffer_.resize(span);
  closed_mark_ = false;
  PERDURE_RETURN_IF_ERROR(write_all(*segment.file, segment.path, tail_, buffer_));
  PERDURE_RETURN_IF_ERROR(sync_file(*segment.file, segment.path));
  if (buffer_.capacity() > kBufferKept) buffer_ = {};
  tail_ += span;
  last_ = position;
  account(position, span);
  return {};
}

void FileLog::account(Position position, std::uint64_t span) {
  if (stretches_.empty() || appended_ - stretch_start_ >= kStretchBytes) {
    stretches_.emplace_back();
    stretch_start_ = appended_;
  }
  appended_ += span;
  stretches_.back() = {position, appended_};
}

Result<> FileLog::retire(std::uint64_t number, std::uint64_t bytes) {
  const std::string path = path_of(segment_name(number));
  if (bytes != options_.segment_bytes || spares_.size() >= options_.spares_max) {
    if (const auto removed = files_->remove(path); !removed)
      return std::unexpected(io_error("removing", path, removed.error()));
    return {};
  }
  if (const auto renamed = files_->rename(path, path_of(spare_name(number))); !renamed)
    return std::unexpected(io_error("renaming", path, renamed.error()));
  spares_.push_back(number);
  return {};
}

Result<> FileLog::trim(Position upto) {
  PERDURE_CHECK(replayed_ && upto <= last_, "what is trimmed is there");
  if (dead_) {
    return base::fail(
        ErrorCode::kUnavailable,
        fmt::format("the log in '{}' stopped after an error; open it again", folder_));
  }
  for (; !stretches_.empty() && stretches_.front().last <= upto; stretches_.pop_front())
    trimmed_ = stretches_.front().sum;
  bool retired = false;
  // The oldest first, so that what remains is always a tail of the log. The last segment stays: it
  // says how far the log goes.
  while (segments_.size() > 1 && segments_[1].header.first.value <= upto.value + 1) {
    const SegmentHeader& oldest = segments_.front().header;
    if (auto gone = retire(oldest.number, oldest.bytes); !gone) {
      dead_ = true;
      return gone;
    }
    segments_.pop_front();
    retired = true;
  }
  if (!retired) return {};
  // Before a spare gets a new header, its old name must be gone for good.
  if (const auto synced = files_->sync_folder(folder_); !synced) {
    dead_ = true;
    return std::unexpected(io_error("syncing", folder_, synced.error()));
  }
  return {};
}

}  // namespace perdure::store::log::file

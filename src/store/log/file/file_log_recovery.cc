// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Opening a log: which segments count, reading their records, telling a torn tail from damage, and
// making the tail durable before anybody relies on it.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "store/log/file/file_log.h"

namespace perdure::store::log::file {
namespace {

/// How much of a segment is looked through at once for proof of a later record.
constexpr std::uint64_t kSearchBytes = std::uint64_t{1} << 20;

}  // namespace

using base::ErrorCode;
using base::Result;

base::Error FileLog::damaged_at(const Segment& segment, std::uint64_t offset,
                                std::string_view how) const {
  return {ErrorCode::kStoreCorrupt,
          fmt::format("log segment '{}' is damaged at byte {}: {}; restore the store from a copy",
                      segment.path, offset, how)};
}

// ---- Which segments -----------------------------------------------------------------------------

Result<> FileLog::list_folder() {
  const auto names = files_->list(folder_);
  if (!names && names.error() == ENOENT) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the store's log folder '{}' is missing; restore the store from "
                                  "a copy",
                                  folder_));
  }
  if (!names) return std::unexpected(io_error("listing", folder_, names.error()));
  for (const std::string& name : *names) {
    if (const auto number = parse_segment_name(name)) {
      numbers_.push_back(*number);
      continue;
    }
    const auto spare = parse_spare_name(name);
    const std::string path = path_of(name);
    bool keep = false;
    if (spare && spares_.size() < options_.spares_max) {
      const auto file = files_->open(path, OpenMode::kExisting);
      if (!file) return std::unexpected(io_error("opening", path, file.error()));
      const auto size = (*file)->size();
      if (!size) return std::unexpected(io_error("measuring", path, size.error()));
      keep = *size == options_.segment_bytes;
    }
    if (keep) {
      spares_.push_back(*spare);
    } else if (spare || name == kMakingName) {
      if (const auto removed = files_->remove(path); !removed)
        return std::unexpected(io_error("removing", path, removed.error()));
    }
  }
  std::ranges::sort(numbers_);
  return {};
}

Result<FileLog::Segment> FileLog::inspect(std::uint64_t number) {
  Segment segment;
  segment.path = path_of(segment_name(number));
  auto file = files_->open(segment.path, OpenMode::kExisting);
  if (!file) return std::unexpected(io_error("opening", segment.path, file.error()));
  segment.file = std::move(*file);
  PERDURE_ASSIGN_OR_RETURN(const std::string sector,
                           read_up_to(*segment.file, segment.path, 0, kSectorBytes));
  const auto header = decode_segment_header(sector);
  if (!header || header->number != number)
    return std::unexpected(damaged_at(segment, 0, "its header fails its checksum"));
  if (header->format > kLogFormat) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("log segment '{}' has format {}, this program knows {}; use a "
                                  "newer version of it",
                                  segment.path, header->format, kLogFormat));
  }
  if (header->store_id != store_id_) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("log segment '{}' belongs to another store; restore the folder "
                                  "from one copy",
                                  segment.path));
  }
  const auto size = segment.file->size();
  if (!size) return std::unexpected(io_error("measuring", segment.path, size.error()));
  // The file was that long before it became a segment: no crash can shorten it.
  if (*size < header->bytes) {
    return std::unexpected(
        damaged_at(segment, *size, fmt::format("{} bytes are missing", header->bytes - *size)));
  }
  segment.header = *header;
  return segment;
}

/// The newest segment that may begin at or before `after` + 1, and all later ones. Older ones hold
/// nothing that is needed; they are not even looked at.
Result<> FileLog::choose_segments(Position after, std::vector<std::uint64_t>& obsolete) {
  bool begun = false;
  for (const std::uint64_t number : std::views::reverse(numbers_)) {
    if (begun) {
      obsolete.push_back(number);
      continue;
    }
    PERDURE_ASSIGN_OR_RETURN(Segment segment, inspect(number));
    if (!segments_.empty() && segments_.front().header.number != number + 1) {
      return base::fail(ErrorCode::kStoreCorrupt,
                        fmt::format("log segment '{}' is missing; restore the store from a copy",
                                    path_of(segment_name(number + 1))));
    }
    begun = segment.header.first.value <= after.value + 1;
    segments_.push_front(std::move(segment));
  }
  std::ranges::reverse(obsolete);
  if (begun) return {};
  if (!segments_.empty()) {
    return base::fail(
        ErrorCode::kStoreCorrupt,
        fmt::format("the log in '{}' begins at record {}, but the table holds only what is up to "
                    "{}: log segments or the table are missing; restore the store from a copy",
                    folder_, segments_.front().header.first.value, after.value));
  }
  if (expect_ == Expect::kExisting || after.value > 0) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the log in '{}' has no segment any more; restore the store from "
                                  "a copy",
                                  folder_));
  }
  PERDURE_ASSIGN_OR_RETURN(Segment first, make_segment(1, Position{1}, options_.segment_bytes));
  segments_.push_back(std::move(first));
  return {};
}

// ---- Reading ------------------------------------------------------------------------------------

Result<> FileLog::replay(Position after, const Visit& visit) {
  PERDURE_CHECK(!replayed_, "a log is replayed once");
  std::vector<std::uint64_t> obsolete;
  PERDURE_RETURN_IF_ERROR(choose_segments(after, obsolete));
  last_ = {segments_.front().header.first.value - 1};
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment* const next = i + 1 < segments_.size() ? &segments_[i + 1] : nullptr;
    PERDURE_RETURN_IF_ERROR(read_segment(segments_[i], next, after, visit));
    if (next != nullptr) segments_[i].file.reset();
  }
  if (last_ < after) {
    return std::unexpected(
        damaged_at(segments_.back(), tail_,
                   fmt::format("the log ends at record {}, but the table holds {}", last_.value,
                               after.value)));
  }
  PERDURE_RETURN_IF_ERROR(settle_tail(segments_.back()));
  for (const std::uint64_t number : obsolete) {
    const std::string path = path_of(segment_name(number));
    auto file = files_->open(path, OpenMode::kExisting);
    if (!file) return std::unexpected(io_error("opening", path, file.error()));
    const auto size = (*file)->size();
    PERDURE_RETURN_IF_ERROR(retire(number, size.value_or(0)));
  }
  if (!obsolete.empty()) {
    if (const auto synced = files_->sync_folder(folder_); !synced)
      return std::unexpected(io_error("syncing", folder_, synced.error()));
  }
  numbers_ = {};
  replayed_ = true;
  return {};
}

/// Leaves `last_`, `tail_` and `last_record_at_` behind the segment's last record.
Result<> FileLog::read_segment(Segment& segment, const Segment* next, Position after,
                               const Visit& visit) {
  const std::uint32_t seed = segment.header.seed();
  std::string payload;
  tail_ = kSectorBytes;
  last_record_at_ = 0;
  if (segment.header.first.value != last_.value + 1)
    return std::unexpected(damaged_at(segment, 0, "it does not begin where the last one ended"));
  for (;;) {
    // What is behind the last record of a segment that has a successor does not matter.
    if (next != nullptr && next->header.first.value == last_.value + 1) return {};
    PERDURE_ASSIGN_OR_RETURN(const std::string bytes,
                             read_up_to(*segment.file, segment.path, tail_, kRecordHeaderBytes));
    const auto header = decode_record_header(bytes, seed, tail_);
    const bool follows =
        header && header->kind == Kind::kGroup && header->position.value == last_.value + 1;
    bool whole = follows && tail_ + record_span(header->payload_bytes) <= segment.header.bytes;
    if (whole && header->position > after) {
      PERDURE_ASSIGN_OR_RETURN(payload,
                               read_up_to(*segment.file, segment.path, tail_ + kRecordHeaderBytes,
                                          header->payload_bytes));
      whole =
          payload.size() == header->payload_bytes && base::crc32c(payload) == header->payload_crc;
    }
    if (!whole && next != nullptr) {
      return std::unexpected(damaged_at(
          segment, tail_,
          fmt::format("record {} fails its checksum, but later ones exist", last_.value + 1)));
    }
    if (!whole) return check_tail(segment);
    if (header->position > after) {
      PERDURE_RETURN_IF_ERROR(visit(header->position, payload));
      account(header->position, record_span(header->payload_bytes));
    }
    last_ = header->position;
    last_record_at_ = tail_;
    tail_ += record_span(header->payload_bytes);
  }
}

/// There is no whole record at the tail. Is it torn, or is there proof that it was acknowledged?
Result<> FileLog::check_tail(Segment& segment) {
  const std::uint32_t seed = segment.header.seed();
  const Position missing{last_.value + 1};
  for (std::uint64_t start = tail_; start < segment.header.bytes; start += kSearchBytes) {
    const std::uint64_t size = std::min(kSearchBytes, segment.header.bytes - start);
    PERDURE_ASSIGN_OR_RETURN(const std::string bytes,
                             read_up_to(*segment.file, segment.path, start, size));
    for (std::uint64_t at = 0; at < bytes.size(); at += kSectorBytes) {
      const std::uint64_t offset = start + at;
      const auto header = decode_record_header(
          std::string_view(bytes).substr(at, kRecordHeaderBytes), seed, offset);
      if (!header) continue;
      const bool mark = header->kind != Kind::kGroup;
      if (offset == tail_ && mark && header->position == last_) {
        if (header->kind == Kind::kClosed) {
          closed_mark_ = true;
          return {};
        }
        return std::unexpected(
            damaged_at(segment, offset,
                       fmt::format("the log goes on in '{}', which is missing",
                                   path_of(segment_name(segment.header.number + 1)))));
      }
      const bool torn_itself = offset == tail_ && header->position == missing;
      if (header->position >= missing && (mark || !torn_itself)) {
        return std::unexpected(damaged_at(
            segment, tail_,
            fmt::format("record {} fails its checksum, but byte {} shows that it was complete",
                        missing.value, offset)));
      }
    }
  }
  return {};
}

/// The last record may be in the system's cache only: its writer was killed before the sync, or the
/// sync failed, and then the cache no longer knows that it must be written. It is about to be
/// relied on, so it is written once more, and synced.
Result<> FileLog::settle_tail(Segment& segment) {
  if (last_record_at_ == 0 || closed_mark_) return {};
  PERDURE_ASSIGN_OR_RETURN(
      const std::string bytes,
      read_up_to(*segment.file, segment.path, last_record_at_, tail_ - last_record_at_));
  PERDURE_RETURN_IF_ERROR(write_all(*segment.file, segment.path, last_record_at_, bytes));
  return sync_file(*segment.file, segment.path);
}

}  // namespace perdure::store::log::file

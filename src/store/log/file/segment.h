// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a log segment: one header, then records, each at a multiple of kSectorBytes. Values;
// free of files and state. docs/reference/store.md is the byte-by-byte description.
//
// Why 512: it is the unit that a disk writes whole. A record's header is therefore there entirely
// or not at all, and a sector that a power cut destroys belongs to one record only: the one that
// was being written.
//
// A record's header is valid only where it was written: its checksum starts from the segment's
// seed (drawn at random whenever the file begins a new life) and from the record's own offset,
// neither of which the header contains. So nothing that a recycled file held before, and nothing
// that a user's payload contains, is ever taken for a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/log.h"
#include "store/store.h"

namespace perdure::store::log::file {

inline constexpr std::uint64_t kSectorBytes = 512;
inline constexpr std::uint64_t kRecordHeaderBytes = 32;
inline constexpr std::uint32_t kLogFormat = 1;
/// A record's payload; the store's groups are at most a quarter of it.
inline constexpr std::uint64_t kRecordBytesMax = std::uint64_t{1} << 30;

struct SegmentHeader {
  std::uint32_t format = kLogFormat;
  std::string store_id;      // kStoreIdBytes
  std::uint64_t number = 0;  // grows by one with every segment, for ever
  Position first;            // of the first record, whether it is there yet or not
  std::uint64_t salt = 0;    // random
  std::uint64_t bytes = 0;   // of the whole file

  /// What the checksums of this segment's records start from.
  [[nodiscard]] std::uint32_t seed() const;
};

/// One sector.
std::string encode_segment_header(const SegmentHeader& header);
/// Nothing if the bytes are no such header.
std::optional<SegmentHeader> decode_segment_header(std::string_view sector);

/// The numbers are stored.
enum class Kind : std::uint8_t {
  kGroup = 1,   // a record of the store
  kClosed = 2,  // a mark, without a payload: everything up to `position` is durable
  kSealed = 3,  // the same, and the next record is in the next segment, which exists
};

struct RecordHeader {
  Kind kind = Kind::kGroup;
  Position position;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_crc = 0;
};

std::string encode_record_header(const RecordHeader& header, std::uint32_t seed,
                                 std::uint64_t offset);
/// Nothing if no header was written at this offset in this life of the segment.
std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint32_t seed,
                                                 std::uint64_t offset);

/// The bytes that a record takes in a segment, up to the next sector.
constexpr std::uint64_t record_span(std::uint64_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

/// A segment while it is being made; whatever is found under this name is of no use.
inline constexpr std::string_view kMakingName = "making.seg";

/// "log-00000000000000000001.seg"
std::string segment_name(std::uint64_t number);
/// "spare-00000000000000000001.seg": was segment 1, holds nothing that anybody needs.
std::string spare_name(std::uint64_t number);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);
std::optional<std::uint64_t> parse_spare_name(std::string_view name);

}  // namespace perdure::store::log::file

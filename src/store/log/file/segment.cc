// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/log/file/segment.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace perdure::store::log::file {
namespace {

constexpr std::string_view kSegmentMagic = "PERDLOG\n";
constexpr std::string_view kRecordMagic = "PRec";
constexpr std::string_view kSegmentPrefix = "log-";
constexpr std::string_view kSparePrefix = "spare-";
constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 20;  // every 64-bit number, so that names sort as numbers

std::string number_bytes(std::uint64_t number) {
  std::string bytes;
  base::Writer(bytes).be64(number);
  return bytes;
}

std::optional<std::uint64_t> parse_name(std::string_view prefix, std::string_view name) {
  if (name.size() != prefix.size() + kDigits + kSuffix.size()) return std::nullopt;
  if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size(), kDigits);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc{} || end != digits.end()) return std::nullopt;
  return number;
}

}  // namespace

std::uint32_t SegmentHeader::seed() const {
  return base::crc32c(store_id,
                      base::crc32c(number_bytes(number), base::crc32c(number_bytes(salt))));
}

std::string encode_segment_header(const SegmentHeader& header) {
  PERDURE_CHECK(header.store_id.size() == kStoreIdBytes, "a store's id has 16 bytes");
  std::string sector;
  base::Writer writer(sector);
  writer.raw(kSegmentMagic);
  writer.be32(header.format);
  writer.raw(header.store_id);
  writer.be64(header.number);
  writer.be64(header.first.value);
  writer.be64(header.salt);
  writer.be64(header.bytes);
  writer.be32(base::crc32c(sector));
  sector.resize(kSectorBytes);
  return sector;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view sector) {
  base::Reader reader(sector);
  if (reader.raw(kSegmentMagic.size()) != kSegmentMagic) return std::nullopt;
  SegmentHeader header;
  header.format = reader.be32();
  header.store_id = reader.raw(kStoreIdBytes);
  header.number = reader.be64();
  header.first.value = reader.be64();
  header.salt = reader.be64();
  header.bytes = reader.be64();
  const std::string_view covered = sector.substr(0, sector.size() - reader.rest().size());
  const std::uint32_t crc = reader.be32();
  if (!reader.ok() || crc != base::crc32c(covered)) return std::nullopt;
  return header;
}

std::string encode_record_header(const RecordHeader& header, std::uint32_t seed,
                                 std::uint64_t offset) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.raw(kRecordMagic);
  writer.u8(static_cast<std::uint8_t>(header.kind));
  writer.raw(std::string_view("\0\0\0", 3));
  writer.be64(header.position.value);
  writer.be32(header.payload_bytes);
  writer.be32(header.payload_crc);
  writer.be32(base::crc32c(bytes, base::crc32c(number_bytes(offset), seed)));
  bytes.resize(kRecordHeaderBytes);
  return bytes;
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint32_t seed,
                                                 std::uint64_t offset) {
  base::Reader reader(bytes);
  if (reader.raw(kRecordMagic.size()) != kRecordMagic) return std::nullopt;
  RecordHeader header;
  const std::uint8_t kind = reader.u8();
  reader.raw(3);
  header.position.value = reader.be64();
  header.payload_bytes = reader.be32();
  header.payload_crc = reader.be32();
  const std::string_view covered = bytes.substr(0, bytes.size() - reader.rest().size());
  const std::uint32_t crc = reader.be32();
  if (!reader.ok() || crc != base::crc32c(covered, base::crc32c(number_bytes(offset), seed)))
    return std::nullopt;
  if (kind < static_cast<std::uint8_t>(Kind::kGroup) ||
      kind > static_cast<std::uint8_t>(Kind::kSealed))
    return std::nullopt;
  header.kind = static_cast<Kind>(kind);
  return header;
}

std::string segment_name(std::uint64_t number) {
  return fmt::format("{}{:020}{}", kSegmentPrefix, number, kSuffix);
}

std::string spare_name(std::uint64_t number) {
  return fmt::format("{}{:020}{}", kSparePrefix, number, kSuffix);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  return parse_name(kSegmentPrefix, name);
}

std::optional<std::uint64_t> parse_spare_name(std::string_view name) {
  return parse_name(kSparePrefix, name);
}

}  // namespace perdure::store::log::file

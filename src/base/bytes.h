// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Writing and reading the byte formats of records and keys. Integers in records are LEB128 varints;
// integers in keys are big-endian, so that byte order is number order. A Reader never reads past
// its end: it turns "failed" and stays so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::base {

/// Appends to a string that the caller owns. Not thread-safe; cannot fail.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void be16(std::uint16_t value) { big_endian(value, 2); }
  void be32(std::uint32_t value) { big_endian(value, 4); }
  void be64(std::uint64_t value) { big_endian(value, 8); }

  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
  }

  /// Zigzag, so that small negative numbers are short.
  void svarint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  /// A varint length, then the bytes.
  void bytes(std::string_view value) {
    varint(value.size());
    raw(value);
  }

  /// 0 for absent, else length + 1 and the bytes.
  void optional_bytes(const std::optional<std::string>& value) {
    varint(value ? value->size() + 1 : 0);
    if (value) raw(*value);
  }

  void raw(std::string_view value) { out_.append(value); }

 private:
  void big_endian(std::uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
      u8(static_cast<std::uint8_t>(value >> shift));
  }

  std::string& out_;
};

/// Reads from bytes that outlive it. After the first failure every read answers zero or empty; ask
/// `ok()` once at the end.
class Reader {
 public:
  explicit Reader(std::string_view in) : rest_(in) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t be64() { return big_endian(8); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return failed();
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return failed();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return failed();
  }

  std::int64_t svarint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }

  std::string_view bytes() { return raw(varint()); }

  std::optional<std::string> optional_bytes() {
    const std::uint64_t size = varint();
    if (size == 0) return std::nullopt;
    return std::string(raw(size - 1));
  }

  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) {
      failed();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::uint64_t failed() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::uint64_t big_endian(std::size_t size) {
    if (size > rest_.size()) return failed();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = (value << 8) | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(size);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/identity.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>

#include "base/check.h"
#include "base/crc32c.h"
#include "store/store.h"

namespace perdure::store {
namespace {

constexpr std::string_view kTitle =
    "Perdure store. Everything in this folder belongs to it; please change nothing here.\n";
constexpr std::size_t kChecksumLineBytes = std::string_view("crc32c 00000000\n").size();

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

/// The bytes of an even number of hexadecimal digits; empty for anything else.
std::string from_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() % 2 != 0) return {};
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kDigits.find(text[i]);
    const std::size_t low = kDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return {};
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string checksum_line(std::string_view before) {
  return fmt::format("crc32c {:08x}\n", base::crc32c(before));
}

/// Takes "name value\n" off the front of `text`; empty if it is something else.
std::string_view take_line(std::string_view& text, std::string_view name) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || end <= name.size()) return {};
  const std::string_view value = text.substr(name.size() + 1, end - name.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::string encode_identity(const Identity& identity) {
  PERDURE_CHECK(identity.id.size() == kStoreIdBytes, "a store's id has 16 bytes");
  std::string text(kTitle);
  text += fmt::format("format {}\nid {}\n", identity.format, to_hex(identity.id));
  return text + checksum_line(text);
}

base::Result<Identity> decode_identity(const std::string& path, std::string_view text) {
  const auto damaged = [&path] {
    return base::fail(base::ErrorCode::kStoreCorrupt,
                      fmt::format("'{}' is damaged: its checksum does not match; restore the store "
                                  "from a copy",
                                  path));
  };
  if (text.size() < kChecksumLineBytes) return damaged();
  const std::string_view covered = text.substr(0, text.size() - kChecksumLineBytes);
  if (text.substr(covered.size()) != checksum_line(covered)) return damaged();
  if (!covered.starts_with(kTitle)) return damaged();

  std::string_view rest = covered.substr(kTitle.size());
  Identity identity;
  const std::string_view format = take_line(rest, "format");
  const auto [end, error] =
      std::from_chars(format.data(), format.data() + format.size(), identity.format);
  if (error != std::errc{} || end != format.data() + format.size()) return damaged();
  identity.id = from_hex(take_line(rest, "id"));
  // A later format may say more, and may say it differently: only the number counts.
  if (identity.format <= kFolderFormat && identity.id.size() != kStoreIdBytes) return damaged();
  return identity;
}

}  // namespace perdure::store

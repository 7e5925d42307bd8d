// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows made by hand, as docs/reference/records.md describes them and without the codec's help: for
// tests and fuzzers of what lies behind a whole seal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/crc32c.h"

namespace perdure::model::testing {

inline constexpr std::uint8_t kFormatNow = 1;
inline constexpr std::size_t kSealBytes = 5;  // the format number and the checksum

inline std::string sealed(std::string_view key, std::string_view body,
                          std::uint8_t format = kFormatNow) {
  std::string row(1, static_cast<char>(format));
  row += body;
  const std::uint32_t sum = base::crc32c(std::string(key) + row);
  for (const int shift : {0, 8, 16, 24}) row.push_back(static_cast<char>(sum >> shift));
  return row;
}

inline std::string body_of(std::string_view row) {
  return std::string(row.substr(1, row.size() - kSealBytes));
}

/// The body of a history row: the chain before it, the chain after it, and its encoded events.
inline std::string chunk_body(std::uint32_t chain_before, std::string_view events) {
  const std::uint32_t chain_after = base::crc32c(events, chain_before);
  std::string body;
  for (const std::uint32_t chain : {chain_before, chain_after}) {
    for (const int shift : {24, 16, 8, 0}) body.push_back(static_cast<char>(chain >> shift));
  }
  return body + std::string(events);
}

}  // namespace perdure::model::testing

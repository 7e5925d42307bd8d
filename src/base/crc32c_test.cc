// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/prng.h"

namespace perdure::base {
namespace {

/// The definition, one bit at a time.
std::uint32_t by_definition(std::string_view bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0x82F6'3B78 : crc >> 1;
  }
  return ~crc;
}

std::string some_bytes(Prng& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

TEST(Crc32c, MatchesThePublishedValues) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE306'9283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A91'36AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8'AB43U);
}

TEST(Crc32c, MatchesTheDefinitionForEveryLengthAndAlignment) {
  Prng random(3);
  const std::string bytes = some_bytes(random, 96);
  for (std::size_t from = 0; from < 16; ++from) {
    for (std::size_t size = 0; from + size <= bytes.size(); ++size) {
      const std::string_view part = std::string_view(bytes).substr(from, size);
      ASSERT_EQ(crc32c(part), by_definition(part)) << from << "+" << size;
    }
  }
}

TEST(Crc32c, ContinuesFromTheChecksumOfWhatCameBefore) {
  Prng random(4);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = some_bytes(random, 1 + random.below(200));
    const std::size_t cut = random.below(bytes.size() + 1);
    const std::string_view all = bytes;
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
  }
}

TEST(Crc32c, NoticesEverySingleFlippedBit) {
  Prng random(5);
  std::string bytes = some_bytes(random, 64);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<char>(1U << (bit % 8));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    EXPECT_NE(crc32c(bytes), whole);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
}

}  // namespace
}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/prng.h"

namespace perdure::base {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

template <class Write>
std::string written(Write write) {
  std::string bytes;
  Writer writer(bytes);
  write(writer);
  return bytes;
}

TEST(Bytes, WritesVarintsInGroupsOfSevenBits) {
  EXPECT_EQ(written([](Writer& w) { w.varint(0); }), std::string("\0", 1));
  EXPECT_EQ(written([](Writer& w) { w.varint(127); }), "\x7F");
  EXPECT_EQ(written([](Writer& w) { w.varint(128); }), "\x80\x01");
  EXPECT_EQ(written([](Writer& w) { w.varint(300); }), "\xAC\x02");
  EXPECT_EQ(written([](Writer& w) { w.varint(kMax); }).size(), 10U);
}

TEST(Bytes, KeepsSmallNegativeNumbersShort) {
  EXPECT_EQ(written([](Writer& w) { w.svarint(-1); }), "\x01");
  EXPECT_EQ(written([](Writer& w) { w.svarint(1); }), "\x02");
  EXPECT_EQ(written([](Writer& w) { w.svarint(-64); }), "\x7F");
}

TEST(Bytes, ReadsBackEveryVarint) {
  Prng random(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random.next() >> random.below(64);
    const auto as_signed = static_cast<std::int64_t>(random.next() >> random.below(64));
    const std::int64_t negative = random.chance(50) ? -1 - (as_signed & INT64_MAX) : as_signed;
    const std::string bytes = written([&](Writer& w) {
      w.varint(value);
      w.svarint(negative);
    });
    Reader reader(bytes);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.svarint(), negative);
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(reader.done());
  }
}

TEST(Bytes, ReadsBackTheExtremeNumbers) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  const std::string bytes = written([](Writer& w) {
    w.varint(kMax);
    w.svarint(kLow);
    w.svarint(kHigh);
    w.be16(0xFFFE);
    w.be32(0xFFFF'FFFE);
    w.be64(kMax - 1);
  });
  Reader reader(bytes);
  EXPECT_EQ(reader.varint(), kMax);
  EXPECT_EQ(reader.svarint(), kLow);
  EXPECT_EQ(reader.svarint(), kHigh);
  EXPECT_EQ(reader.be16(), 0xFFFE);
  EXPECT_EQ(reader.be32(), 0xFFFF'FFFE);
  EXPECT_EQ(reader.be64(), kMax - 1);
  EXPECT_TRUE(reader.ok() && reader.done());
}

TEST(Bytes, RefusesAVarintOfMoreThan64Bits) {
  const std::string eleven = std::string(10, '\x80') + "\x01";
  Reader longer(eleven);
  EXPECT_EQ(longer.varint(), 0U);
  EXPECT_FALSE(longer.ok());

  const std::string overflow = std::string(9, '\xFF') + "\x02";
  Reader larger(overflow);
  EXPECT_EQ(larger.varint(), 0U);
  EXPECT_FALSE(larger.ok());
}

TEST(Bytes, PutsBigEndianNumbersInNumberOrder) {
  Prng random(2);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t a = random.next() >> random.below(64);
    const std::uint64_t b = random.next() >> random.below(64);
    const std::string bytes_a = written([&](Writer& w) { w.be64(a); });
    const std::string bytes_b = written([&](Writer& w) { w.be64(b); });
    EXPECT_EQ(a < b, bytes_a < bytes_b) << a << " " << b;
  }
  EXPECT_EQ(written([](Writer& w) { w.be32(0x0102'0304); }), "\x01\x02\x03\x04");
}

TEST(Bytes, TellsAbsentFromEmpty) {
  const std::string bytes = written([](Writer& w) {
    w.optional_bytes(std::nullopt);
    w.optional_bytes("");
    w.optional_bytes("xy");
  });
  EXPECT_EQ(bytes, std::string("\0\1\3xy", 5));
  Reader reader(bytes);
  EXPECT_EQ(reader.optional_bytes(), std::nullopt);
  EXPECT_EQ(reader.optional_bytes(), std::string());
  EXPECT_EQ(reader.optional_bytes(), std::string("xy"));
  EXPECT_TRUE(reader.ok() && reader.done());
}

TEST(Bytes, NeverReadsPastTheEnd) {
  const std::string bytes = written([](Writer& w) {
    w.varint(1'000'000);
    w.be32(7);
    w.bytes("hello");
  });
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Reader reader(std::string_view(bytes).substr(0, size));
    reader.varint();
    reader.be32();
    EXPECT_EQ(reader.bytes(), "");
    EXPECT_FALSE(reader.ok()) << size;
  }
}

TEST(Bytes, RefusesALengthBeyondTheEnd) {
  const std::string bytes = written([](Writer& w) { w.varint(kMax); });
  Reader plain(bytes);
  EXPECT_EQ(plain.bytes(), "");
  EXPECT_FALSE(plain.ok());
  Reader optional(bytes);
  optional.optional_bytes();
  EXPECT_FALSE(optional.ok());
}

TEST(Bytes, StaysFailedAfterTheFirstFailure) {
  Reader reader("ab");
  reader.be32();
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.raw(1), "");
  EXPECT_TRUE(reader.done());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace perdure::base

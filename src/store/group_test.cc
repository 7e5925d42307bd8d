// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/group.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace perdure::store {
namespace {

using base::ErrorCode;
using model::Space;

std::string sample() {
  std::string record;
  GroupWriter writer(record, {{{3}, {7}}, {{300}, {70'000}}}, 3);
  writer.add(Space::kInstance, std::string("k\0\xff", 3), "value");
  writer.add(Space::kMeta, "", "");
  writer.add(Space::kAgenda, "gone", std::nullopt);
  return record;
}

TEST(Group, IsReadAsItWasWritten) {
  const std::string record = sample();
  const auto group = decode_group(record);
  ASSERT_TRUE(group) << group.error().message;
  ASSERT_EQ(group->fences.size(), 2U);
  EXPECT_EQ(group->fences[1].shard.value, 300U);
  EXPECT_EQ(group->fences[1].epoch.value, 70'000U);
  ASSERT_EQ(group->rows.size(), 3U);
  EXPECT_EQ(group->rows[0].key, std::string_view("k\0\xff", 3));
  EXPECT_EQ(group->rows[0].value, "value");
  EXPECT_EQ(group->rows[1].space, Space::kMeta);
  EXPECT_EQ(group->rows[1].value, "");
  EXPECT_EQ(group->rows[2].value, std::nullopt);
}

TEST(Group, ItsBytesAreTheFormat) {
  const std::string expected(
      "\x02"                              // format
      "\x02\x03\x07\xac\x02\xf0\xa2\x04"  // two fences
      "\x03"                              // three rows
      "\x01\x00\x03k\x00\xff\x06value"
      "\x04\x00\x00\x01"
      "\x03\x00\x04gone\x00",
      34);
  EXPECT_EQ(sample(), expected);
}

std::string with_keys(const std::vector<std::string>& keys) {
  std::string record;
  GroupWriter writer(record, {}, keys.size());
  for (const std::string& key : keys) writer.add(Space::kHistory, key, std::nullopt);
  return record;
}

TEST(Group, AKeyIsWrittenFromWhereItDiffersFromTheOneBefore) {
  const std::vector<std::string> keys = {"abc1", "abc2", "abc2", "ab", "abc2long", "x", ""};
  const auto group = decode_group(with_keys(keys));
  ASSERT_TRUE(group) << group.error().message;
  ASSERT_EQ(group->rows.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(group->rows[i].key, keys[i]);
  const std::string expected(
      "\x02\x00\x02\x02\x00\x04"
      "abc1\x00\x02\x03\x01\x32\x00",
      16);
  EXPECT_EQ(with_keys({"abc1", "abc2"}), expected);
}

TEST(Group, KeysShareABoundedPart) {
  const std::string key(3 * kKeySharedMax, 'k');
  const std::string record = with_keys({key, key});
  EXPECT_GT(record.size(), key.size() + 2 * kKeySharedMax);
  const auto group = decode_group(record);
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(group->rows[1].key, key);

  std::string lie = with_keys({"ab", "ab"});
  lie[lie.size() - 3] = 3;  // more than the key before has
  EXPECT_EQ(decode_group(lie).error().code, ErrorCode::kStoreCorrupt);
}

TEST(Group, TheFirstFormatIsStillRead) {
  const std::string record(
      "\x01\x01\x03\x07\x02"
      "\x01\x03k\x00\xff\x06value"
      "\x03\x04gone\x00",
      23);
  const auto group = decode_group(record);
  ASSERT_TRUE(group) << group.error().message;
  ASSERT_EQ(group->rows.size(), 2U);
  EXPECT_EQ(group->rows[0].key, std::string_view("k\0\xff", 3));
  EXPECT_EQ(group->rows[0].value, "value");
  EXPECT_EQ(group->rows[1].key, "gone");
}

TEST(Group, EveryCutAndEveryExtraByteIsRefused) {
  const std::string record = sample();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto group = decode_group(std::string_view(record).substr(0, size));
    ASSERT_FALSE(group) << size;
    EXPECT_EQ(group.error().code, ErrorCode::kStoreCorrupt);
  }
  EXPECT_FALSE(decode_group(record + '\0'));
}

TEST(Group, ALaterFormatIsForeign) {
  std::string record = sample();
  record[0] = 3;
  EXPECT_EQ(decode_group(record).error().code, ErrorCode::kStoreForeign);
}

TEST(Group, NoBytesMakeItReadOutsideOrReserveWithoutBound) {
  base::Prng prng(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string record = sample();
    for (std::uint64_t n = 1 + prng.below(4); n > 0; --n)
      record[prng.below(record.size())] = static_cast<char>(prng.next());
    const auto group = decode_group(record);
    EXPECT_LE(group ? group->rows.size() : 0, record.size());
  }
}

}  // namespace
}  // namespace perdure::store

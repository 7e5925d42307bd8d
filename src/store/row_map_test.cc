// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/row_map.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"

namespace perdure::store {
namespace {

using Numbers = RowMap<int>;
using Lines = std::vector<std::string>;

Lines keys_of(Numbers::Cursor at) {
  Lines keys;
  for (; !at.ended(); at.next()) keys.push_back(at.key());
  return keys;
}

TEST(RowMap, IsOrderedWhateverTheFirstBytesAre) {
  Numbers map;
  EXPECT_TRUE(map.all().ended());
  EXPECT_EQ(map.find("a"), nullptr);
  const std::string zero("\0", 1);
  for (const std::string& key : {std::string("\xFF\xFF"), std::string("b"), zero, std::string("ab"),
                                 std::string("a"), std::string("\x10\xFFz"), std::string()}) {
    EXPECT_TRUE(map.try_emplace(key).second);
    EXPECT_FALSE(map.try_emplace(key).second);
  }
  EXPECT_EQ(keys_of(map.all()), (Lines{"", zero, "\x10\xFFz", "a", "ab", "b", "\xFF\xFF"}));
  EXPECT_EQ(keys_of(map.range("a", "b")), (Lines{"a", "ab"}));
  EXPECT_EQ(keys_of(map.range("aa", "")), (Lines{"ab", "b", "\xFF\xFF"}));
  EXPECT_TRUE(map.range("c", "d").ended());
  EXPECT_TRUE(map.range("b", "b").ended());
}

TEST(RowMap, KeepsItsPlacesWhenItIsMoved) {
  Numbers first;
  const auto [place, inserted] = first.try_emplace("a");
  ASSERT_TRUE(inserted);
  Numbers second = std::move(first);
  place->second = 7;
  EXPECT_EQ(*second.find("a"), 7);
  second.erase(place);
  EXPECT_TRUE(second.all().ended());
}

TEST(RowMap, GrowsWithoutLosingItsOrderOrAPlace) {
  constexpr int kRows = 20'000;  // enough for as many trees as there ever are
  base::Prng random(2);
  Numbers map;
  std::map<std::string, int> plain;
  std::vector<Numbers::Place> places;
  for (int i = 0; i < kRows; ++i) {
    std::string key;
    for (std::uint64_t bytes = random.next(); bytes > 0; bytes >>= 8U) {
      key += static_cast<char>(bytes & 0xFFU);
    }
    const auto [place, inserted] = map.try_emplace(key);
    ASSERT_EQ(plain.try_emplace(key, i).second, inserted);
    if (!inserted) continue;
    place->second = i;
    places.push_back(place);
  }
  auto at = map.all();
  for (const auto& [key, number] : plain) {
    ASSERT_FALSE(at.ended());
    ASSERT_EQ(at.key(), key);
    ASSERT_EQ(at.row(), number);
    at.next();
  }
  EXPECT_TRUE(at.ended());
  for (const Numbers::Place place : places) map.erase(place);
  EXPECT_TRUE(map.all().ended());
}

/// The same operations on a std::map, with keys that are near each other in every way.
TEST(RowMap, DoesWhatAPlainMapDoes) {
  base::Prng random(1);
  Numbers map;
  std::map<std::string, int> plain;
  const auto some_key = [&] {
    std::string key;
    for (std::uint64_t size = random.below(4); size > 0; --size) {
      key += static_cast<char>(random.below(3) * 100);
    }
    return key;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = some_key();
    switch (random.below(3)) {
      case 0: {
        const auto [place, inserted] = map.try_emplace(key);
        EXPECT_EQ(plain.try_emplace(key).second, inserted);
        place->second = plain[key] = i;
        break;
      }
      case 1: {
        const auto place = map.try_emplace(key).first;
        map.erase(place);
        plain.erase(key);
        break;
      }
      default: {
        const std::string to = some_key();
        Lines expected;
        if (to.empty() || key <= to) {
          const auto end = to.empty() ? plain.end() : plain.lower_bound(to);
          for (auto at = plain.lower_bound(key); at != end; ++at) expected.push_back(at->first);
        }
        ASSERT_EQ(keys_of(map.range(key, to)), expected);
        const int* found = map.find(key);
        ASSERT_EQ(found != nullptr, plain.contains(key));
        if (found != nullptr) ASSERT_EQ(*found, plain.at(key));
      }
    }
  }
}

}  // namespace
}  // namespace perdure::store

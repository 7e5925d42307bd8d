// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What bytes mean as text: utf8.h and base64.h.
#include <gtest/gtest.h>

#include <string>

#include "base/base64.h"
#include "base/utf8.h"

namespace perdure::base {
namespace {

TEST(Utf8, KnowsTheLengthOfEveryWellFormedCharacter) {
  EXPECT_EQ(character_bytes("a"), 1U);
  EXPECT_EQ(character_bytes("\xC2\x80"), 2U);
  EXPECT_EQ(character_bytes("\xE0\xA0\x80"), 3U);
  EXPECT_EQ(character_bytes("\xED\x9F\xBF"), 3U);
  EXPECT_EQ(character_bytes("\xF4\x8F\xBF\xBF"), 4U);
  EXPECT_EQ(character_bytes(""), 0U);
}

TEST(Utf8, TakesNothingElseForACharacter) {
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x20", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(character_bytes(bad), 0U) << bad;
  }
}

TEST(Utf8, FindsWhereATextStopsBeingIt) {
  EXPECT_EQ(first_bad_utf8("gr\xC3\xBC\xC3\x9F"), std::nullopt);
  EXPECT_EQ(first_bad_utf8("ab\xFF"), 2U);
}

TEST(Base64, IsThatOfTheStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) EXPECT_EQ(base64_of(bytes), text);
  EXPECT_EQ(base64_of(std::string("\xFF\x00\x01", 3)), "/wAB");
}

}  // namespace
}  // namespace perdure::base

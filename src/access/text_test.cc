// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/text.h"

#include <gtest/gtest.h>

#include <string>

namespace perdure::access {
namespace {

TEST(Base64url, the_examples_of_the_standard) {
  const std::pair<std::string, std::string> examples[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "__79"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(base64url_of(bytes), text);
    EXPECT_EQ(bytes_from_base64url(text), bytes);
  }
}

TEST(Base64url, there_is_one_text_for_each_bytes) {
  for (const std::string text :
       {"Z", "Zh", "Zm9", "Zg==", "Zm9v=", "Zm 9v", "Zm9v\n", "+/79", "Zm9v.", "Zm9vZ"}) {
    EXPECT_EQ(bytes_from_base64url(text), std::nullopt) << text;
  }
}

TEST(Hex, bytes_and_back) {
  EXPECT_EQ(hex_of(std::string("\0\x7f\xff", 3)), "007fff");
  EXPECT_EQ(bytes_from_hex("007fff"), std::string("\0\x7f\xff", 3));
  for (const std::string text : {"0", "0G", "AA", "0 ", "abc"}) {
    EXPECT_EQ(bytes_from_hex(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace perdure::access

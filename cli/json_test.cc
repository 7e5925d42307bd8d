// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <gtest/gtest.h>

namespace perdure::cli {
namespace {

TEST(CliJson, AcceptsEveryKindOfValue) {
  for (const char* text :
       {"null", "true", "false", "0", "-0", "12", "-1.5e+10", "1E3", "\"\"", "[]", "{}",
        " [1, 2] \n", R"({"a": {"b": [true, null, "\u00e4\n\"\\"]}})", R"("\ud83d\ude00")",
        "\"\xc3\xa4\""}) {
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
  }
}

TEST(CliJson, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(json_problem(""), "line 1, column 1: expected a JSON value, found the end");
  EXPECT_EQ(json_problem("{\"a\" 1}"), "line 1, column 6: expected ':', found '1'");
  EXPECT_EQ(json_problem("[1,\n 2,\n}"), "line 3, column 1: expected a JSON value, found '}'");
  EXPECT_EQ(json_problem("[1 2]"), "line 1, column 4: expected ',' or ']', found '2'");
  EXPECT_EQ(json_problem("true false"), "line 1, column 6: expected the end, found 'f'");
  EXPECT_EQ(json_problem("\"a\nb\""),
            "line 1, column 3: expected an escape for a control character, found byte 0x0A");
  EXPECT_EQ(json_problem("{a: 1}"), "line 1, column 2: expected '\"', found 'a'");
}

TEST(CliJson, RefusesWhatIsOnlyNearlyJson) {
  for (const char* text : {"01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "--1",
                           "tru",
                           "nul",
                           "[1,]",
                           "{\"a\":1,}",
                           "'a'",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ude00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xc0\x80\"",
                           "\"open",
                           "[",
                           "{",
                           "{\"a\"",
                           "NaN",
                           "// a\n1"}) {
    EXPECT_NE(json_problem(text), std::nullopt) << text;
  }
}

TEST(CliJson, BoundsTheDepth) {
  const std::string deep(kJsonDepthMax, '[');
  EXPECT_EQ(json_problem(deep + std::string(kJsonDepthMax, ']')), std::nullopt);
  EXPECT_EQ(json_problem("[" + deep + std::string(kJsonDepthMax + 1, ']')),
            "line 1, column 201: expected no more than 200 levels, found '['");
}

TEST(CliJson, KeepsWhatFitsOnOneLine) {
  EXPECT_EQ(lay_out(R"( {"a":1 ,"b":[1,2]} )", 0, 80), R"({"a": 1, "b": [1, 2]})");
}

TEST(CliJson, BreaksWhatDoesNotFit) {
  EXPECT_EQ(lay_out(R"({"name":"a long value","list":[1,2,3],"empty":{}})", 2, 30),
            "{\n    \"name\": \"a long value\",\n    \"list\": [1, 2, 3],\n    \"empty\": {}\n  }");
}

TEST(CliJson, LeavesTextsWithBracketsAlone) {
  EXPECT_EQ(lay_out(R"(["a]\"},", "b : c"])", 0, 10), "[\n  \"a]\\\"},\",\n  \"b : c\"\n]");
}

TEST(CliJson, LaysOutToJsonAgain) {
  const std::string json = R"({"a":[{"b":[1,2,{"c":"d,e"}]},[],{}],"f":-1.5e3})";
  for (std::size_t width = 1; width < 60; ++width) {
    std::string text = lay_out(json, 0, width);
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    EXPECT_EQ(text, json);
  }
}

TEST(CliJson, QuotesAnyText) {
  EXPECT_EQ(json_text("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json_text("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(json_problem(json_text(std::string("\0\x7f\xc3", 3))), std::nullopt);
}

TEST(CliJson, ShowsAPayloadThatIsNoJsonAsBase64) {
  EXPECT_EQ(json_payload(std::nullopt), "null");
  EXPECT_EQ(json_payload("[1]"), "[1]");
  EXPECT_EQ(json_payload("\x01\x02\x03"), R"({"base64":"AQID"})");
  EXPECT_EQ(json_payload("ab"), R"({"base64":"YWI="})");
  EXPECT_EQ(json_payload(""), R"({"base64":""})");
}

}  // namespace
}  // namespace perdure::cli

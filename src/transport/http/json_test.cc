// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/json.h"

#include <gtest/gtest.h>

#include <string>

namespace perdure::transport::http {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(Json, IsJudged) {
  for (const char* good : {"null", "0", "-1.5e3", "\"\\u00e4\"", "[]", " {\"a\" : [1, {}]} "}) {
    EXPECT_EQ(json_problem(good), std::nullopt) << good;
  }
  for (const char* bad : {"", " ", "nul", "01", "{a:1}", "[1,]", "\"\xff\"", "1 2", "{\"a\":1",
                          "NaN", "'a'", "\"\\x\"", "[1]]", "\"\n\"", "1e999"}) {
    EXPECT_NE(json_problem(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(json_problem("1e999"), "the JSON holds a number that is out of range");
  EXPECT_EQ(json_problem("[1,"), "this is no JSON, from byte 4 on");
}

TEST(Json, IsNestedOnlySoDeep) {
  EXPECT_EQ(json_problem(nested(kJsonDepthMax)), std::nullopt);
  EXPECT_EQ(json_problem(nested(kJsonDepthMax + 1)), "the JSON is nested more than 64 deep");
  EXPECT_NE(json_problem(nested(1'000'000)), std::nullopt);
}

TEST(Json, PayloadsComeThroughAsTheyAre) {
  EXPECT_EQ(json_payload("{\"z\": 1, \"a\": 12345678901234567890.10}"),
            "{\"z\": 1, \"a\": 12345678901234567890.10}");
  EXPECT_EQ(json_payload("plain"), "\"plain\"");
  EXPECT_EQ(json_payload("\xff"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json_payload(std::nullopt), "null");
  EXPECT_EQ(json_payload(""), "null");
}

TEST(Json, ObjectsAndArraysAreWritten) {
  JsonArray array;
  array.add("1").add("\"x\"");
  EXPECT_EQ(
      JsonObject()
          .text("a\"", "b\n")
          .number("n", 18'446'744'073'709'551'615U)
          .boolean("t", true)
          .text_if_any("none", "")
          .payload("p", std::nullopt)
          .raw("r", array.finish())
          .finish(),
      "{\"a\\\"\":\"b\\n\",\"n\":18446744073709551615,\"t\":true,\"p\":null,\"r\":[1,\"x\"]}");
}

TEST(JsonBody, CutsMembersOutByteByByte) {
  auto body = JsonBody::parse(
      " { \"a\" : { \"x\":[1, \"}\\\"\"] } ,\"b\":1.000 , \"c\\u0041\": \"q\\\\\" ,\"d\":[ "
      "],\"e\":-1e5}");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->raw("a"), "{ \"x\":[1, \"}\\\"\"] }");
  EXPECT_EQ(body->raw("b"), "1.000");
  EXPECT_EQ(body->raw("cA"), "\"q\\\\\"");
  EXPECT_EQ(body->raw("d"), "[ ]");
  EXPECT_EQ(body->raw("e"), "-1e5");
  EXPECT_EQ(body->raw("f"), std::nullopt);
  EXPECT_TRUE(body->finish());
}

TEST(JsonBody, NamesWhatIsWrong) {
  auto body =
      JsonBody::parse(R"({"text":1,"flag":"true","list":["a",1],"map":{"k":1},"object":3})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("text").error().message, "\"text\" must be a text");
  EXPECT_EQ(body->boolean("flag").error().message, "\"flag\" must be true or false");
  EXPECT_EQ(body->texts("list").error().message, "\"list\" must be an array of texts");
  EXPECT_EQ(body->text_map("map").error().message,
            "\"map\" must be an object whose members are texts");
  EXPECT_EQ(body->object("object").error().message, "\"object\" must be an object");
  EXPECT_TRUE(body->finish()) << "each was asked for";
}

TEST(JsonBody, RefusesWhatNobodyAskedFor) {
  auto body = JsonBody::parse(R"({"reason":"x","raeson":"y"})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("reason").value(), "x");
  EXPECT_EQ(body->finish().error().message, "there is no option \"raeson\" here");
}

TEST(JsonBody, IsAnObjectOrNothing) {
  EXPECT_TRUE(JsonBody::parse(" \r\n"));
  EXPECT_TRUE(JsonBody::parse("{}"));
  EXPECT_EQ(JsonBody::parse("[]").error().message, "the body must be a JSON object");
  EXPECT_EQ(JsonBody::parse(R"({"a":1,"a":2})").error().message, "\"a\" is there twice");
  EXPECT_FALSE(JsonBody::parse("{"));
  std::string large = "{\"0\":1";
  for (std::size_t i = 1; i <= kJsonMembersMax; ++i) large += ",\"" + std::to_string(i) + "\":1";
  EXPECT_EQ(JsonBody::parse(large + "}").error().message, "the object has more than 1000 members");
}

TEST(JsonBody, NullIsNothing) {
  auto body = JsonBody::parse(R"({"a":null})");
  EXPECT_EQ(body->text("a").value(), std::nullopt);
  EXPECT_EQ(body->boolean("a").value(), std::nullopt);
  EXPECT_TRUE(body->texts("a").value().empty());
  EXPECT_EQ(body->raw("a"), "null") << "as a payload it is a value";
}

}  // namespace
}  // namespace perdure::transport::http

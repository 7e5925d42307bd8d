// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/history_text.h"

#include <gtest/gtest.h>

#include "verify/testing/histories.h"

namespace perdure::verify {
namespace {

constexpr std::string_view kLine =
    R"({"process":3,"op":"write","key":"x","value":7,"call_ns":10,"return_ns":20,"status":"ok"})";

std::string problem(std::string_view line) {
  const auto parsed = parse_operation(line);
  return parsed ? "none" : parsed.error().message;
}

TEST(HistoryText, ALineIsAnOperation) {
  const auto parsed = parse_operation(kLine);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const Operation expected{
      .process = 3, .op = "write", .key = "x", .value = 7, .call_ns = 10, .return_ns = 20};
  EXPECT_EQ(*parsed, expected);
  EXPECT_EQ(to_json(*parsed), kLine);
}

TEST(HistoryText, EveryKindOfValue) {
  const auto parsed = parse_operation(
      R"( { "process" : 0 , "op":"x" , "value":[-1,["a\n\"\\\u00e9\ud83d\ude00"],[],null],)"
      R"("result":null,"epoch":4,"call_ns":-5,"return_ns":null,"status":"unknown"} )"
      "\r");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->value,
            Value::list(
                {-1, Value::list({"a\n\"\\\xC3\xA9\xF0\x9F\x98\x80"}), Value(Value::List{}), {}}));
  EXPECT_EQ(parsed->epoch, 4);
  EXPECT_EQ(parsed->status, Status::kUnknown);
}

TEST(HistoryText, WhatIsWrittenIsReadAgain) {
  for (const Model model :
       {Model::kRegister, Model::kInstance, Model::kSequence, Model::kSet, Model::kTransactions}) {
    for (const Operation& operation : testing::correct_history(5, {}, model)) {
      const auto again = parse_operation(to_json(operation));
      ASSERT_TRUE(again) << again.error().message;
      ASSERT_EQ(*again, operation) << to_json(operation);
    }
  }
}

TEST(HistoryText, MistakesAreNamedWithTheirColumn) {
  EXPECT_EQ(problem(""), "column 1: expected '{', found the end");
  EXPECT_EQ(problem("{}"), "the member 'process' is missing");
  EXPECT_EQ(problem(R"({"proces":1})"), "column 10: unknown member \"proces\"");
  EXPECT_EQ(problem(R"({"process":-1})"),
            "column 12: expected a number that is not negative, found '-'");
  EXPECT_EQ(problem(R"({"process":1,"process":2})"), "column 23: a second member 'process'");
  EXPECT_EQ(problem(R"({"value":1.5})"),
            "column 10: a number that is not whole; a history has whole numbers only");
  EXPECT_EQ(problem(R"({"value":9223372036854775808})"), "column 10: a number beyond 64 bits");
  EXPECT_EQ(problem(R"({"value":true})"),
            "column 10: a truth value; a value is null, a whole number, a text or a list");
  EXPECT_EQ(problem(R"({"value":[1,[2})"), "column 15: expected ',' or ']', found '}'");
  EXPECT_EQ(problem(R"({"value":[[[[[[[[[1]]]]]]]]]})"),
            "column 18: lists nested deeper than 8 levels");
  EXPECT_EQ(problem(R"({"op":"a)"), "column 9: expected '\"', found the end");
  EXPECT_EQ(problem(R"({"op":"\ud800"})"), "column 14: half of a surrogate pair");
  EXPECT_EQ(problem(R"({"op":"\u00g0"})"), "column 9: an escape without four hexadecimal digits");
  EXPECT_EQ(problem(R"({"status":"done"})"),
            "column 17: the status is \"done\"; it is ok, fail or unknown");
  EXPECT_EQ(problem(std::string(kLine) + "x"),
            "column 89: expected the end of the line, found 'x'");
  EXPECT_EQ(problem(R"({"process":1,"op":"read","call_ns":5,"status":"ok"})"),
            "the member 'return_ns' is missing; only an unknown outcome has none");
  EXPECT_EQ(problem(R"({"process":1,"op":"read","call_ns":5,"return_ns":4,"status":"ok"})"),
            "it returned at 4 ns, before its call at 5 ns");
}

TEST(HistoryReader, TakesPiecesOfAnySize) {
  std::string text;
  for (const Operation& operation : testing::correct_history(7, {}, Model::kRegister)) {
    text += to_json(operation) + "\n";
  }
  for (const std::size_t size : {1UL, 7UL, 100UL, 1'000'000UL}) {
    HistoryReader reader;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(reader.add(std::string_view(text).substr(at, size)));
    }
    EXPECT_EQ(reader.finish().value(), testing::correct_history(7, {}, Model::kRegister));
  }
}

TEST(HistoryReader, TheLastLineNeedsNoEnd) {
  HistoryReader reader;
  ASSERT_TRUE(reader.add(kLine));
  EXPECT_EQ(reader.finish().value().size(), 1);
}

TEST(HistoryReader, NamesTheLine) {
  HistoryReader reader;
  const auto added = reader.add(std::string(kLine) + "\n" + std::string(kLine) + "\n\n");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message, "line 3: column 1: expected '{', found the end");
  EXPECT_EQ(added.error().code, base::ErrorCode::kInvalidArgument);
}

TEST(HistoryReader, AnEmptyHistoryShowsNothing) {
  EXPECT_EQ(HistoryReader().finish().error().message, "the history is empty: it shows nothing");
}

TEST(HistoryReader, ALineHasALimit) {
  HistoryReader reader;
  const std::string piece(kLineBytesMax, ' ');
  ASSERT_TRUE(reader.add(piece));
  const auto added = reader.add(" ");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message, "line 1: longer than 16777216 bytes");
}

}  // namespace
}  // namespace perdure::verify

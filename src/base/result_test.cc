// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace perdure::base {
namespace {

struct Declared {
  ErrorCode code;
  int number;
  std::string_view identifier;
};

constexpr Declared kDeclared[] = {
#define PERDURE_ERROR(name, number, retry, grpc, http, sentence) {ErrorCode::name, number, #name},
#include "errors.def"
#undef PERDURE_ERROR
};

/// kNotFound -> NOT_FOUND.
std::string in_capitals(std::string_view identifier) {
  std::string name;
  for (const char letter : identifier.substr(1)) {
    const bool upper = 'A' <= letter && letter <= 'Z';
    if (upper && !name.empty()) name += '_';
    name += upper ? letter : static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

Result<std::unique_ptr<int>> boxed(int value) {
  if (value < 0) return fail(ErrorCode::kInvalidArgument, "negative");
  return std::make_unique<int>(value);
}

Result<> not_seven(int value) {
  if (value == 7) return fail(ErrorCode::kFailedPrecondition, "seven");
  return {};
}

Result<int> doubled(int value) {
  PERDURE_ASSIGN_OR_RETURN(const std::unique_ptr<int> box, boxed(value));
  PERDURE_RETURN_IF_ERROR(not_seven(*box));
  PERDURE_ASSIGN_OR_RETURN(const std::unique_ptr<int> again, boxed(*box));
  return *box + *again;
}

TEST(Result, HasANameASentenceAndARetryClassForEveryDeclaredError) {
  std::set<int> numbers;
  for (const Declared& declared : kDeclared) {
    EXPECT_EQ(error_name(declared.code), in_capitals(declared.identifier));
    EXPECT_FALSE(error_sentence(declared.code).empty());
    EXPECT_LE(error_retry(declared.code), Retry::kElsewhere);
    EXPECT_EQ(static_cast<int>(declared.code), declared.number);
    EXPECT_TRUE(numbers.insert(declared.number).second) << declared.number << " is used twice";
  }
}

TEST(Result, KeepsTheNumbersThatAreStored) {
  EXPECT_EQ(static_cast<int>(ErrorCode::kInvalidArgument), 1);
  EXPECT_EQ(static_cast<int>(ErrorCode::kNotFound), 2);
  EXPECT_EQ(static_cast<int>(ErrorCode::kAlreadyExists), 3);
  EXPECT_EQ(static_cast<int>(ErrorCode::kStoreCorrupt), 10);
  EXPECT_EQ(static_cast<int>(ErrorCode::kInternal), 14);
}

TEST(Result, SaysWhatTheSameCallMayHopeFor) {
  EXPECT_EQ(error_retry(ErrorCode::kNotFound), Retry::kNever);
  EXPECT_EQ(error_retry(ErrorCode::kResourceExhausted), Retry::kLater);
  EXPECT_EQ(error_retry(ErrorCode::kFenced), Retry::kElsewhere);
}

TEST(Result, PassesTheValueOn) { EXPECT_EQ(doubled(4), 8); }

TEST(Result, ReturnsTheFirstErrorUnchanged) {
  const Result<int> negative = doubled(-1);
  ASSERT_FALSE(negative.has_value());
  EXPECT_EQ(negative.error(), (Error{ErrorCode::kInvalidArgument, "negative"}));
  const Result<int> seven = doubled(7);
  ASSERT_FALSE(seven.has_value());
  EXPECT_EQ(seven.error(), (Error{ErrorCode::kFailedPrecondition, "seven"}));
}

}  // namespace
}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/grpc/status.h"

#include <gtest/gtest.h>
#include <perdure/status.pb.h>

#include <string>

namespace perdure::transport {
namespace {

using base::Error;
using base::ErrorCode;

constexpr ErrorCode kEvery[] = {
#define PERDURE_ERROR(name, number, retry, rpc, web, sentence) ErrorCode::name,
#include "errors.def"
#undef PERDURE_ERROR
};

TEST(Status, EveryErrorComesBackAsItWas) {
  for (const ErrorCode code : kEvery) {
    const Error error{code, "the reason"};
    const auto status = to_status(error);
    EXPECT_EQ(status.error_code(), status_code(code));
    EXPECT_EQ(to_error(status), error) << base::error_name(code);
  }
}

TEST(Status, WhatTheCodeAloneSaysHasNoDetails) {
  EXPECT_EQ(to_status({ErrorCode::kNotFound, ""}).error_details(), "");
  EXPECT_NE(to_status({ErrorCode::kStoreLocked, ""}).error_details(), "");
}

TEST(Status, OthersGetAStandardErrorInfo) {
  v1::StatusDetails details;
  ASSERT_TRUE(
      details.ParseFromString(to_status({ErrorCode::kOperationFailed, ""}).error_details()));
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(details.code(), static_cast<int>(::grpc::StatusCode::FAILED_PRECONDITION));
  v1::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(details.details(0).value()));
  EXPECT_EQ(info.reason(), "OPERATION_FAILED");
}

TEST(Status, CodesOfOthersBecomeTheNearestError) {
  using enum ::grpc::StatusCode;
  EXPECT_EQ(to_error({UNKNOWN, ""}).code, ErrorCode::kInternal);
  EXPECT_EQ(to_error({CANCELLED, ""}).code, ErrorCode::kUnavailable);
  EXPECT_EQ(to_error({OUT_OF_RANGE, ""}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(to_error({UNAVAILABLE, "no route"}), (Error{ErrorCode::kUnavailable, "no route"}));
}

TEST(Status, DetailsThatContradictTheCodeOrAreNoneAreIgnored) {
  const std::string locked = to_status({ErrorCode::kStoreLocked, ""}).error_details();
  EXPECT_EQ(to_error({::grpc::StatusCode::NOT_FOUND, "", locked}).code, ErrorCode::kNotFound);
  EXPECT_EQ(to_error({::grpc::StatusCode::NOT_FOUND, "", "\xFFgarbage"}).code,
            ErrorCode::kNotFound);
}

TEST(Status, ALongMessageIsCutBetweenCharacters) {
  std::string message;
  while (message.size() <= kStatusMessageBytesMax) message += "\xE2\x82\xAC";  // three bytes each
  const std::string sent = to_status({ErrorCode::kNotFound, message}).error_message();
  EXPECT_EQ(sent.size(), kStatusMessageBytesMax / 3 * 3);
  EXPECT_EQ(message.substr(0, sent.size()), sent);
}

}  // namespace
}  // namespace perdure::transport

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/grpc/status.h"

#include <perdure/status.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace perdure::transport {
namespace {

constexpr std::string_view kErrorDomain = "perdure";
constexpr std::string_view kErrorInfoType = "type.googleapis.com/google.rpc.ErrorInfo";

struct Row {
  base::ErrorCode error;
  ::grpc::StatusCode status;
};

// The parameters of the macro must not be called as the namespaces are.
constexpr Row kRows[] = {
#define PERDURE_ERROR(name, number, retry, rpc, web, sentence) \
  {base::ErrorCode::name, ::grpc::StatusCode::rpc},
#include "errors.def"
#undef PERDURE_ERROR
};

std::optional<base::ErrorCode> first_with(::grpc::StatusCode code) {
  for (const Row& row : kRows) {
    if (row.status == code) return row.error;
  }
  return std::nullopt;
}

std::string details_of(base::ErrorCode error, ::grpc::StatusCode code) {
  v1::ErrorInfo info;
  info.set_reason(std::string(base::error_name(error)));
  info.set_domain(std::string(kErrorDomain));
  v1::StatusDetails details;
  details.set_code(static_cast<int>(code));
  auto* any = details.add_details();
  any->set_type_url(std::string(kErrorInfoType));
  any->set_value(info.SerializeAsString());
  return details.SerializeAsString();
}

std::optional<base::ErrorCode> error_in(const std::string& bytes) {
  v1::StatusDetails details;
  if (bytes.empty() || !details.ParseFromString(bytes)) return std::nullopt;
  for (const auto& any : details.details()) {
    v1::ErrorInfo info;
    if (any.type_url() != kErrorInfoType || !info.ParseFromString(any.value())) continue;
    if (info.domain() != kErrorDomain) continue;
    for (const Row& row : kRows) {
      if (base::error_name(row.error) == info.reason()) return row.error;
    }
  }
  return std::nullopt;
}

/// Not in the middle of a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= kStatusMessageBytesMax) return text;
  std::size_t end = kStatusMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

base::ErrorCode nearest(::grpc::StatusCode code) {
  switch (code) {
    case ::grpc::StatusCode::OUT_OF_RANGE: return base::ErrorCode::kInvalidArgument;
    case ::grpc::StatusCode::CANCELLED: return base::ErrorCode::kUnavailable;
    default: return base::ErrorCode::kInternal;
  }
}

}  // namespace

::grpc::StatusCode status_code(base::ErrorCode code) {
  for (const Row& row : kRows) {
    if (row.error == code) return row.status;
  }
  PERDURE_CHECK(false, "an error code that errors.def does not declare");
}

::grpc::Status to_status(const base::Error& error) {
  const ::grpc::StatusCode code = status_code(error.code);
  std::string message(cut(error.message));
  if (first_with(code) == error.code) return {code, std::move(message)};
  return {code, std::move(message), details_of(error.code, code)};
}

base::Error to_error(const ::grpc::Status& status) {
  PERDURE_CHECK(!status.ok(), "an error is made of a status that is none");
  const auto named = error_in(status.error_details());
  if (named && status_code(*named) == status.error_code()) {
    return {*named, status.error_message()};
  }
  return {first_with(status.error_code()).value_or(nearest(status.error_code())),
          status.error_message()};
}

}  // namespace perdure::transport

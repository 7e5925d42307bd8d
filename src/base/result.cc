// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include "base/check.h"

namespace perdure::base {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  Retry retry;
  std::string_view sentence;
};

constexpr Retry never = Retry::kNever;
constexpr Retry later = Retry::kLater;
constexpr Retry elsewhere = Retry::kElsewhere;

constexpr Row kRows[] = {
#define PERDURE_ERROR(name, number, retry, grpc, http, sentence) \
  {ErrorCode::name, #name, retry, sentence},
#include "errors.def"
#undef PERDURE_ERROR
};

const Row& row(ErrorCode code) {
  for (const Row& candidate : kRows) {
    if (candidate.code == code) return candidate;
  }
  PERDURE_CHECK(false, "an error code that errors.def does not declare");
}

}  // namespace

std::string_view error_name(ErrorCode code) {
  // The enumerators are written kNotFound, people and programs read NOT_FOUND.
  switch (code) {
    case ErrorCode::kInvalidArgument: return "INVALID_ARGUMENT";
    case ErrorCode::kNotFound: return "NOT_FOUND";
    case ErrorCode::kAlreadyExists: return "ALREADY_EXISTS";
    case ErrorCode::kFailedPrecondition: return "FAILED_PRECONDITION";
    case ErrorCode::kResourceExhausted: return "RESOURCE_EXHAUSTED";
    case ErrorCode::kUnavailable: return "UNAVAILABLE";
    case ErrorCode::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
    case ErrorCode::kStoreLocked: return "STORE_LOCKED";
    case ErrorCode::kStoreForeign: return "STORE_FOREIGN";
    case ErrorCode::kStoreCorrupt: return "STORE_CORRUPT";
    case ErrorCode::kStorageFull: return "STORAGE_FULL";
    case ErrorCode::kFenced: return "FENCED";
    case ErrorCode::kPayloadTooLarge: return "PAYLOAD_TOO_LARGE";
    case ErrorCode::kInternal: return "INTERNAL";
    case ErrorCode::kOperationFailed: return "OPERATION_FAILED";
    case ErrorCode::kUnauthenticated: return "UNAUTHENTICATED";
    case ErrorCode::kPermissionDenied: return "PERMISSION_DENIED";
    case ErrorCode::kUnimplemented: return "UNIMPLEMENTED";
  }
  return row(code).name;
}

std::string_view error_sentence(ErrorCode code) { return row(code).sentence; }

Retry error_retry(ErrorCode code) { return row(code).retry; }

}  // namespace perdure::base

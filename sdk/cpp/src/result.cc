// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/result.h"

#include "base/result.h"

namespace perdure {
namespace {

// The public codes are those of api/errors.def: each of these lines fails to compile otherwise.
#define PERDURE_ERROR(name, number, retry, grpc, http, sentence) \
  static_assert(static_cast<int>(ErrorCode::name) == (number), "api/errors.def: " #name);
#include "errors.def"
#undef PERDURE_ERROR

}  // namespace

std::string_view error_name(ErrorCode code) {
  return base::error_name(static_cast<base::ErrorCode>(code));
}

Error::Error(ErrorCode code, std::string message)
    : code_(code),
      message_(std::move(message)),
      text_(std::string(error_name(code)) + ": " + message_) {}

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How an operation that can fail says so. Expected outcomes of the domain are values of the domain;
// a bug is a PERDURE_CHECK; everything else (disk, network, bad input) is a Result. Nothing in this
// program throws.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace perdure::base {

/// The stable codes of api/errors.def.
enum class ErrorCode : std::uint16_t {
#define PERDURE_ERROR(name, number, retry, grpc, http, sentence) name = number,
#include "errors.def"
#undef PERDURE_ERROR
};

/// What the same call may hope for, unchanged.
enum class Retry : std::uint8_t { kNever, kLater, kElsewhere };

/// The name in capitals, as printed and as sent: "NOT_FOUND". Known for every code.
std::string_view error_name(ErrorCode code);
/// One sentence on what the code means in general.
std::string_view error_sentence(ErrorCode code);
Retry error_retry(ErrorCode code);

/// An operational failure. `message` is one line for a person: it names the thing and the way out.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::kNotFound, "no instance 'x'");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace perdure::base

#define PERDURE_CONCAT_INNER(a, b) a##b
#define PERDURE_CONCAT(a, b) PERDURE_CONCAT_INNER(a, b)

/// PERDURE_ASSIGN_OR_RETURN(auto x, expression); — two statements, so that GCC compiles it in
/// coroutines too.
#define PERDURE_ASSIGN_OR_RETURN(declaration, expression)                         \
  auto PERDURE_CONCAT(result_, __LINE__) = (expression);                          \
  if (!PERDURE_CONCAT(result_, __LINE__)) {                                       \
    return std::unexpected(std::move(PERDURE_CONCAT(result_, __LINE__)).error()); \
  }                                                                               \
  declaration = *std::move(PERDURE_CONCAT(result_, __LINE__))

/// PERDURE_RETURN_IF_ERROR(expression); for a Result<void>.
#define PERDURE_RETURN_IF_ERROR(expression)                                                      \
  if (auto PERDURE_CONCAT(result_, __LINE__) = (expression); !PERDURE_CONCAT(result_, __LINE__)) \
  return std::unexpected(std::move(PERDURE_CONCAT(result_, __LINE__)).error())

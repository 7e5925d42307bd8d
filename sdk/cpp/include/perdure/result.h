// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an operation of the client or the host answers: a value, or an error that names the thing
// and the way out.
//
//   auto started = client.start("checkout", order);
//   if (!started) return report(started.error());       // or: started.value(), which throws
//
// Values; free to copy.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace perdure {

/// The numbers are stable; docs/reference/errors has a page for each.
enum class ErrorCode : std::uint16_t {
  kInvalidArgument = 1,
  kNotFound = 2,
  kAlreadyExists = 3,
  kFailedPrecondition = 4,
  kResourceExhausted = 5,
  kUnavailable = 6,
  kDeadlineExceeded = 7,
  kStoreLocked = 8,
  kStoreForeign = 9,
  kStoreCorrupt = 10,
  kStorageFull = 11,
  kFenced = 12,
  kPayloadTooLarge = 13,
  kInternal = 14,
  kOperationFailed = 15,
  kUnauthenticated = 16,
  kPermissionDenied = 17,
  kUnimplemented = 18,
};

/// "NOT_FOUND".
std::string_view error_name(ErrorCode code);

/// Returned inside a Result; thrown by Result::value().
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message);

  [[nodiscard]] ErrorCode code() const { return code_; }
  /// One line for a person.
  [[nodiscard]] const std::string& message() const { return message_; }
  /// "NOT_FOUND: no instance 'x'".
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  friend bool operator==(const Error& a, const Error& b) {
    return a.code_ == b.code_ && a.message_ == b.message_;
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::string text_;
};

/// A T or an Error.
template <class T = void>
class [[nodiscard]] Result {
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  using value_type = T;

  Result()
    requires std::is_void_v<T>
  = default;
  template <class U = Value>
    requires(!std::is_void_v<T> && std::is_constructible_v<Value, U> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// The value; throws the Error if there is none.
  decltype(auto) value() & {
    check();
    if constexpr (!std::is_void_v<T>) return (std::get<0>(state_));
  }
  decltype(auto) value() const& {
    check();
    if constexpr (!std::is_void_v<T>) return (std::get<0>(state_));
  }
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) return std::get<0>(std::move(state_));
  }
  template <class U>
    requires(!std::is_void_v<T>)
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(other));
  }

  /// REQUIRES: has_value() for the two below.
  [[nodiscard]] Value& operator*() { return *std::get_if<0>(&state_); }
  [[nodiscard]] const Value& operator*() const { return *std::get_if<0>(&state_); }
  [[nodiscard]] Value* operator->() { return std::get_if<0>(&state_); }
  [[nodiscard]] const Value* operator->() const { return std::get_if<0>(&state_); }

  /// REQUIRES: !has_value().
  [[nodiscard]] const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  void check() const {
    if (const Error* error = std::get_if<1>(&state_)) throw Error(*error);
  }

  std::variant<Value, Error> state_;
};

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What codecs throw. Values; free to copy.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace perdure {

/// Bytes that are not what the type needs. what() names the place:
/// "result of activity 'pack' (#3): at $.lines[2].price: expected an integer, found a string".
class DecodeError : public std::exception {
 public:
  explicit DecodeError(std::string problem) : problem_(std::move(problem)) { compose(); }

  /// The path from the root of the value: "$.lines[2].price".
  [[nodiscard]] std::string place() const { return "$" + path_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  /// The value that was being decoded is the part `step` (".price", "[2]") of a larger one.
  void within(std::string_view step) {
    path_.insert(0, step);
    compose();
  }
  /// Whose value it is: "result of activity 'pack' (#3)".
  void of(std::string whose) {
    whose_ = std::move(whose);
    compose();
  }

 private:
  void compose() {
    text_ = whose_.empty() ? "at " : whose_ + ": at ";
    text_ += place() + ": " + problem_;
  }

  std::string problem_;
  std::string path_;
  std::string whose_;
  std::string text_;
};

/// A value that has no encoding: text that is not UTF-8, a number that is not finite.
class EncodeError : public std::exception {
 public:
  explicit EncodeError(std::string problem) : problem_(std::move(problem)) {}
  [[nodiscard]] const char* what() const noexcept override { return problem_.c_str(); }

 private:
  std::string problem_;
};

}  // namespace perdure

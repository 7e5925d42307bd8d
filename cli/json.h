// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON as text: checked, laid out and written, but never taken apart. What a user typed reaches the
// orchestration byte by byte: no number is rounded, no member moved. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "perdure/codec.h"

namespace perdure::cli {

/// Nesting that is accepted.
inline constexpr int kJsonDepthMax = 200;

/// Nothing, or what is wrong and where: "line 1, column 5: expected ':', found '}'".
std::optional<std::string> json_problem(std::string_view text);

/// The same JSON in lines, each but the first indented by `indent` columns at least. What fits into
/// `width` columns stays on one line. REQUIRES: it is JSON.
std::string lay_out(std::string_view json, std::size_t indent, std::size_t width);

/// "text", quoted; bytes that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text);
/// A payload as a JSON value: itself if it is JSON, else {"base64": "..."}; null if absent.
std::string json_payload(const std::optional<std::string>& payload);

/// Builds an object, member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::uint64_t value);
  /// `value` is JSON.
  JsonObject& raw(std::string_view name, std::string_view value);
  [[nodiscard]] std::string finish() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

/// Builds an array.
class JsonArray {
 public:
  JsonArray& add(std::string_view value);
  [[nodiscard]] std::string finish() const { return "[" + elements_ + "]"; }

 private:
  std::string elements_;
};

/// JSON that is an input or the payload of an event, as it was typed.
struct RawJson {
  std::string text;
};

}  // namespace perdure::cli

template <>
struct perdure::Codec<perdure::cli::RawJson> {
  static std::string encode(const perdure::cli::RawJson& json) { return json.text; }
};

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON as text: checked once, cut out of a body and put into an answer byte by byte, so that no
// number is rounded and no member moved on the way through. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/payload.h"

namespace perdure::transport::http {

inline constexpr std::string_view kJsonType = "application/json; charset=utf-8";

/// Nesting that is accepted.
inline constexpr int kJsonDepthMax = 64;
/// Members of an object that a request is made of.
inline constexpr std::size_t kJsonMembersMax = 1000;

/// Nothing, or what is wrong with it, in one line.
std::optional<std::string> json_problem(std::string_view text);
inline bool is_json(std::string_view text) { return !json_problem(text); }

/// "text", quoted; bytes that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text);
/// A payload as a JSON value: itself if it is JSON, else its text; null if absent or empty.
std::string json_payload(const model::Payload& payload);

/// Builds an object, member by member.
class JsonObject final {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  /// Nothing for an empty value.
  JsonObject& text_if_any(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::uint64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  /// `value` is JSON.
  JsonObject& raw(std::string_view name, std::string_view value);
  JsonObject& payload(std::string_view name, const model::Payload& value) {
    return raw(name, json_payload(value));
  }
  [[nodiscard]] std::string finish() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

/// Builds an array.
class JsonArray final {
 public:
  JsonArray& add(std::string_view value);
  [[nodiscard]] std::string finish() const { return "[" + elements_ + "]"; }

 private:
  std::string elements_;
};

/// The object that a request's body is. It keeps the text; the members are read by name, each with
/// a complaint that names it, and `finish` refuses what nobody asked for: a misspelt option must
/// not be taken for its default.
class JsonBody final {
 public:
  /// An empty body is an object without members.
  static base::Result<JsonBody> parse(std::string_view text);

  /// The member's bytes; nothing if it is not there.
  std::optional<std::string> raw(std::string_view name);
  /// Nothing if it is not there, or null.
  base::Result<std::optional<std::string>> text(std::string_view name);
  base::Result<std::optional<bool>> boolean(std::string_view name);
  base::Result<std::vector<std::string>> texts(std::string_view name);
  base::Result<std::vector<std::pair<std::string, std::string>>> text_map(std::string_view name);
  /// A member that is an object itself.
  base::Result<JsonBody> object(std::string_view name);

  [[nodiscard]] base::Result<> finish() const;

 private:
  struct Member {
    std::string name;
    std::string value;
    bool asked = false;
  };

  Member* find(std::string_view name);

  std::vector<Member> members_;
};

}  // namespace perdure::transport::http

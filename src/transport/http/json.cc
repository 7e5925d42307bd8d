// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "transport/http/text.h"

namespace perdure::transport::http {
namespace {

using base::ErrorCode;
using nlohmann::json;

/// Builds nothing; counts the depth. What it complains about is in `problem`.
class Judge final : public json::json_sax_t {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return deeper(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return shallower(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return shallower(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception& why) override {
    constexpr int kNumberOutOfRange = 406;
    if (problem.empty()) {
      problem = why.id == kNumberOutOfRange
                    ? "the JSON holds a number that is out of range"
                    : fmt::format("this is no JSON, from byte {} on", position);
    }
    return false;
  }

  std::string problem;

 private:
  bool deeper() {
    if (++depth_ <= kJsonDepthMax) return true;
    problem = fmt::format("the JSON is nested more than {} deep", kJsonDepthMax);
    return false;
  }
  bool shallower() {
    --depth_;
    return true;
  }

  int depth_ = 0;
};

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over JSON that was found to be JSON.
class Walk final {
 public:
  explicit Walk(std::string_view text) : text_(text) { blanks(); }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    blanks();
    return true;
  }

  /// The bytes of the value that begins here.
  std::string_view value() {
    const std::size_t begin = at_;
    int depth = 0;
    do {
      PERDURE_CHECK(at_ < text_.size(), "a value that was judged has an end");
      const char c = text_[at_];
      if (c == '"') {
        string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    } while (depth > 0 || (at_ < text_.size() && !ends_here(begin)));
    const std::string_view bytes = text_.substr(begin, at_ - begin);
    blanks();
    return bytes;
  }

 private:
  [[nodiscard]] bool ends_here(std::size_t begin) const {
    const char first = text_[begin];
    if (first == '"' || first == '{' || first == '[') return true;
    const char c = text_[at_];
    return c == ',' || c == '}' || c == ']' || is_blank(c);
  }
  void string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  void blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

base::Result<> wrong_kind(std::string_view name, std::string_view kind) {
  return base::fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" must be {}", name, kind));
}

/// Of text that was found to be JSON.
json parsed(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  PERDURE_CHECK(!value.is_discarded(), "what was judged to be JSON is JSON");
  return value;
}

}  // namespace

std::optional<std::string> json_problem(std::string_view text) {
  Judge judge;
  if (json::sax_parse(text, &judge)) return std::nullopt;
  return judge.problem.empty() ? "this is no JSON" : judge.problem;
}

std::string json_text(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_payload(const model::Payload& payload) {
  if (!payload || payload->empty()) return "null";
  return is_json(*payload) ? *payload : json_text(*payload);
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  return raw(name, json_text(value));
}
JsonObject& JsonObject::text_if_any(std::string_view name, std::string_view value) {
  return value.empty() ? *this : text(name, value);
}
JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
  return raw(name, std::to_string(value));
}
JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}
JsonObject& JsonObject::raw(std::string_view name, std::string_view value) {
  if (!members_.empty()) members_ += ',';
  members_.append(json_text(name)).append(":").append(value);
  return *this;
}

JsonArray& JsonArray::add(std::string_view value) {
  if (!elements_.empty()) elements_ += ',';
  elements_ += value;
  return *this;
}

base::Result<JsonBody> JsonBody::parse(std::string_view text) {
  JsonBody body;
  if (std::ranges::all_of(text, is_blank)) return body;
  if (const auto problem = json_problem(text)) {
    return base::fail(ErrorCode::kInvalidArgument, *problem);
  }
  Walk walk(text);
  if (!walk.take('{')) {
    return base::fail(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  }
  while (!walk.take('}')) {
    if (body.members_.size() == kJsonMembersMax) {
      return base::fail(ErrorCode::kInvalidArgument,
                        fmt::format("the object has more than {} members", kJsonMembersMax));
    }
    std::string name = parsed(walk.value()).get<std::string>();
    PERDURE_CHECK(walk.take(':'), "a member has a value");
    std::string value(walk.value());
    walk.take(',');
    if (body.find(name) != nullptr) {
      return base::fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is there twice", name));
    }
    body.members_.push_back({std::move(name), std::move(value)});
  }
  return body;
}

JsonBody::Member* JsonBody::find(std::string_view name) {
  const auto member = std::ranges::find(members_, name, &Member::name);
  return member == members_.end() ? nullptr : &*member;
}

std::optional<std::string> JsonBody::raw(std::string_view name) {
  Member* member = find(name);
  if (member == nullptr) return std::nullopt;
  member->asked = true;
  return member->value;
}

base::Result<std::optional<std::string>> JsonBody::text(std::string_view name) {
  const auto value = raw(name);
  if (!value || *value == "null") return std::nullopt;
  const json element = parsed(*value);
  if (!element.is_string()) {
    PERDURE_RETURN_IF_ERROR(wrong_kind(name, "a text"));
  }
  return element.get<std::string>();
}

base::Result<std::optional<bool>> JsonBody::boolean(std::string_view name) {
  const auto value = raw(name);
  if (!value || *value == "null") return std::nullopt;
  if (*value != "true" && *value != "false") {
    PERDURE_RETURN_IF_ERROR(wrong_kind(name, "true or false"));
  }
  return *value == "true";
}

base::Result<std::vector<std::string>> JsonBody::texts(std::string_view name) {
  const auto value = raw(name);
  if (!value || *value == "null") return std::vector<std::string>{};
  const json element = parsed(*value);
  const auto is_text = [](const json& each) { return each.is_string(); };
  if (!element.is_array() || !std::ranges::all_of(element, is_text)) {
    PERDURE_RETURN_IF_ERROR(wrong_kind(name, "an array of texts"));
  }
  return element.get<std::vector<std::string>>();
}

base::Result<std::vector<std::pair<std::string, std::string>>> JsonBody::text_map(
    std::string_view name) {
  PERDURE_ASSIGN_OR_RETURN(JsonBody members, object(name));
  std::vector<std::pair<std::string, std::string>> result;
  for (const Member& member : members.members_) {
    const json value = parsed(member.value);
    if (!value.is_string()) {
      PERDURE_RETURN_IF_ERROR(wrong_kind(name, "an object whose members are texts"));
    }
    result.emplace_back(member.name, value.get<std::string>());
  }
  return result;
}

base::Result<JsonBody> JsonBody::object(std::string_view name) {
  const auto value = raw(name);
  if (!value || *value == "null") return JsonBody{};
  if (!value->starts_with('{')) {
    PERDURE_RETURN_IF_ERROR(wrong_kind(name, "an object"));
  }
  return parse(*value);
}

base::Result<> JsonBody::finish() const {
  for (const Member& member : members_) {
    if (!member.asked) {
      return base::fail(ErrorCode::kInvalidArgument,
                        fmt::format("there is no option \"{}\" here", member.name));
    }
  }
  return {};
}

}  // namespace perdure::transport::http

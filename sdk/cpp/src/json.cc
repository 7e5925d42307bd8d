// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one place that knows the JSON library. Pure; thread-safe.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "perdure/codec.h"
#include "perdure/internal/json.h"

namespace perdure::internal {
namespace {

// A document nested deeper than this is refused: reading it recurses.
constexpr int kDepthMax = 200;

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    case Json::value_t::string: return "a string";
    case Json::value_t::array: return "an array";
    case Json::value_t::object: return "an object";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: return "the number " + value.dump();
    default: return "something unknown";
  }
}

[[noreturn]] void wrong(const char* expected, const Json& found) {
  throw DecodeError(fmt::format("expected {}, found {}", expected, describe(found)));
}

template <class Number>
void append_number(std::string& out, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end.ptr);
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
  });
}

void check_depth(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDepthMax) {
        throw DecodeError(fmt::format("nested deeper than {} levels", kDepthMax));
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

// ---- Writing ------------------------------------------------------------------------------------

void write_bool(std::string& out, bool value) { out += value ? "true" : "false"; }
void write_int(std::string& out, std::int64_t value) { append_number(out, value); }
void write_uint(std::string& out, std::uint64_t value) { append_number(out, value); }

void write_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    throw EncodeError(fmt::format("the number {} can not be written as JSON", value));
  }
  append_number(out, value);
}

void write_text(std::string& out, std::string_view value) {
  if (is_plain_ascii(value)) {
    out += '"';
    out += value;
    out += '"';
    return;
  }
  write_dom(out, Json(value));
}

void write_dom(std::string& out, const Json& value) {
  try {
    out += value.dump();
  } catch (const Json::exception& error) {
    throw EncodeError(fmt::format("a value can not be written as JSON: {}", error.what()));
  }
}

// ---- Reading ------------------------------------------------------------------------------------

Document::Document(std::string_view text) {
  check_depth(text);
  try {
    root_ = std::make_unique<Json>(Json::parse(text));
  } catch (const Json::parse_error& error) {
    if (trimmed(text).empty()) throw DecodeError("expected JSON, found nothing");
    throw DecodeError(
        fmt::format("expected JSON, found an error at byte {} of {}", error.byte, text.size()));
  } catch (const Json::out_of_range&) {
    throw DecodeError("a number is too large for any type");
  }
}

Document::~Document() = default;

std::optional<std::int64_t> plain_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || (digits.front() == '0' && digits.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_bool(const Json& from) {
  if (!from.is_boolean()) wrong("true or false", from);
  return from.get<bool>();
}

std::int64_t read_int(const Json& from, std::int64_t min, std::int64_t max) {
  if (!from.is_number_integer()) wrong("an integer", from);
  // Unsigned is how the library keeps every number that is not negative.
  const bool fits =
      from.is_number_unsigned() ? std::in_range<std::int64_t>(from.get<std::uint64_t>()) : true;
  const std::int64_t value = fits ? from.get<std::int64_t>() : 0;
  if (!fits || value < min || value > max) {
    throw DecodeError(
        fmt::format("expected an integer from {} to {}, found {}", min, max, from.dump()));
  }
  return value;
}

std::uint64_t read_uint(const Json& from, std::uint64_t max) {
  if (!from.is_number_integer()) wrong("an integer", from);
  if (!from.is_number_unsigned() || from.get<std::uint64_t>() > max) {
    throw DecodeError(fmt::format("expected an integer from 0 to {}, found {}", max, from.dump()));
  }
  return from.get<std::uint64_t>();
}

double read_double(const Json& from) {
  if (!from.is_number()) wrong("a number", from);
  return from.get<double>();
}

const std::string& read_text(const Json& from) {
  if (!from.is_string()) wrong("a string", from);
  return from.get_ref<const std::string&>();
}

bool is_null(const Json& from) { return from.is_null(); }

std::size_t array_size(const Json& from) {
  if (!from.is_array()) wrong("an array", from);
  return from.size();
}

const Json& element(const Json& from, std::size_t index) { return from[index]; }

const Json* member(const Json& from, const char* name) {
  if (!from.is_object()) wrong("an object", from);
  const auto found = from.find(name);
  return found == from.end() ? nullptr : &*found;
}

void visit_members(const Json& from, void* state, MemberVisitor visit) {
  if (!from.is_object()) wrong("an object", from);
  for (const auto& [name, value] : from.items()) visit(state, name, value);
}

void throw_wrong_size(std::size_t expected, std::size_t found) {
  throw DecodeError(
      fmt::format("expected an array of {} elements, found one of {}", expected, found));
}

void throw_absent() { throw DecodeError("expected a value, found none"); }

void split_array(std::string_view text, std::string_view* elements, std::size_t count) {
  const std::string_view array = trimmed(text);
  if (array.size() < 2 || array.front() != '[' || array.back() != ']') {
    throw DecodeError(fmt::format("expected an array of {} arguments", count));
  }
  const std::string_view inside = array.substr(1, array.size() - 2);
  std::size_t found = 0;
  std::size_t begin = 0;
  int depth = 0;
  bool in_string = false;
  const auto cut = [&](std::size_t end) {
    if (found < count) elements[found] = trimmed(inside.substr(begin, end - begin));
    ++found;
    begin = end + 1;
  };
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      cut(i);
    }
  }
  if (!trimmed(inside).empty()) cut(inside.size());
  if (found != count) throw_wrong_size(count, found);
}

}  // namespace perdure::internal

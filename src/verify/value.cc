// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/value.h"

#include <fmt/format.h>

#include <algorithm>

namespace perdure::verify {
namespace {

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append(std::string& out, const Value& value) {
  if (const std::int64_t* number = value.number()) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else if (const std::string* text = value.text()) {
    append_text(out, *text);
  } else if (const Value::List* list = value.list()) {
    out += '[';
    for (const Value& element : *list) {
      if (&element != list->data()) out += ',';
      append(out, element);
    }
    out += ']';
  } else {
    out += "null";
  }
}

}  // namespace

bool operator==(const Value& a, const Value& b) { return a.held_ == b.held_; }

std::strong_ordering operator<=>(const Value& a, const Value& b) {
  if (a.held_.index() != b.held_.index()) return a.held_.index() <=> b.held_.index();
  if (const std::int64_t* number = a.number()) return *number <=> *b.number();
  if (const std::string* text = a.text()) return *text <=> *b.text();
  if (const Value::List* list = a.list()) {
    const Value::List& other = *b.list();
    return std::lexicographical_compare_three_way(list->begin(), list->end(), other.begin(),
                                                  other.end());
  }
  return std::strong_ordering::equal;
}

std::string to_json(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace perdure::verify

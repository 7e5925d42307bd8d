// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an operation of a history was given and answered: nothing, a whole number, a text, or a list
// of values. A value type, ordered and printed as JSON. Pure; thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace perdure::verify {

class Value {
 public:
  using List = std::vector<Value>;

  Value() = default;
  // Not explicit: a number or a text is a value, and tests are full of them.
  Value(std::int64_t number) : held_(number) {}
  Value(int number) : held_(std::int64_t{number}) {}
  Value(std::string text) : held_(std::move(text)) {}
  Value(std::string_view text) : held_(std::string(text)) {}
  Value(const char* text) : held_(std::string(text)) {}
  Value(List list) : held_(std::move(list)) {}
  static Value list(std::initializer_list<Value> values) { return Value(List(values)); }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  /// nullptr: it is something else.
  [[nodiscard]] const std::int64_t* number() const { return std::get_if<std::int64_t>(&held_); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&held_); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&held_); }

  friend bool operator==(const Value& a, const Value& b);
  friend std::strong_ordering operator<=>(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, std::int64_t, std::string, List> held_;
};

/// As JSON. Control characters are escaped; other bytes of a text stay as they are.
std::string to_json(const Value& value);

}  // namespace perdure::verify

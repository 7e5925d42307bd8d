// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The default mapping between C++ values and JSON text: what perdure::Codec falls back on. Not for
// direct use. Values are written straight into a string and read from a parsed document; the JSON
// library itself stays inside our library, so that users do not compile it with every source file.
// Pure; thread-safe; reading throws DecodeError, writing EncodeError.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "perdure/codec_error.h"
#include "perdure/fields.h"

namespace perdure {

/// A value that says nothing. Encoded as null.
struct Unit {
  friend bool operator==(Unit, Unit) = default;
};

namespace internal {

using Json = nlohmann::json;

// ---- What the library does ----------------------------------------------------------------------

void write_bool(std::string& out, bool value);
void write_int(std::string& out, std::int64_t value);
void write_uint(std::string& out, std::uint64_t value);
void write_double(std::string& out, double value);
void write_text(std::string& out, std::string_view value);
void write_dom(std::string& out, const Json& value);

bool read_bool(const Json& from);
std::int64_t read_int(const Json& from, std::int64_t min, std::int64_t max);
std::uint64_t read_uint(const Json& from, std::uint64_t max);
double read_double(const Json& from);
const std::string& read_text(const Json& from);
bool is_null(const Json& from);
std::size_t array_size(const Json& from);
/// REQUIRES: index < array_size(from).
const Json& element(const Json& from, std::size_t index);
/// nullptr: the object has no such member.
const Json* member(const Json& from, const char* name);
using MemberVisitor = void (*)(void* state, const std::string& name, const Json& value);
void visit_members(const Json& from, void* state, MemberVisitor visit);
[[noreturn]] void throw_wrong_size(std::size_t expected, std::size_t found);

/// A parsed text. Throws DecodeError if it is not JSON.
class Document {
 public:
  explicit Document(std::string_view text);
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  [[nodiscard]] const Json& root() const { return *root_; }

 private:
  std::unique_ptr<Json> root_;
};

/// The number, if the text is nothing but one integer: the most common small payload.
std::optional<std::int64_t> plain_integer(std::string_view text);

// ---- Which types are known ----------------------------------------------------------------------

template <class>
inline constexpr bool kNever = false;
template <class T, template <class...> class Template>
inline constexpr bool kIs = false;
template <template <class...> class Template, class... Args>
inline constexpr bool kIs<Template<Args...>, Template> = true;
template <class T>
inline constexpr bool kIsStdArray = false;
template <class T, std::size_t N>
inline constexpr bool kIsStdArray<std::array<T, N>> = true;

template <class T>
inline constexpr bool kIsList =
    kIs<T, std::vector> || kIs<T, std::deque> || kIs<T, std::list> || kIs<T, std::set>;
template <class T>
inline constexpr bool kIsDictionary = kIs<T, std::map> || kIs<T, std::unordered_map>;
template <class T>
inline constexpr bool kIsTuple = kIs<T, std::tuple> || kIs<T, std::pair>;
template <class T>
inline constexpr bool kIsDuration = kIs<T, std::chrono::duration>;

// The fields of a base class are not those of the derived class: the owner must be the type itself.
template <class T>
concept HasMemberFields = requires(T& value) {
  requires std::is_same_v<
      typename decltype(value.perdure_fields(static_cast<const T*>(nullptr)))::Owner, T>;
};
template <class T>
concept HasFreeFields = requires {
  requires std::is_same_v<typename decltype(perdure_fields(static_cast<const T*>(nullptr)))::Owner,
                          T>;
};
template <class T>
concept HasFields = HasMemberFields<T> || HasFreeFields<T>;

// The JSON library's document type, as a dependent name: complete where the user includes it.
template <class>
struct DocumentFor {
  using type = Json;
};
template <class T>
using JsonFor = typename DocumentFor<T>::type;

// True once <nlohmann/json.hpp> is included and knows the type.
template <class T>
concept WrittenByNlohmann =
    requires(JsonFor<T>& to, const T& value) { nlohmann::adl_serializer<T>::to_json(to, value); };
template <class T>
concept ReadByNlohmann = requires(const JsonFor<T>& from, T& value) {
  nlohmann::adl_serializer<T>::from_json(from, value);
} || requires(const JsonFor<T>& from) { nlohmann::adl_serializer<T>::from_json(from); };

template <HasFields T>
constexpr auto fields_of([[maybe_unused]] const T& value) {
  if constexpr (HasMemberFields<T>) {
    // Not const only because the macro's text must also do as a free function: it reads nothing.
    return const_cast<T&>(value).perdure_fields(static_cast<const T*>(nullptr));
  } else {
    return perdure_fields(static_cast<const T*>(nullptr));
  }
}

// ---- Writing ------------------------------------------------------------------------------------

template <class T>
void write_json(std::string& out, const T& value);

/// Calls `write(part)` for each part, with commas between.
template <class Range, class Write>
void write_separated(std::string& out, const Range& range, const Write& write) {
  bool first = true;
  for (const auto& part : range) {
    if (!first) out += ',';
    first = false;
    write(part);
  }
}

template <class T>
void write_fields(std::string& out, const T& value) {
  out += '{';
  std::apply(
      [&](const auto&... field) {
        std::size_t index = 0;
        ((out += index++ == 0 ? "\"" : ",\"", out += field.name,
          out += "\":", write_json(out, value.*field.member)),
         ...);
      },
      fields_of(value).all);
  out += '}';
}

template <class T>
void write_json(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    write_bool(out, value);
  } else if constexpr (std::is_enum_v<T>) {
    write_json(out, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
    write_uint(out, value);
  } else if constexpr (std::is_integral_v<T>) {
    write_int(out, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    write_double(out, static_cast<double>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    write_text(out, value);
  } else if constexpr (std::is_same_v<T, Json>) {
    write_dom(out, value);
  } else if constexpr (std::is_same_v<T, Unit>) {
    out += "null";
  } else if constexpr (kIs<T, std::optional>) {
    if (value) {
      write_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (kIsDuration<T>) {
    write_json(out, value.count());
  } else if constexpr (kIsList<T> || kIsStdArray<T>) {
    out += '[';
    write_separated(out, value, [&](const typename T::value_type& part) { write_json(out, part); });
    out += ']';
  } else if constexpr (kIsTuple<T>) {
    out += '[';
    std::apply(
        [&](const auto&... part) {
          std::size_t index = 0;
          ((out += index++ == 0 ? "" : ",", write_json(out, part)), ...);
        },
        value);
    out += ']';
  } else if constexpr (kIsDictionary<T>) {
    static_assert(std::is_same_v<typename T::key_type, std::string>,
                  "perdure: a map becomes a JSON object only if its keys are std::string");
    out += '{';
    write_separated(out, value, [&](const auto& part) {
      write_text(out, part.first);
      out += ':';
      write_json(out, part.second);
    });
    out += '}';
  } else if constexpr (HasFields<T>) {
    write_fields(out, value);
  } else if constexpr (WrittenByNlohmann<T>) {
    JsonFor<T> dom;
    nlohmann::adl_serializer<T>::to_json(dom, value);
    write_dom(out, dom);
  } else {
    static_assert(kNever<T>,
                  "perdure: no codec for this type: give it PERDURE_FIELDS(Type, members...), or "
                  "to_json/from_json of nlohmann::json (and include <nlohmann/json.hpp>), or "
                  "specialise perdure::Codec");
  }
}

// ---- Reading ------------------------------------------------------------------------------------

template <class T>
void read_json(const Json& from, T& to);

/// A part of a larger value: an error names where it is.
template <class T, class Step>
void read_part(const Json& from, T& to, const Step& step) {
  try {
    read_json(from, to);
  } catch (DecodeError& error) {
    error.within(step());
    throw;
  }
}

template <class T>
void read_element(const Json& from, std::size_t index, T& to) {
  read_part(element(from, index), to, [&] { return "[" + std::to_string(index) + "]"; });
}

template <class T>
void read_list(const Json& from, T& to) {
  to.clear();
  const std::size_t size = array_size(from);
  if constexpr (kIs<T, std::vector>) to.reserve(size);
  for (std::size_t index = 0; index < size; ++index) {
    typename T::value_type part{};
    read_element(from, index, part);
    if constexpr (kIs<T, std::set>) {
      to.insert(std::move(part));
    } else {
      to.push_back(std::move(part));
    }
  }
}

template <class T, std::size_t... I>
void read_tuple(const Json& from, T& to, std::index_sequence<I...>) {
  if (array_size(from) != sizeof...(I)) throw_wrong_size(sizeof...(I), array_size(from));
  (read_element(from, I, std::get<I>(to)), ...);
}

template <class T>
void read_dictionary(const Json& from, T& to) {
  static_assert(std::is_same_v<typename T::key_type, std::string>,
                "perdure: a map comes from a JSON object only if its keys are std::string");
  to.clear();
  visit_members(from, &to, [](void* state, const std::string& name, const Json& value) {
    read_part(value, (*static_cast<T*>(state))[name], [&] { return "." + name; });
  });
}

template <class T>
void read_fields(const Json& from, T& to) {
  const auto read = [&](const auto& field) {
    if (const Json* found = member(from, field.name)) {
      read_part(*found, to.*field.member, [&] { return std::string(".") + field.name; });
    }
  };
  member(from, "");  // an object is needed even by a struct without fields
  std::apply([&](const auto&... field) { (read(field), ...); }, fields_of(to).all);
}

template <class T>
void read_number(const Json& from, T& to) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_unsigned_v<T>) {
    to = static_cast<T>(read_uint(from, Limits::max()));
  } else {
    to = static_cast<T>(read_int(from, Limits::min(), Limits::max()));
  }
}

template <class T>
void read_json(const Json& from, T& to) {
  if constexpr (std::is_same_v<T, bool>) {
    to = read_bool(from);
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    read_json(from, number);
    to = static_cast<T>(number);
  } else if constexpr (std::is_integral_v<T>) {
    read_number(from, to);
  } else if constexpr (std::is_floating_point_v<T>) {
    to = static_cast<T>(read_double(from));
  } else if constexpr (std::is_same_v<T, std::string>) {
    to = read_text(from);
  } else if constexpr (std::is_same_v<T, Json>) {
    to = from;
  } else if constexpr (std::is_same_v<T, Unit>) {
    to = Unit{};
  } else if constexpr (kIs<T, std::optional>) {
    if (is_null(from)) {
      to.reset();
    } else {
      read_json(from, to.emplace());
    }
  } else if constexpr (kIsDuration<T>) {
    typename T::rep count{};
    read_json(from, count);
    to = T(count);
  } else if constexpr (kIsList<T>) {
    read_list(from, to);
  } else if constexpr (kIsStdArray<T>) {
    read_tuple(from, to, std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (kIsTuple<T>) {
    read_tuple(from, to, std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (kIsDictionary<T>) {
    read_dictionary(from, to);
  } else if constexpr (HasFields<T>) {
    read_fields(from, to);
  } else if constexpr (ReadByNlohmann<T>) {
    try {
      const JsonFor<T>& dom = from;
      to = dom.template get<T>();
    } catch (const DecodeError&) {
      throw;
    } catch (const std::exception& error) {
      throw DecodeError(error.what());
    }
  } else {
    static_assert(kNever<T>,
                  "perdure: no codec for this type: give it PERDURE_FIELDS(Type, members...), or "
                  "to_json/from_json of nlohmann::json (and include <nlohmann/json.hpp>), or "
                  "specialise perdure::Codec");
  }
}

}  // namespace internal
}  // namespace perdure

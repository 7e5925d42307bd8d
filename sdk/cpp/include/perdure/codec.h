// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How values become bytes: inputs and results of activities, orchestrations and events. The default
// is JSON. It knows numbers, bool, strings, enums (as their number), std::optional (null),
// std::vector, array, deque, list, set, map and unordered_map with string keys, pair and tuple (as
// arrays), std::chrono durations (as their count), structs with PERDURE_FIELDS, nlohmann::json, and
// whatever nlohmann::json itself converts (to_json and from_json, or an adl_serializer).
//
// Another format for one type: specialise Codec.
//
//   template <>
//   struct perdure::Codec<Image> {
//     static std::string encode(const Image& image);
//     static Image decode(std::string_view bytes);     // throws perdure::DecodeError
//   };
//
// Another format for everything: a constrained partial specialisation, in a header that every
// source file with orchestrations or activities includes.
//
//   template <my::Message T>
//   struct perdure::Codec<T> { ... };
//
// A function with one parameter receives the bytes of that value; one with several, a JSON array of
// them: codecs other than JSON fit functions with one parameter only. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/codec_error.h"
#include "perdure/internal/json.h"

namespace perdure {

/// Encoded bytes; absent where there is no value at all (a function without input or result).
using Payload = std::optional<std::string>;

/// The customisation point. T needs a default constructor to be decoded.
template <class T>
struct Codec {
  static std::string encode(const T& value) {
    std::string out;
    internal::write_json(out, value);
    return out;
  }

  static T decode(std::string_view bytes) {
    static_assert(std::is_default_constructible_v<T>,
                  "perdure: the default codec fills a default-constructed value: give the type a "
                  "default constructor or specialise perdure::Codec");
    T value{};
    if constexpr (std::is_same_v<T, int> || std::is_same_v<T, long> ||
                  std::is_same_v<T, long long>) {
      const auto number = internal::plain_integer(bytes);
      if (number && std::in_range<T>(*number)) return static_cast<T>(*number);
    }
    const internal::Document document(bytes);
    internal::read_json(document.root(), value);
    return value;
  }
};

namespace internal {

/// Text in any form travels as std::string.
template <class T>
std::string encode_value(const T& value) {
  using Plain = std::decay_t<T>;
  if constexpr (std::is_same_v<Plain, char*> || std::is_same_v<Plain, const char*> ||
                std::is_same_v<Plain, std::string_view>) {
    return Codec<std::string>::encode(std::string(value));
  } else {
    return Codec<Plain>::encode(value);
  }
}

/// nothing -> absent, one -> itself, several -> a JSON array.
template <class... Args>
Payload encode_all(const Args&... args) {
  if constexpr (sizeof...(Args) == 0) {
    return std::nullopt;
  } else if constexpr (sizeof...(Args) == 1) {
    return (encode_value(args), ...);
  } else {
    std::string out;
    ((out += out.empty() ? '[' : ',', out += encode_value(args)), ...);
    out += ']';
    return out;
  }
}

[[noreturn]] void throw_absent();

/// Throws DecodeError. An absent payload is an empty optional, and an error for other types.
template <class T>
T decode_payload(const Payload& payload) {
  if (payload) return Codec<T>::decode(*payload);
  if constexpr (kIs<T, std::optional> || std::is_same_v<T, Unit>) {
    return T{};
  } else {
    throw_absent();
  }
}

/// The texts of the elements of a JSON array, within `text`. Throws DecodeError unless there are
/// exactly `count`.
void split_array(std::string_view text, std::string_view* elements, std::size_t count);

template <class T>
T decode_argument(std::string_view text, std::size_t index) {
  try {
    return Codec<T>::decode(text);
  } catch (DecodeError& error) {
    error.within("[" + std::to_string(index) + "]");
    throw;
  }
}

template <class... Args, std::size_t... I>
std::tuple<Args...> decode_array(const std::string& array, std::index_sequence<I...>) {
  std::string_view texts[sizeof...(Args)];
  split_array(array, texts, sizeof...(Args));
  return std::tuple<Args...>{decode_argument<Args>(texts[I], I)...};
}

/// The inverse of encode_all.
template <class... Args>
std::tuple<Args...> decode_all([[maybe_unused]] const Payload& payload) {
  if constexpr (sizeof...(Args) == 0) {
    return {};
  } else if constexpr (sizeof...(Args) == 1) {
    return std::tuple<Args...>(decode_payload<Args>(payload)...);
  } else {
    if (!payload) throw_absent();
    return decode_array<Args...>(*payload, std::index_sequence_for<Args...>());
  }
}

}  // namespace internal
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How a field becomes bytes, three times with one vocabulary: Measure counts the bytes, Put writes
// them, Take reads them back. The list of a struct's fields (record_fields.h) is written once and
// handed to each of them, so that encoding, decoding and measuring can not disagree. Private to the
// record codec; docs/reference/records.md is the description of the bytes.
//
// Members that need the fields of a struct are templates, so that record_fields.h can come later.
//
// Measure and Put can not fail. Take never reads past its end, never allocates more than its bytes
// back up, and keeps the first thing that is wrong in a Problem.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/strong.h"
#include "base/time.h"
#include "model/failure.h"
#include "model/limits.h"
#include "model/payload.h"

namespace perdure::model {

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

/// Counts the bytes that Put would write.
class Measure {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  void number(std::unsigned_integral auto value) { size_ += varint_size(value); }
  void number(std::signed_integral auto value) { size_ += varint_size(zigzag(value)); }
  template <class Tag, class Rep>
  void number(base::Strong<Tag, Rep> value) {
    number(value.value);
  }
  template <class Enum>
  void choice(Enum value, Enum, Enum) {
    number(static_cast<std::uint64_t>(value));
  }
  void flag(bool) { size_ += 1; }
  void time(base::Timestamp at) { size_ += varint_size(zigzag(at.us)); }
  void time(const std::optional<base::Timestamp>& at) {
    size_ += 1;
    if (at) time(*at);
  }
  void text(std::string_view value) { delimited(value.size(), value.size()); }
  void payload(const Payload& value) {
    if (value) {
      delimited(value->size() + 1, value->size());
    } else {
      size_ += 1;
    }
  }
  void tags(const Tags& tags) {
    number(tags.size());
    for (const auto& [key, value] : tags) {
      text(key);
      text(value);
    }
  }
  void texts(const std::vector<std::string>& texts) {
    number(texts.size());
    for (const std::string& one : texts) text(one);
  }
  template <class T>
  void nested(const T& value) {
    const std::size_t size = of(value);
    delimited(size, size);
  }
  template <class T>
  void nested(const std::optional<T>& value) {
    optional(value ? &*value : nullptr);
  }
  template <std::same_as<Failure> T>
  void inner(const std::vector<T>& inner) {
    optional(inner.empty() ? nullptr : &inner.front());
  }

  /// Fields that were appended and are mostly default: then not even their defaults are written.
  /// Once for a struct, behind all others.
  template <class Fields>
  void tail(bool written, Fields fields_of_tail) {
    if (written) fields_of_tail();
  }

  /// The size of a struct's fields, without a length in front.
  template <class T>
  static std::size_t of(const T& value) {
    Measure measure;
    fields(measure, value);
    return measure.size();
  }

 private:
  void delimited(std::uint64_t length, std::size_t size) { size_ += varint_size(length) + size; }

  template <class T>
  void optional(const T* value) {
    if (value == nullptr) {
      size_ += 1;
    } else {
      const std::size_t size = of(*value);
      delimited(size + 1, size);
    }
  }

  std::size_t size_ = 0;
};

/// Writes fields to a string that the caller owns. What a Take would refuse for its limits stops
/// the process here: a row that can not be read again must not become durable.
class Put {
 public:
  explicit Put(std::string& out) : Put(out, 1) {}

  void number(std::unsigned_integral auto value) { out_.varint(value); }
  void number(std::signed_integral auto value) { out_.svarint(value); }
  template <class Tag, class Rep>
  void number(base::Strong<Tag, Rep> value) {
    number(value.value);
  }
  template <class Enum>
  void choice(Enum value, Enum first, Enum last) {
    PERDURE_CHECK(first <= value && value <= last, "an enumerator without a stored number");
    out_.varint(static_cast<std::uint64_t>(value));
  }
  void flag(bool value) { out_.u8(value ? 1 : 0); }
  void time(base::Timestamp at) { out_.svarint(at.us); }
  void time(const std::optional<base::Timestamp>& at) {
    flag(at.has_value());
    if (at) time(*at);
  }
  void text(std::string_view value) { out_.bytes(value); }
  void payload(const Payload& value) { out_.optional_bytes(value); }
  void tags(const Tags& tags) {
    PERDURE_CHECK(tags.size() <= kTagsMax, "more tags than check_tags allows");
    out_.varint(tags.size());
    for (const auto& [key, value] : tags) {
      text(key);
      text(value);
    }
  }
  void texts(const std::vector<std::string>& texts) {
    out_.varint(texts.size());
    for (const std::string& one : texts) text(one);
  }
  template <class T>
  void nested(const T& value) {
    out_.varint(Measure::of(value));
    Put put(string_, failure_depth_);
    fields(put, value);
  }
  template <class T>
  void nested(const std::optional<T>& value) {
    optional(value ? &*value : nullptr, failure_depth_);
  }
  template <std::same_as<Failure> T>
  void inner(const std::vector<T>& inner) {
    PERDURE_CHECK(inner.size() <= 1, "a failure has at most one inner failure");
    PERDURE_CHECK(inner.empty() || failure_depth_ < kFailureDepthMax,
                  "a failure deeper than trim_failure leaves it");
    optional(inner.empty() ? nullptr : &inner.front(), failure_depth_ + 1);
  }
  template <class Fields>
  void tail(bool written, Fields fields_of_tail) {
    if (written) fields_of_tail();
  }

 private:
  Put(std::string& out, int failure_depth)
      : string_(out), out_(out), failure_depth_(failure_depth) {}

  template <class T>
  void optional(const T* value, int failure_depth) {
    if (value == nullptr) {
      out_.varint(0);
    } else {
      out_.varint(Measure::of(*value) + 1);
      Put put(string_, failure_depth);
      fields(put, *value);
    }
  }

  std::string& string_;
  base::Writer out_;
  int failure_depth_;  // of the failure whose fields come next
};

/// The first thing that was wrong with the bytes; empty while nothing is.
struct Problem {
  std::string text;

  [[nodiscard]] bool none() const { return text.empty(); }
  void note(std::string what) {
    if (text.empty()) text = std::move(what);
  }
};

/// Reads fields. A field that begins at the end keeps the value it has: older rows are shorter.
/// After the first problem every field keeps its value.
class Take {
 public:
  Take(std::string_view in, Problem& problem) : Take(in, problem, 1) {}

  [[nodiscard]] std::string_view rest() const { return in_.rest(); }

  void number(std::uint64_t& value) {
    if (absent()) return;
    set(value, in_.varint());
  }
  void number(std::uint32_t& value) {
    if (absent()) return;
    const std::uint64_t wide = in_.varint();
    if (wide > std::numeric_limits<std::uint32_t>::max()) return wrong("a number is out of range");
    set(value, static_cast<std::uint32_t>(wide));
  }
  void number(std::int32_t& value) {
    if (absent()) return;
    const std::int64_t wide = in_.svarint();
    if (wide != static_cast<std::int32_t>(wide)) return wrong("a number is out of range");
    set(value, static_cast<std::int32_t>(wide));
  }
  template <class Tag, class Rep>
  void number(base::Strong<Tag, Rep>& value) {
    number(value.value);
  }
  template <class Enum>
  void choice(Enum& value, Enum first, Enum last) {
    if (absent()) return;
    const std::uint64_t number = in_.varint();
    if (!in_.ok()) return wrong(kShort);
    if (number < static_cast<std::uint64_t>(first) || number > static_cast<std::uint64_t>(last))
      return wrong("a choice is unknown here: a newer version of perdure wrote it");
    value = static_cast<Enum>(number);
  }
  void flag(bool& value) {
    if (absent()) return;
    const std::uint8_t byte = in_.u8();
    if (byte > 1) return wrong("a flag is neither 0 nor 1");
    set(value, byte == 1);
  }
  void time(base::Timestamp& at) {
    if (absent()) return;
    set(at.us, in_.svarint());
  }
  void time(std::optional<base::Timestamp>& at) {
    if (absent()) return;
    bool present = false;
    flag(present);
    if (!present) {
      at.reset();
      return;
    }
    if (in_.done()) return wrong(kShort);
    time(at.emplace());
  }
  void text(std::string& value) {
    if (absent()) return;
    const std::string_view bytes = in_.bytes();
    if (!in_.ok()) return wrong(kShort);
    value.assign(bytes);
  }
  void payload(Payload& value) {
    if (absent()) return;
    set(value, in_.optional_bytes());
  }
  void tags(Tags& tags);
  void texts(std::vector<std::string>& texts);
  template <class T>
  void nested(T& value) {
    if (absent()) return;
    const std::string_view bytes = in_.bytes();
    if (!in_.ok()) return wrong(kShort);
    Take take(bytes, problem_, failure_depth_);
    fields(take, value);
  }
  template <class T>
  void nested(std::optional<T>& value) {
    if (absent()) return;
    const auto bytes = optional();
    if (!bytes) return value.reset();
    Take take(*bytes, problem_, failure_depth_);
    fields(take, value.emplace());
  }
  template <std::same_as<Failure> T>
  void inner(std::vector<T>& inner) {
    if (absent()) return;
    const auto bytes = optional();
    if (!bytes) return inner.clear();
    if (failure_depth_ >= kFailureDepthMax) return wrong("a failure is nested too deeply");
    Take take(*bytes, problem_, failure_depth_ + 1);
    fields(take, inner.emplace_back());
  }
  template <class Fields>
  void tail(bool, Fields fields_of_tail) {
    fields_of_tail();
  }

 private:
  static constexpr const char* kShort = "a field runs past the end";

  Take(std::string_view in, Problem& problem, int failure_depth)
      : in_(in), problem_(problem), failure_depth_(failure_depth) {}

  [[nodiscard]] bool absent() const { return !problem_.none() || in_.done(); }
  void wrong(const char* what) { problem_.note(what); }

  template <class T>
  void set(T& value, T read) {
    if (!in_.ok()) return wrong(kShort);
    value = std::move(read);
  }

  /// The bytes of a nested struct that may be absent.
  std::optional<std::string_view> optional() {
    const std::uint64_t size = in_.varint();
    if (!in_.ok()) wrong(kShort);
    if (size == 0) return std::nullopt;
    const std::string_view bytes = in_.raw(size - 1);
    if (in_.ok()) return bytes;
    wrong(kShort);
    return std::nullopt;
  }

  base::Reader in_;
  Problem& problem_;   // outlives this
  int failure_depth_;  // of the failure whose fields come next
};

inline void Take::texts(std::vector<std::string>& texts) {
  if (absent()) return;
  const std::uint64_t count = in_.varint();
  if (!in_.ok()) return wrong(kShort);
  if (count > in_.rest().size()) return wrong("it claims more texts than it has bytes for");
  std::vector<std::string> read;
  read.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    read.emplace_back(in_.bytes());
    if (!in_.ok()) return wrong(kShort);
  }
  texts = std::move(read);
}

inline void Take::tags(Tags& tags) {
  if (absent()) return;
  const std::uint64_t count = in_.varint();
  if (!in_.ok()) return wrong(kShort);
  if (count > kTagsMax) return wrong("it has too many tags");
  Tags read;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view key = in_.bytes();
    const std::string_view value = in_.bytes();
    if (!in_.ok()) return wrong(kShort);
    if (!read.empty() && read.rbegin()->first >= key) return wrong("its tags are out of order");
    read.emplace_hint(read.end(), key, value);
  }
  tags = std::move(read);
}

}  // namespace perdure::model

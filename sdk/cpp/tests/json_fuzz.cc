// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as a payload of many types. Decoding throws DecodeError or answers a
// value; that encodes to bytes which decode to the same value.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "perdure/codec.h"
#include "perdure/fields.h"

namespace {

struct Line {
  std::string name;
  std::optional<int> count;
  std::vector<double> prices;
  std::map<std::string, bool> flags;

  friend bool operator==(const Line&, const Line&) = default;
  PERDURE_FIELDS(Line, name, count, prices, flags);
};

template <class T>
void check(std::string_view bytes) {
  T value{};
  try {
    value = perdure::Codec<T>::decode(bytes);
  } catch (const perdure::DecodeError& error) {
    PERDURE_CHECK(*error.what() != '\0', "an error says what is wrong");
    return;
  }
  const std::string again = perdure::Codec<T>::encode(value);
  try {
    PERDURE_CHECK(perdure::Codec<T>::decode(again) == value, "a value that changes on its way");
    PERDURE_CHECK(perdure::Codec<T>::encode(value) == again, "equal values have equal bytes");
  } catch (const perdure::DecodeError& error) {
    PERDURE_CHECK(false, "what was encoded decodes: " + again);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  check<bool>(input);
  check<std::int8_t>(input);
  check<int>(input);
  check<std::uint64_t>(input);
  check<double>(input);
  check<std::string>(input);
  check<std::vector<std::string>>(input);
  check<std::optional<std::deque<std::int64_t>>>(input);
  check<std::map<std::string, std::vector<std::optional<double>>>>(input);
  check<std::set<std::string>>(input);
  check<std::tuple<int, std::string, std::vector<bool>>>(input);
  check<Line>(input);
  check<std::vector<Line>>(input);
  return 0;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as a record of the log. What decodes, encodes to a record that decodes
// to the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "store/group.h"

namespace {

using perdure::store::Fence;
using perdure::store::Group;
using perdure::store::GroupRow;

std::string encode(const Group& group) {
  std::string record;
  perdure::store::GroupWriter writer(record, group.fences, group.rows.size());
  for (const GroupRow& row : group.rows) {
    std::optional<std::string> value;
    if (row.value) value = std::string(*row.value);
    writer.add(row.space, row.key, value);
  }
  return record;
}

bool equal(const Group& one, const Group& other) {
  const auto same_fence = [](const Fence& a, const Fence& b) {
    return a.shard == b.shard && a.epoch == b.epoch;
  };
  const auto same_row = [](const GroupRow& a, const GroupRow& b) {
    return a.space == b.space && a.key == b.key && a.value == b.value;
  };
  return std::ranges::equal(one.fences, other.fences, same_fence) &&
         std::ranges::equal(one.rows, other.rows, same_row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const auto group = perdure::store::decode_group(input);
  if (!group) {
    PERDURE_CHECK(!group.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  const std::string again = encode(*group);
  const auto same = perdure::store::decode_group(again);
  PERDURE_CHECK(same.has_value(), "what was encoded decodes");
  PERDURE_CHECK(equal(*group, *same), "what was encoded decodes to the same");
  return 0;
}

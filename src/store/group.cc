// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/group.h"

#include <fmt/format.h>

#include <algorithm>

namespace perdure::store {
namespace {

using base::ErrorCode;

std::optional<model::Space> space_of(std::uint8_t number) {
  for (const model::Space space : model::kSpaces)
    if (static_cast<std::uint8_t>(space) == number) return space;
  return std::nullopt;
}

}  // namespace

GroupWriter::GroupWriter(std::string& out, const std::vector<Fence>& fences, std::size_t writes)
    : writer_(out) {
  writer_.u8(kGroupFormat);
  writer_.varint(fences.size());
  for (const Fence& fence : fences) {
    writer_.varint(fence.shard.value);
    writer_.varint(fence.epoch.value);
  }
  writer_.varint(writes);
}

void GroupWriter::add(model::Space space, std::string_view key,
                      const std::optional<std::string>& value) {
  const std::size_t comparable = std::min({previous_key_.size(), key.size(), kKeySharedMax});
  const auto end = key.begin() + static_cast<std::ptrdiff_t>(comparable);
  const auto shared = static_cast<std::size_t>(
      std::mismatch(key.begin(), end, previous_key_.begin()).first - key.begin());
  writer_.u8(static_cast<std::uint8_t>(space));
  writer_.varint(shared);
  writer_.bytes(key.substr(shared));
  writer_.optional_bytes(value);
  previous_key_ = key;
}

base::Result<Group> decode_group(std::string_view record) {
  const auto damaged = [](std::string_view what) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("a group record is not well formed: {}", what));
  };
  base::Reader reader(record);
  const std::uint8_t format = reader.u8();
  if (!reader.ok()) return damaged("it is empty");
  if (format > kGroupFormat) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("a group record has format {}, this program knows {}; use a "
                                  "newer version of it",
                                  format, kGroupFormat));
  }
  if (format == 0) return damaged("its format number is 0");

  // A fence takes at least 2 bytes and a row 3: a count beyond that is a lie, and is not believed
  // before memory is reserved for it.
  Group group;
  const std::uint64_t fences = reader.varint();
  if (fences > reader.rest().size() / 2) return damaged("the number of fences");
  group.fences.reserve(fences);
  for (std::uint64_t i = 0; i < fences && reader.ok(); ++i) {
    const std::uint64_t shard = reader.varint();
    const std::uint64_t epoch = reader.varint();
    if (shard > UINT32_MAX) return damaged("the number of a shard");
    group.fences.push_back({{static_cast<std::uint32_t>(shard)}, {epoch}});
  }
  const std::uint64_t rows = reader.varint();
  if (rows > reader.rest().size() / 3) return damaged("the number of rows");
  group.rows.reserve(rows);
  for (std::uint64_t i = 0; i < rows && reader.ok(); ++i) {
    const std::optional<model::Space> space = space_of(reader.u8());
    const std::uint64_t shared = format == 1 ? 0 : reader.varint();
    const std::size_t sharable = i == 0 ? 0 : group.rows.back().key.size();
    if (shared > std::min(sharable, kKeySharedMax)) return damaged("what two keys share");
    std::string key(i == 0 ? "" : std::string_view(group.rows.back().key).substr(0, shared));
    key += reader.bytes();
    const std::uint64_t value_size = reader.varint();
    std::optional<std::string_view> value;
    if (value_size > 0) value = reader.raw(value_size - 1);
    if (!space) return damaged("the number of a space");
    group.rows.push_back({*space, std::move(key), value});
  }
  if (!reader.ok()) return damaged("it ends too early");
  if (!reader.done()) return damaged("there are bytes behind its end");
  return group;
}

}  // namespace perdure::store

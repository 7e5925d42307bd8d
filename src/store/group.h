// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one record of the log: everything that was staged between two flushes. Values; free
// of state and threads. docs/reference/store.md is the byte-by-byte description.
//
//   format:1  fences  { shard epoch }*  writes  { space:1 shared key-rest value-or-delete }*
//
// The rows of one instance lie next to each other and their keys begin alike: `shared` says how
// many bytes a key has in common with the one before. Format 1 wrote every key whole; it is still
// read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/key.h"
#include "store/store.h"

namespace perdure::store {

inline constexpr std::uint8_t kGroupFormat = 2;
/// More is not shared, so that a record of any bytes takes a bounded amount of memory.
inline constexpr std::size_t kKeySharedMax = 1024;

/// Writes one group into a string that the caller owns: the counts first, then exactly that many
/// rows.
class GroupWriter {
 public:
  GroupWriter(std::string& out, const std::vector<Fence>& fences, std::size_t writes);

  void add(model::Space space, std::string_view key, const std::optional<std::string>& value);

 private:
  base::Writer writer_;
  std::string previous_key_;
};

struct GroupRow {
  model::Space space = model::Space::kInstance;
  std::string key;
  std::optional<std::string_view> value;  // in the record; absent: delete
};

struct Group {
  std::vector<Fence> fences;
  std::vector<GroupRow> rows;
};

/// kStoreForeign for a later format, kStoreCorrupt for anything else that is no group. Never reads
/// outside `record`, whatever its bytes.
base::Result<Group> decode_group(std::string_view record);

}  // namespace perdure::store

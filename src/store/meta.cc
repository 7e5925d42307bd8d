// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/meta.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace perdure::store {
namespace {

using base::ErrorCode;

constexpr std::string_view kFormat("\0format", 7);
constexpr std::string_view kIdentity("\0id", 3);
constexpr std::string_view kShardCount("\0shards", 7);
constexpr std::string_view kEpoch("\0epoch\0", 7);
constexpr std::string_view kEpochEnd("\0epoch\1", 7);

std::unexpected<base::Error> damaged(std::string_view key) {
  const std::string_view name = key.substr(1, key.find('\0', 1) - 1);
  return base::fail(ErrorCode::kStoreCorrupt,
                    fmt::format("the store's own row '{}' fails its checksum", name));
}

}  // namespace

std::string format_row_key() { return std::string(kFormat); }
std::string identity_row_key() { return std::string(kIdentity); }
std::string shard_count_row_key() { return std::string(kShardCount); }
std::string epoch_rows_begin() { return std::string(kEpoch); }
std::string epoch_rows_end() { return std::string(kEpochEnd); }

std::string epoch_row_key(model::ShardId shard) {
  std::string key(kEpoch);
  base::Writer(key).be32(shard.value);
  return key;
}

std::optional<model::ShardId> parse_epoch_row(std::string_view key) {
  if (!key.starts_with(kEpoch)) return std::nullopt;
  base::Reader reader(key.substr(kEpoch.size()));
  const model::ShardId shard{reader.be32()};
  if (!reader.ok() || !reader.done()) return std::nullopt;
  return shard;
}

bool is_own_row(std::string_view key) { return !key.empty() && key.front() == '\0'; }

std::string seal(std::string_view key, std::string_view value) {
  std::string row(value);
  base::Writer(row).be32(base::crc32c(value, base::crc32c(key)));
  return row;
}

base::Result<std::string> unseal(std::string_view key, std::string_view row) {
  if (row.size() < 4) return damaged(key);
  const std::string_view value = row.substr(0, row.size() - 4);
  base::Reader reader(row.substr(value.size()));
  if (reader.be32() != base::crc32c(value, base::crc32c(key))) return damaged(key);
  return std::string(value);
}

std::string seal_number(std::string_view key, std::uint64_t number) {
  std::string value;
  base::Writer(value).be64(number);
  return seal(key, value);
}

base::Result<std::uint64_t> unseal_number(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string value, unseal(key, row));
  base::Reader reader(value);
  const std::uint64_t number = reader.be64();
  if (!reader.ok() || !reader.done()) return damaged(key);
  return number;
}

}  // namespace perdure::store

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The store's own rows: who it is, and which epoch each shard has. They live in Space::kMeta under
// keys that begin with a zero byte; every value is sealed with a checksum over key and value.
// Values; free of state and threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"

namespace perdure::store {

std::string format_row_key();
std::string identity_row_key();
std::string shard_count_row_key();
std::string epoch_row_key(model::ShardId shard);
/// Nothing for a key of another kind.
std::optional<model::ShardId> parse_epoch_row(std::string_view key);
/// All keys of epochs are in [epoch_rows_begin(), epoch_rows_end()).
std::string epoch_rows_begin();
std::string epoch_rows_end();

/// True for the keys that only the store itself may write.
[[nodiscard]] bool is_own_row(std::string_view key);

std::string seal(std::string_view key, std::string_view value);
base::Result<std::string> unseal(std::string_view key, std::string_view row);
std::string seal_number(std::string_view key, std::uint64_t number);
base::Result<std::uint64_t> unseal_number(std::string_view key, std::string_view row);

}  // namespace perdure::store

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The text of DIR/STORE: what this folder is, for people and for programs. A value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace perdure::store {

/// The format of the folder as a whole: a program refuses a later one.
inline constexpr std::uint32_t kFolderFormat = 1;

struct Identity {
  std::uint32_t format = kFolderFormat;
  std::string id;  // kStoreIdBytes

  friend bool operator==(const Identity&, const Identity&) = default;
};

std::string encode_identity(const Identity& identity);
/// kStoreCorrupt if the checksum does not match, naming `path`.
base::Result<Identity> decode_identity(const std::string& path, std::string_view text);

}  // namespace perdure::store

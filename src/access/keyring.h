// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys and certificates that a server accepts, as they are in their file: a line of JSON for
// each, and remarks that begin with '#'. Immutable once made; pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/api_key.h"
#include "base/result.h"

namespace perdure::access {

class Keyring final {
 public:
  /// No keys.
  Keyring() = default;
  /// kInvalidArgument names the line. `name` is that of the file.
  static base::Result<Keyring> parse(std::string_view text, std::string_view name);

  /// The key that a text is; nullptr: none of these, or nothing like a key.
  [[nodiscard]] const KeyRecord* find(std::string_view key_text) const;
  /// All that are for this identity, in the order of the file.
  [[nodiscard]] std::vector<const KeyRecord*> of_identity(std::string_view identity) const;
  /// In the order of the file.
  [[nodiscard]] const std::vector<KeyRecord>& records() const { return records_; }

 private:
  std::vector<KeyRecord> records_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_multimap<std::string, std::size_t> by_identity_;
};

/// The text without the line of the key with this id; kNotFound.
base::Result<std::string> without_key(std::string_view text, std::string_view id);

}  // namespace perdure::access

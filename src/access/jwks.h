// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The public keys of who signs tokens: a JSON Web Key Set (RFC 7517), as identity providers publish
// it. Keys of other kinds and for other uses are passed over; one that claims to be of our kinds
// and is not makes the whole set be refused. Immutable once made; pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "access/public_key.h"
#include "base/result.h"

namespace perdure::access {

inline constexpr std::size_t kJwksKeysMax = 100;
inline constexpr std::size_t kKeyIdBytesMax = 256;

class KeySet final {
 public:
  /// kInvalidArgument names the key. `name` is that of the file, or the URL.
  static base::Result<KeySet> parse(std::string_view text, std::string_view name);

  /// nullptr: there is none. A token that names no key gets the only one of its algorithm.
  [[nodiscard]] const PublicKey* find(std::string_view kid, Algorithm algorithm) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Named {
    std::string kid;
    PublicKey key;
  };
  KeySet() = default;

  std::vector<Named> keys_;
};

}  // namespace perdure::access

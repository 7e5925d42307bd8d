// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What this module takes from OpenSSL, as values: digests and comparison in constant time. Keys
// that check signatures are in public_key.h. Thread-safe; cannot fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace perdure::access {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);

/// Takes as long for a difference in the first byte as for none.
bool equal_in_constant_time(const Digest& a, const Digest& b);

/// A digest is as good as random already.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash = 0;
    for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8U | digest[i];
    return hash;
  }
};

}  // namespace perdure::access

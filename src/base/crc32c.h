// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CRC-32C (Castagnoli), the checksum of every stored record. Uses the processor's instruction where
// there is one. Debian 12 packages no library for it; the polynomial is fixed by the record format.
#pragma once

#include <cstdint>
#include <string_view>

namespace perdure::base {

/// The checksum of `bytes`, continued from `seed` (the checksum of what came before; 0 at the
/// start). crc32c("123456789") == 0xE3069283.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace perdure::base

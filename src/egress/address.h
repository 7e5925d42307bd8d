// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Which addresses of the network a request of a user may reach: those of the public internet, and
// what the operator allows. Pure; values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace perdure::egress {

/// An IPv4 address is the last four bytes, behind the prefix ::ffff:0:0/96.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// "10.0.0.1", "fd00::1"; nothing for any other text, also not for other spellings of numbers.
  static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::string text() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// All addresses that begin with the same bits.
struct Network {
  IpAddress base;
  int bits = 128;  // of the 16 bytes

  /// "10.0.0.0/8", "fd00::/8", or one address. kInvalidArgument otherwise.
  static base::Result<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
};

/// Routed on the public internet: not loopback, private, link-local, shared, multicast, reserved or
/// for documentation, nor a way around that (6to4, NAT64, Teredo, mapped).
bool is_public(const IpAddress& address);

}  // namespace perdure::egress

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a listener listens: an address of this machine and a port. Names are not looked up: what a
// server binds must not depend on a resolver. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace perdure::server {

struct Address {
  std::string host;        // "127.0.0.1", "::1", "0.0.0.0"
  std::uint16_t port = 0;  // 0: the system chooses

  friend bool operator==(const Address&, const Address&) = default;
};

/// "127.0.0.1:4001", "[::1]:4001", "localhost:0".
base::Result<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);

/// Nobody outside of this machine can reach it.
bool is_loopback(const Address& address);

}  // namespace perdure::server

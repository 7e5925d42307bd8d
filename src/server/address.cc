// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <charconv>

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;

bool is_v4(const std::string& host) {
  in_addr parsed = {};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

bool is_v6(const std::string& host) {
  in6_addr parsed = {};
  return ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

}  // namespace

base::Result<Address> parse_address(std::string_view text) {
  const auto refused = [&] {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no HOST:PORT; HOST is an IP address of this machine or "
                            "localhost, PORT 0 to 65535, such as 127.0.0.1:4001 or [::1]:4001",
                            text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  std::string host(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  Address address;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (problem != std::errc() || end != digits.data() + digits.size()) return refused();
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !is_v6(host) : !is_v4(host)) return refused();
  address.host = std::move(host);
  return address;
}

std::string to_text(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

bool is_loopback(const Address& address) {
  in_addr v4 = {};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6 = {};
  return ::inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

}  // namespace perdure::server

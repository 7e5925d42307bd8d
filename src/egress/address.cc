// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "egress/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace perdure::egress {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr int kMappedBits = 96;

// What the registries of special-purpose addresses say is not for the public internet.
constexpr std::array<std::string_view, 16> kNotPublicV4{
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10",  "127.0.0.0/8",
    "169.254.0.0/16",  "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",
    "192.31.196.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4"};
// Of IPv6 only this is routed at all.
constexpr std::string_view kGlobalV6 = "2000::/3";
constexpr std::array<std::string_view, 4> kNotPublicV6{"2001::/23", "2001:db8::/32", "2002::/16",
                                                       "3fff::/20"};

template <std::size_t Count>
std::vector<Network> networks(const std::array<std::string_view, Count>& texts) {
  std::vector<Network> all;
  for (const std::string_view text : texts) all.push_back(*Network::parse(text));
  return all;
}

bool is_in(const std::vector<Network>& networks, const IpAddress& address) {
  return std::ranges::any_of(networks,
                             [&](const Network& network) { return network.contains(address); });
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  if (::inet_pton(AF_INET, terminated.c_str(), &address.bytes[12]) != 1) return std::nullopt;
  std::ranges::copy(kMapped, address.bytes.begin());
  return address;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const bool v4 = is_v4();
  const char* text = ::inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &bytes[12] : bytes.data(),
                                 buffer.data(), buffer.size());
  return text == nullptr ? "?" : text;
}

base::Result<Network> Network::parse(std::string_view text) {
  const auto invalid = [&] {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        fmt::format("'{}' is no network; write 10.0.0.0/8, fd00::/8 or one address", text));
  };
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return invalid();
  Network network{.base = *base};
  if (slash == std::string_view::npos) return network;
  const std::string_view number = text.substr(slash + 1);
  const int bits_max = base->is_v4() ? 32 : 128;
  int bits = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (error != std::errc() || end != number.data() + number.size()) return invalid();
  if (bits < 0 || bits > bits_max) return invalid();
  network.bits = base->is_v4() ? kMappedBits + bits : bits;
  return network;
}

bool Network::contains(const IpAddress& address) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + bits / 8, address.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - bits % 8));
  return (base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

bool is_public(const IpAddress& address) {
  static const std::vector<Network> kNeverV4 = networks(kNotPublicV4);
  static const std::vector<Network> kNeverV6 = networks(kNotPublicV6);
  static const Network kGlobal = *Network::parse(kGlobalV6);
  if (address.is_v4()) return !is_in(kNeverV4, address);
  return kGlobal.contains(address) && !is_in(kNeverV6, address);
}

}  // namespace perdure::egress

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "egress/address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perdure::egress {
namespace {

bool is_public(const std::string& text) { return egress::is_public(*IpAddress::parse(text)); }

TEST(Address, OfThePublicInternetIsPublic) {
  for (const char* text :
       {"1.1.1.1",     "8.8.8.8",         "9.255.255.255",   "11.0.0.0",          "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.1",       "169.253.255.255",   "172.15.255.255",
        "172.32.0.0",  "192.0.1.0",       "192.167.255.255", "192.169.0.0",       "198.17.255.255",
        "198.20.0.0",  "223.255.255.255", "2600::1",         "2a00:1450:4001::1", "2001:200::1"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(Address, OfAnythingElseIsNot) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.1",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "2002:a00:1::1",
                           "3fff::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "5f00::1"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
}

TEST(Address, IsReadFromOneSpellingOnly) {
  for (const char* text : {"", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5",
                           "1.2.3", "256.1.1.1", "[::1]", "fe80::1%lo", "localhost", " 1.1.1.1"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(Address, IsInANetworkThatBeginsWithItsBits) {
  const auto in = [](const char* network, const char* address) {
    return Network::parse(network)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(in("172.16.0.0/12", "172.31.0.1"));
  EXPECT_FALSE(in("172.16.0.0/12", "172.32.0.1"));
  EXPECT_TRUE(in("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(in("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(in("fd00::/8", "fd12::1"));
  EXPECT_FALSE(in("fd00::/8", "fc12::1"));
  EXPECT_TRUE(in("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(in("0.0.0.0/0", "2600::1"));
}

TEST(Address, OfNoNetworkSaysSo) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x",
                           "fd00::/129", "ten/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(Network::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace perdure::egress

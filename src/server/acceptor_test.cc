// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/acceptor.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace perdure::server {
namespace {

/// Lets in, greets with a letter, and keeps the connections.
class Door {
 public:
  explicit Door(ConnectionLimits limits, const std::string& host = "127.0.0.1") {
    auto made = Acceptor::listen({.host = host, .port = 0}, limits, log_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    acceptor_ = *std::move(made);
    acceptor_->start([this](int connection) {
      const std::lock_guard lock(mutex_);
      inside_.emplace_back(connection);
      EXPECT_EQ(::send(connection, "y", 1, MSG_NOSIGNAL), 1);
    });
  }

  /// An open connection, or none if it was closed without a greeting.
  [[nodiscard]] OwnedDescriptor knock(const std::string& from = "127.0.0.1") const {
    OwnedDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in here = {};
    here.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, from.c_str(), &here.sin_addr), 1);
    EXPECT_EQ(::bind(client.get(), reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    sockaddr_in there = here;
    EXPECT_EQ(::inet_pton(AF_INET, "127.0.0.1", &there.sin_addr), 1);
    there.sin_port = htons(acceptor_->address().port);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&there), sizeof there), 0);
    char greeting = 0;
    if (::recv(client.get(), &greeting, 1, 0) == 1) return client;
    return {};
  }

  /// Until a place was given back: that is noticed a moment later.
  [[nodiscard]] OwnedDescriptor knock_until_let_in() const {
    constexpr int kKnocksMax = 10'000;
    for (int i = 0; i < kKnocksMax; ++i) {
      if (OwnedDescriptor client = knock(); client.good()) return client;
    }
    ADD_FAILURE() << "no place became free";
    return {};
  }

  /// As a server that has enough of its first client.
  void hang_up_first() {
    const std::lock_guard lock(mutex_);
    ::shutdown(inside_.front().get(), SHUT_RDWR);
    inside_.erase(inside_.begin());
  }

  void greet_first_again() {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(::send(inside_.front().get(), "y", 1, MSG_NOSIGNAL), 1);
  }

  Acceptor& acceptor() { return *acceptor_; }

 private:
  const Log log_{LogLevel::kError};
  std::mutex mutex_;
  std::vector<OwnedDescriptor> inside_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST(Acceptor, lets_in_so_many_in_all) {
  const Door door({.total = 3, .per_address = 3});
  std::vector<OwnedDescriptor> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(door.knock("127.0.0." + std::to_string(i + 1)));
    EXPECT_TRUE(clients.back().good());
  }
  EXPECT_FALSE(door.knock().good());
  EXPECT_FALSE(door.knock("127.0.0.9").good());
}

TEST(Acceptor, lets_in_so_many_from_one_address) {
  const Door door({.total = 10, .per_address = 2});
  const OwnedDescriptor first = door.knock();
  const OwnedDescriptor second = door.knock();
  EXPECT_TRUE(first.good() && second.good());
  EXPECT_FALSE(door.knock().good());
  EXPECT_TRUE(door.knock("127.0.0.2").good()) << "others are not held up";
}

TEST(Acceptor, a_client_that_leaves_gives_its_place_back) {
  const Door door({.total = 1, .per_address = 1});
  OwnedDescriptor client = door.knock();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(client.good());
    EXPECT_FALSE(door.knock().good());
    client = {};
    client = door.knock_until_let_in();
  }
}

TEST(Acceptor, a_connection_that_the_server_ends_gives_its_place_back) {
  Door door({.total = 1, .per_address = 1});
  const OwnedDescriptor client = door.knock();
  ASSERT_TRUE(client.good());
  door.hang_up_first();
  EXPECT_TRUE(door.knock_until_let_in().good());
}

TEST(Acceptor, a_port_that_is_taken_is_told) {
  Door door({.total = 1, .per_address = 1});
  const Log log(LogLevel::kError);
  const auto second =
      Acceptor::listen(door.acceptor().address(), {.total = 1, .per_address = 1}, log);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, base::ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message.find(to_text(door.acceptor().address())), std::string::npos);
}

TEST(Acceptor, an_ipv4_client_of_an_ipv6_listener_is_known_by_its_own_address) {
  const Log log(LogLevel::kError);
  if (!Acceptor::listen({.host = "::", .port = 0}, {.total = 1, .per_address = 1}, log)) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const Door door({.total = 10, .per_address = 1}, "::");
  const OwnedDescriptor first = door.knock();
  EXPECT_TRUE(first.good());
  EXPECT_FALSE(door.knock().good());
  EXPECT_TRUE(door.knock("127.0.0.2").good());
}

TEST(Acceptor, a_connection_outlives_the_acceptor) {
  Door door({.total = 10, .per_address = 10});
  const OwnedDescriptor client = door.knock();
  ASSERT_TRUE(client.good());
  door.acceptor().stop();
  door.acceptor().stop();
  door.greet_first_again();
  char letter = 0;
  EXPECT_EQ(::recv(client.get(), &letter, 1, 0), 1);
}

}  // namespace
}  // namespace perdure::server

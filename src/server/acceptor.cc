// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "runtime/clock.h"

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr int kEventsPerTurn = 64;
/// Connections taken before the ends of others are looked at.
constexpr int kAcceptsPerTurn = 64;
/// When the system has no more descriptors; there is nothing to wait for but time.
constexpr int kPauseMs = 100;
constexpr std::int64_t kTellEveryUs = 60'000'000;

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage); }
  [[nodiscard]] sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage); }
};

SocketAddress socket_address(const Address& address) {
  SocketAddress made;
  if (::inet_pton(AF_INET, address.host.c_str(), &made.v4().sin_addr) == 1) {
    made.v4().sin_family = AF_INET;
    made.v4().sin_port = htons(address.port);
    made.size = sizeof(sockaddr_in);
    return made;
  }
  PERDURE_CHECK(::inet_pton(AF_INET6, address.host.c_str(), &made.v6().sin6_addr) == 1,
                "an address that was not checked");
  made.v6().sin6_family = AF_INET6;
  made.v6().sin6_port = htons(address.port);
  made.size = sizeof(sockaddr_in6);
  return made;
}

std::unexpected<base::Error> no_listening(const Address& address) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} can not be listened on: {}", to_text(address), std::strerror(errno)));
}

/// The same for an IPv4 peer whichever kind of socket it came through.
std::array<std::uint8_t, 8> peer_of(SocketAddress& from) {
  std::array<std::uint8_t, 8> peer{};
  if (from.storage.ss_family == AF_INET) {
    std::memcpy(peer.data(), &from.v4().sin_addr, 4);
  } else if (IN6_IS_ADDR_V4MAPPED(&from.v6().sin6_addr)) {
    std::memcpy(peer.data(), &from.v6().sin6_addr.s6_addr[12], 4);
  } else {
    std::memcpy(peer.data(), &from.v6().sin6_addr, peer.size());
  }
  return peer;
}

bool watch(int events, int descriptor, std::uint32_t what) {
  epoll_event event{.events = what, .data = {.fd = descriptor}};
  return ::epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/// Without it a short answer waits until the other side has acknowledged the one before, which the
/// other side delays by 40 ms. gRPC sets it for the connections that it accepts itself. It can fail
/// only if the connection is gone, which is noticed anyway.
void send_at_once(int connection) {
  const int on = 1;
  ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

OwnedDescriptor::~OwnedDescriptor() {
  if (number_ >= 0) ::close(number_);
}

int OwnedDescriptor::release() { return std::exchange(number_, -1); }

Result<std::unique_ptr<Acceptor>> Acceptor::listen(const Address& address, ConnectionLimits limits,
                                                   const Log& log) {
  SocketAddress wanted = socket_address(address);
  OwnedDescriptor listener(
      ::socket(wanted.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  // Connections of a process that is gone may linger for a minute; they are no reason to wait.
  if (!listener.good() ||
      ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener.get(), wanted.get(), wanted.size) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0) {
    return no_listening(address);
  }
  SocketAddress real;
  OwnedDescriptor wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  OwnedDescriptor events(::epoll_create1(EPOLL_CLOEXEC));
  if (!wakeup.good() || !events.good() || !watch(events.get(), listener.get(), EPOLLIN) ||
      !watch(events.get(), wakeup.get(), EPOLLIN) ||
      ::getsockname(listener.get(), real.get(), &real.size) != 0) {
    return no_listening(address);
  }
  const in_port_t port =
      real.storage.ss_family == AF_INET ? real.v4().sin_port : real.v6().sin6_port;
  return std::unique_ptr<Acceptor>(
      new Acceptor(std::move(listener), std::move(wakeup), std::move(events),
                   {.host = address.host, .port = ntohs(port)}, limits, log));
}

Acceptor::Acceptor(OwnedDescriptor listener, OwnedDescriptor wakeup, OwnedDescriptor events,
                   Address address, ConnectionLimits limits, const Log& log)
    : listener_(std::move(listener)),
      wakeup_(std::move(wakeup)),
      events_(std::move(events)),
      address_(std::move(address)),
      limits_(limits),
      log_(log) {}

Acceptor::~Acceptor() { stop(); }

void Acceptor::start(std::function<void(int)> take) {
  take_ = std::move(take);
  thread_ = runtime::Thread("accept", [this] { run(); });
}

void Acceptor::stop() {
  const std::uint64_t once = 1;
  PERDURE_CHECK(::write(wakeup_.get(), &once, sizeof once) == sizeof once, "no one can be woken");
  thread_.join();
}

void Acceptor::run() {
  std::array<epoll_event, kEventsPerTurn> found{};
  while (true) {
    const int count = ::epoll_wait(events_.get(), found.data(), kEventsPerTurn, -1);
    PERDURE_CHECK(count >= 0 || errno == EINTR, "the events can not be waited for");
    for (int i = 0; i < count; ++i) {
      const int descriptor = found[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == wakeup_.get()) return;
      if (descriptor == listener_.get()) {
        accept_some();
      } else {
        ended(descriptor);
      }
    }
  }
}

void Acceptor::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    SocketAddress from;
    OwnedDescriptor connection(
        ::accept4(listener_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.good()) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
      return;  // or nobody waits any more
    }
    send_at_once(connection.get());
    let_in(std::move(connection), peer_of(from));
  }
}

void Acceptor::let_in(OwnedDescriptor connection, const Peer& peer) {
  const auto there = by_peer_.find(peer);
  if (live_.size() >= limits_.total ||
      (there != by_peer_.end() && there->second >= limits_.per_address)) {
    return refused();
  }
  OwnedDescriptor second(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  // Hang-ups and errors are always told; one telling is enough.
  if (!second.good() || !watch(events_.get(), second.get(), EPOLLRDHUP | EPOLLONESHOT)) {
    return refused();
  }
  const int watched = second.get();
  live_.emplace(watched, Watched{.descriptor = std::move(second), .peer = peer});
  ++by_peer_[peer];
  take_(connection.release());
}

void Acceptor::ended(int watched) {
  const auto found = live_.find(watched);
  if (found == live_.end()) return;
  const auto peer = by_peer_.find(found->second.peer);
  if (--peer->second == 0) by_peer_.erase(peer);
  live_.erase(found);  // closes it, and so it is watched no more
}

void Acceptor::refused() {
  ++refused_;
  const std::int64_t now = runtime::SystemClock().monotonic().us;
  if (told_at_us_ != 0 && now - told_at_us_ < kTellEveryUs) return;
  log_.warning(
      fmt::format("{} connections to {} were refused: connections-max is {}, "
                  "connections-per-address-max {}",
                  refused_, to_text(address_), limits_.total, limits_.per_address));
  refused_ = 0;
  told_at_us_ = now;
}

void Acceptor::pause() {
  refused();
  pollfd told{.fd = wakeup_.get(), .events = POLLIN, .revents = 0};
  ::poll(&told, 1, kPauseMs);
}

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Listens, and lets connections in within limits: so many in all, and so many from one address.
// What is above is closed before anything is allocated for it. gRPC 1.51 has no such limits of its
// own; it takes connections that somebody else accepted.
//
// A connection belongs to whoever took it. To learn of its end, the acceptor keeps a second
// descriptor of it: when either side shuts it down, that one is closed and the place is free. So a
// connection costs two descriptors.
//
// Thread: one of its own, which also calls `take`. The rest is its owner's thread's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/result.h"
#include "runtime/thread.h"
#include "server/address.h"
#include "server/log.h"

namespace perdure::server {

struct ConnectionLimits {
  std::size_t total = 0;
  /// From one IPv4 address, or from one /64 of IPv6: what one customer of a network has.
  std::size_t per_address = 0;
};

/// A descriptor that is closed with its owner.
class OwnedDescriptor final {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int number) : number_(number) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : number_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept;
  ~OwnedDescriptor();

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool good() const { return number_ >= 0; }
  int release();

 private:
  int number_ = -1;
};

class Acceptor final {
 public:
  /// Binds at once, so that a port that is taken is told here: kUnavailable. The log outlives it.
  static base::Result<std::unique_ptr<Acceptor>> listen(const Address& address,
                                                        ConnectionLimits limits, const Log& log);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// With the port that it really has.
  [[nodiscard]] const Address& address() const { return address_; }

  /// From now on connections come in; `take` owns what it gets, which does not block.
  void start(std::function<void(int connection)> take);
  /// No more come in. Those that are there are their owner's. Once, also without a start.
  void stop();

 private:
  /// Who counts as one: the bytes of an IPv4 address, or the first half of an IPv6 one.
  using Peer = std::array<std::uint8_t, 8>;

  Acceptor(OwnedDescriptor listener, OwnedDescriptor wakeup, OwnedDescriptor events,
           Address address, ConnectionLimits limits, const Log& log);

  void run();
  void accept_some();
  void let_in(OwnedDescriptor connection, const Peer& peer);
  void ended(int watched);
  void refused();
  void pause();

  const OwnedDescriptor listener_;
  const OwnedDescriptor wakeup_;  // readable: stop
  const OwnedDescriptor events_;
  const Address address_;
  const ConnectionLimits limits_;
  const Log& log_;
  std::function<void(int)> take_;

  // ---- the thread's ----
  struct Watched {
    OwnedDescriptor descriptor;
    Peer peer;
  };
  std::unordered_map<int, Watched> live_;
  std::map<Peer, std::size_t> by_peer_;
  std::uint64_t refused_ = 0;  // since the last line about it
  std::int64_t told_at_us_ = 0;

  runtime::Thread thread_;
};

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/1.1 server: accepts connections, reads requests within limits, and hands each to one
// handler. It knows nothing of routes.
//
//   handler(request, answer): on the connection's thread; must neither block nor throw
//
// A few threads, each with its own share of the connections: a connection never changes its thread.
// One request of a connection is under way at a time; what is pipelined behind it waits, mostly in
// the socket. A client that leaves while its request is under way is noticed; one that closes only
// its sending half counts as having left.
//
// Thread-safe. Owned by the server. Answers may be given after it is gone, into the void.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/clock.h"
#include "transport/http/router.h"

namespace perdure::transport::http {

/// Checked before memory is taken for what they bound.
struct ListenerLimits {
  std::size_t connections_max = 10'000;
  /// From one IPv4 address, or one /64 of IPv6. The next is told 503 and closed.
  std::size_t connections_per_address_max = 256;
  std::size_t header_bytes_max = std::size_t{16} << 10;
  std::size_t body_bytes_max = std::size_t{4} << 20;
  /// Bodies of all requests that are received or under way.
  std::size_t bodies_bytes_max = std::size_t{256} << 20;
  /// Of one stream, written by the handler and not taken by the client yet: with more than this
  /// waiting, the next piece is one too many.
  std::size_t stream_bytes_max = std::size_t{1} << 20;
  base::Duration handshake = base::seconds(10);
  base::Duration header = base::seconds(10);
  /// A body must arrive, and an answer must be taken, at this rate after a grace.
  std::size_t bytes_per_second_min = 1024;
  base::Duration grace = base::seconds(10);
  /// Between two requests.
  base::Duration idle = base::seconds(300);
  /// An older connection is closed after an answer, so that load spreads anew.
  base::Duration age = base::seconds(3600);
};

struct ListenerOptions {
  std::string address = "127.0.0.1";  // an IP address, or "localhost"
  std::uint16_t port = 0;             // 0: any
  std::size_t threads = 2;
  ListenerLimits limits;
  /// PEM files; both or none. With them every connection speaks TLS 1.2 or newer; written anew,
  /// they are read anew.
  std::string certificate_file;
  std::string key_file;
  /// PEM; with it every client must show a certificate that one of these has signed. Read anew like
  /// the others.
  std::string client_ca_file;
};

/// What the listener counted since it was opened.
struct ListenerStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;   // by a limit of connections
  std::uint64_t requests = 0;  // handed to the handler
  std::uint64_t rejected = 0;  // malformed, or over a limit
  std::uint64_t given_up = 0;  // too slow, in either direction
};

class Listener final {
 public:
  /// kUnavailable: the address can not be bound. kInvalidArgument: it is none, or the certificate
  /// can not be used. The clock outlives the listener.
  static base::Result<std::unique_ptr<Listener>> open(ListenerOptions options, Handler handler,
                                                      const runtime::Clock& clock);
  /// Closes every connection at once.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ListenerStats stats() const;

  /// Accepts no more; idle connections are closed, requests under way are told and may end, for up
  /// to `span` of real time; then the rest is closed. True: everything ended by itself.
  bool drain(base::Duration span);

 private:
  struct Body;
  explicit Listener(std::unique_ptr<Body> body);

  const std::unique_ptr<Body> body_;
};

}  // namespace perdure::transport::http

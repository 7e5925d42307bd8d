// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/listener.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <vector>

#include "runtime/thread.h"
#include "transport/http/connection.h"
#include "transport/http/hall.h"
#include "transport/http/stream.h"

namespace perdure::transport::http {
namespace {

using asio::ip::tcp;
using base::ErrorCode;

constexpr int kBacklog = 1024;
/// After a failed accept (no file descriptor left): long enough for one to become free.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

/// Who counts as one: an address, or the network that one owner of an IPv6 address usually has.
Origin origin_of(const asio::ip::address& address) {
  std::string text = address.to_string();
  if (address.is_v4()) return {text, text};
  if (address.to_v6().is_v4_mapped()) {
    const std::string mapped =
        asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return {mapped, mapped};
  }
  constexpr std::size_t kNetworkBytes = 8;
  const auto bytes = address.to_v6().to_bytes();
  return {text, std::string(bytes.begin(), bytes.begin() + kNetworkBytes)};
}

base::Result<tcp::endpoint> endpoint_of(const ListenerOptions& options) {
  Failed failed;
  const auto address = asio::ip::make_address(
      options.address == "localhost" ? "127.0.0.1" : options.address, failed);
  if (failed) {
    return base::fail(ErrorCode::kInvalidArgument,
                      fmt::format("'{}' is no IP address to listen on", options.address));
  }
  return tcp::endpoint(address, options.port);
}

}  // namespace

struct Listener::Body {
  Body(const ListenerOptions& options, Handler handler, const runtime::Clock& clock,
       std::unique_ptr<StreamMaker> maker)
      : hall(std::make_shared<Hall>(options.limits, std::move(handler), clock)),
        streams(std::move(maker)) {
    for (std::size_t index = 0; index < std::max<std::size_t>(options.threads, 1); ++index) {
      loops.push_back(std::make_shared<Loop>());
    }
    acceptor.emplace(loops.front()->context);
    pause.emplace(loops.front()->context);
  }

  base::Result<> bind(const tcp::endpoint& endpoint);
  void start_threads();
  void accept();
  void on_accepted(Failed failed, tcp::socket socket, const std::shared_ptr<Loop>& loop);
  void stop_accepting();
  /// On every connection, each on its thread.
  void for_each(void (Connection::*what)());

  const std::shared_ptr<Hall> hall;
  const std::unique_ptr<StreamMaker> streams;
  std::vector<std::shared_ptr<Loop>> loops;
  // On the first loop's thread:
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::steady_timer> pause;
  std::size_t next_loop = 0;
  bool accepting = true;

  std::uint16_t port = 0;
  std::vector<runtime::Thread> threads;
};

namespace {

void apply(Loop& loop, void (Connection::*what)()) {
  std::vector<std::shared_ptr<Connection>> connections;  // they leave the set meanwhile
  for (Connection* connection : loop.connections) {
    connections.push_back(connection->shared_from_this());
  }
  for (const auto& connection : connections) (*connection.*what)();
}

}  // namespace

base::Result<> Listener::Body::bind(const tcp::endpoint& endpoint) {
  Failed failed;
  acceptor->open(endpoint.protocol(), failed);
  if (!failed) acceptor->set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor->bind(endpoint, failed);
  if (!failed) acceptor->listen(kBacklog, failed);
  if (failed) {
    return base::fail(ErrorCode::kUnavailable, fmt::format("can not listen on {} port {}: {}",
                                                           endpoint.address().to_string(),
                                                           endpoint.port(), failed.message()));
  }
  port = acceptor->local_endpoint(failed).port();
  return {};
}

void Listener::Body::start_threads() {
  accept();
  for (std::size_t index = 0; index < loops.size(); ++index) {
    threads.emplace_back(fmt::format("http-{}", index),
                         [loop = loops[index]] { loop->context.run(); });
  }
}

void Listener::Body::accept() {
  const auto& loop = loops[next_loop++ % loops.size()];
  acceptor->async_accept(loop->context, [this, loop](Failed failed, tcp::socket socket) {
    on_accepted(failed, std::move(socket), loop);
  });
}

void Listener::Body::on_accepted(Failed failed, tcp::socket socket,
                                 const std::shared_ptr<Loop>& loop) {
  if (!accepting) return;
  if (failed) {
    pause->expires_after(kAcceptPause);
    pause->async_wait([this](Failed cancelled) {
      if (!cancelled && accepting) accept();
    });
    return;
  }
  Failed ignored;
  const auto remote = socket.remote_endpoint(ignored);
  Origin origin = origin_of(remote.address());
  if (!hall->enter(origin.place)) {
    if (acceptor->is_open() && !ignored) {
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kFull), ignored);  // TLS would not understand it, and close
    }
    return accept();
  }
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection =
      std::make_shared<Connection>(streams->make(std::move(socket)), loop, hall, std::move(origin));
  loop->post([connection = std::move(connection)] { connection->start(); });
  accept();
}

void Listener::Body::stop_accepting() {
  if (!std::exchange(accepting, false)) return;
  Failed ignored;
  acceptor->close(ignored);
  pause->cancel();
}

void Listener::Body::for_each(void (Connection::*what)()) {
  for (const auto& loop : loops) loop->post([loop, what] { apply(*loop, what); });
}

base::Result<std::unique_ptr<Listener>> Listener::open(ListenerOptions options, Handler handler,
                                                       const runtime::Clock& clock) {
  PERDURE_ASSIGN_OR_RETURN(const auto endpoint, endpoint_of(options));
  std::unique_ptr<StreamMaker> streams = plain_streams();
  if (!options.certificate_file.empty() || !options.key_file.empty()) {
    PERDURE_ASSIGN_OR_RETURN(streams, encrypted_streams({.certificate = options.certificate_file,
                                                         .key = options.key_file,
                                                         .client_ca = options.client_ca_file},
                                                        clock));
  }
  auto body = std::make_unique<Body>(options, std::move(handler), clock, std::move(streams));
  PERDURE_RETURN_IF_ERROR(body->bind(endpoint));
  body->start_threads();
  return std::unique_ptr<Listener>(new Listener(std::move(body)));
}

Listener::Listener(std::unique_ptr<Body> body) : body_(std::move(body)) {}

Listener::~Listener() {
  for (const auto& loop : body_->loops) {
    const bool accepts = loop == body_->loops.front();
    loop->end([this, loop, accepts] {
      if (accepts) body_->stop_accepting();
      apply(*loop, &Connection::close);
    });
  }
  body_->threads.clear();  // joins
}

std::uint16_t Listener::port() const { return body_->port; }

ListenerStats Listener::stats() const { return body_->hall->stats(); }

bool Listener::drain(base::Duration span) {
  body_->hall->draining = true;
  body_->loops.front()->post([this] { body_->stop_accepting(); });
  body_->for_each(&Connection::drain);
  const bool all_ended = body_->hall->wait_until_empty(span);
  body_->for_each(&Connection::close);
  return all_ended;
}

}  // namespace perdure::transport::http

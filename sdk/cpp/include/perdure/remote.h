// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The same functions and the same client, with the engine in a server (`perdure serve`) instead of
// in this program.
//
//   perdure::RemoteHost host(perdure::ConnectOptions("localhost:4001"));
//   host.registry().orchestration("checkout", checkout).activity("charge", charge);
//   perdure::Client client = host.start().value();
//
//   perdure::Client other = perdure::connect(perdure::ConnectOptions("localhost:4001")).value();
//
// A connection that is lost loses nothing: what was not answered is handed out again, here or to
// another worker, and a late answer changes nothing. The host connects again by itself, the longer
// it takes the more seldom, at least every five seconds.
//
// A call of a client is sent once. After UNAVAILABLE or DEADLINE_EXCEEDED it may have been carried
// out or not; `wait` alone, which changes nothing, goes on over lost connections. Link with
// perdure::remote.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "perdure/client.h"
#include "perdure/registry.h"
#include "perdure/result.h"

namespace perdure {

/// How to reach a server.
class ConnectOptions {
 public:
  /// "host:port".
  explicit ConnectOptions(std::string address) : address_(std::move(address)) {}

  /// The task hub. Default: "default".
  ConnectOptions& hub(std::string name) {
    hub_ = std::move(name);
    return *this;
  }
  /// An API key or a token, if the server asks for one. Do not send one without TLS over a network
  /// that others share.
  ConnectOptions& api_key(std::string key) {
    api_key_ = std::move(key);
    return *this;
  }
  /// TLS, trusting the certificates in this PEM file; empty: those that the system trusts. Default:
  /// no TLS.
  ConnectOptions& tls(std::string roots_file = {}) {
    tls_ = true;
    roots_file_ = std::move(roots_file);
    return *this;
  }
  /// TLS in which this program shows a certificate of its own, for servers that know their callers
  /// by it: PEM files, the chain behind the certificate. Whom to trust says `tls`.
  ConnectOptions& certificate(std::string certificate_file, std::string key_file) {
    tls_ = true;
    certificate_file_ = std::move(certificate_file);
    key_file_ = std::move(key_file);
    return *this;
  }
  /// How long the first connection may take. Default: 10 seconds.
  ConnectOptions& patience(std::chrono::milliseconds span) {
    patience_ = span;
    return *this;
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& hub() const { return hub_; }
  [[nodiscard]] const std::string& api_key() const { return api_key_; }
  [[nodiscard]] bool has_tls() const { return tls_; }
  [[nodiscard]] const std::string& roots_file() const { return roots_file_; }
  [[nodiscard]] const std::string& certificate_file() const { return certificate_file_; }
  [[nodiscard]] const std::string& key_file() const { return key_file_; }
  [[nodiscard]] std::chrono::milliseconds patience() const { return patience_; }

 private:
  std::string address_;
  std::string hub_ = "default";
  std::string api_key_;
  bool tls_ = false;
  std::string roots_file_;
  std::string certificate_file_;
  std::string key_file_;
  std::chrono::milliseconds patience_ = std::chrono::seconds(10);
};

/// A client of a server. UNAVAILABLE: there is none at the address. The channel is closed with the
/// last copy of the client.
Result<Client> connect(const ConnectOptions& options);

/// How a remote host works.
class WorkOptions {
 public:
  WorkOptions() {}

  /// As in HostOptions.
  WorkOptions& activity_threads(std::size_t count) {
    activity_threads_ = count;
    return *this;
  }
  WorkOptions& turn_threads(std::size_t count) {
    turn_threads_ = count;
    return *this;
  }
  WorkOptions& held_orchestrations(std::size_t count) {
    held_max_ = count;
    return *this;
  }
  WorkOptions& log(std::function<void(std::string_view instance, std::string_view line)> sink) {
    log_ = std::move(sink);
    return *this;
  }
  /// What operators see of this worker. Default: the name of the program's host and its number.
  WorkOptions& identity(std::string name) {
    identity_ = std::move(name);
    return *this;
  }
  /// Called with one line when the connection is lost and when it is there again; must not block.
  /// Default: to stderr.
  WorkOptions& on_connection(std::function<void(std::string_view line)> handler) {
    on_connection_ = std::move(handler);
    return *this;
  }

  [[nodiscard]] std::size_t activity_threads() const { return activity_threads_; }
  [[nodiscard]] std::size_t turn_threads() const { return turn_threads_; }
  [[nodiscard]] std::size_t held_orchestrations() const { return held_max_; }
  [[nodiscard]] const auto& log() const { return log_; }
  [[nodiscard]] const std::string& identity() const { return identity_; }
  [[nodiscard]] const auto& on_connection() const { return on_connection_; }

  static constexpr std::size_t kDefaultThreads = static_cast<std::size_t>(-1);

 private:
  std::size_t activity_threads_ = kDefaultThreads;
  std::size_t turn_threads_ = 1;
  std::size_t held_max_ = 10'000;
  std::function<void(std::string_view, std::string_view)> log_;
  std::string identity_;
  std::function<void(std::string_view)> on_connection_;
};

/// Numbers about a remote host, for logs and tests.
struct RemoteStats {
  bool connected = false;
  std::uint64_t connections = 0;  // made since the start
  std::uint64_t items = 0;        // handed to this worker
  std::uint64_t replays = 0;      // turns that had to rebuild their orchestration
};

class RemoteHost {
 public:
  explicit RemoteHost(ConnectOptions connect, WorkOptions work = {});
  /// As `stop`.
  ~RemoteHost();
  RemoteHost(const RemoteHost&) = delete;
  RemoteHost& operator=(const RemoteHost&) = delete;

  /// The functions of this program; to be filled before `start`.
  Registry& registry();

  /// Connects, and begins to work. UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED: it did not, and
  /// does nothing. The client may outlive the host.
  Result<Client> start();

  /// Takes no further work, waits for what runs (at most `patience`, then activities are asked to
  /// end), and disconnects. What did not end is handed to others.
  void stop(std::chrono::milliseconds patience = std::chrono::seconds(5));

  [[nodiscard]] RemoteStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure

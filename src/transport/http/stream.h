// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one connection, plain or through TLS. Owned by the connection, used on its thread
// alone; at most one read and one write at a time, and none before the handshake ended. Callbacks
// come from the event loop, never from within the call.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/clock.h"

namespace perdure::transport::http {

namespace asio = boost::asio;
using Failed = boost::system::error_code;

class Stream {
 public:
  using Moved = std::function<void(Failed, std::size_t)>;

  virtual ~Stream() = default;
  virtual void handshake(std::function<void(Failed)> then) = 0;
  virtual void read_some(asio::mutable_buffer into, Moved then) = 0;
  virtual void write_some(asio::const_buffer from, Moved then) = 0;
  /// Nothing more will be written. TLS ends with the close, without a farewell.
  virtual void shut_sending() = 0;
  /// What is under way ends with an error.
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_encrypted() const = 0;
  /// Whom the certificate is for that the client showed in the handshake; "": none.
  [[nodiscard]] virtual const std::string& identity() const = 0;
};

/// Makes streams of sockets. Owned by the listener; used by the thread that accepts.
class StreamMaker {
 public:
  virtual ~StreamMaker() = default;
  virtual std::unique_ptr<Stream> make(asio::ip::tcp::socket socket) = 0;
};

std::unique_ptr<StreamMaker> plain_streams();
struct CertificateFiles {
  std::string certificate;  // PEM, with its chain
  std::string key;
  std::string client_ca;  // who signs the certificates of clients; "": they need none
};
/// kInvalidArgument: the files hold no certificate and key that belong together. When they are
/// written anew, new connections get the new certificate. The clock outlives it.
base::Result<std::unique_ptr<StreamMaker>> encrypted_streams(CertificateFiles files,
                                                             const runtime::Clock& clock);

}  // namespace perdure::transport::http

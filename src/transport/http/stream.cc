// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/stream.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <utility>

#include "access/certificate.h"

namespace perdure::transport::http {
namespace {

using asio::ip::tcp;

/// How often the files of the certificate are looked at, while connections come.
constexpr base::Duration kLookEvery = base::seconds(5);

void close_socket(tcp::socket& socket) {
  Failed ignored;
  socket.close(ignored);
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(std::function<void(Failed)> then) override {
    asio::post(socket_.get_executor(), [then = std::move(then)] { then({}); });
  }
  void read_some(asio::mutable_buffer into, Moved then) override {
    socket_.async_read_some(into, std::move(then));
  }
  void write_some(asio::const_buffer from, Moved then) override {
    socket_.async_write_some(from, std::move(then));
  }
  void shut_sending() override {
    Failed ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override { close_socket(socket_); }
  [[nodiscard]] bool is_encrypted() const override { return false; }
  [[nodiscard]] const std::string& identity() const override { return identity_; }

 private:
  const std::string identity_;
  tcp::socket socket_;
};

class EncryptedStream final : public Stream {
 public:
  EncryptedStream(tcp::socket socket, asio::ssl::context& context)
      : stream_(std::move(socket), context) {}

  void handshake(std::function<void(Failed)> then) override {
    stream_.async_handshake(
        asio::ssl::stream_base::server, [this, then = std::move(then)](Failed failed) {
          // What `then` keeps alive owns this stream.
          if (!failed) {
            identity_ = access::identity_of(SSL_get0_peer_certificate(stream_.native_handle()));
          }
          then(failed);
        });
  }
  void read_some(asio::mutable_buffer into, Moved then) override {
    stream_.async_read_some(into, std::move(then));
  }
  void write_some(asio::const_buffer from, Moved then) override {
    stream_.async_write_some(from, std::move(then));
  }
  void shut_sending() override {
    Failed ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override { close_socket(stream_.next_layer()); }
  [[nodiscard]] bool is_encrypted() const override { return true; }
  [[nodiscard]] const std::string& identity() const override { return identity_; }

 private:
  std::string identity_;
  asio::ssl::stream<tcp::socket> stream_;
};

class PlainMaker final : public StreamMaker {
 public:
  std::unique_ptr<Stream> make(tcp::socket socket) override {
    return std::make_unique<PlainStream>(std::move(socket));
  }
};

base::Result<asio::ssl::context> load(const CertificateFiles& files) {
  const auto complaint = [](const std::string& file, const Failed& why) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("can not use '{}' for TLS: {}", file, why.message()));
  };
  asio::ssl::context context(asio::ssl::context::tls_server);
  Failed failed;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1,
                      failed);
  context.use_certificate_chain_file(files.certificate, failed);
  if (failed) return complaint(files.certificate, failed);
  context.use_private_key_file(files.key, asio::ssl::context::pem, failed);
  if (failed) return complaint(files.key, failed);
  if (files.client_ca.empty()) return context;
  context.load_verify_file(files.client_ca, failed);
  if (failed) return complaint(files.client_ca, failed);
  context.set_verify_mode(
      asio::ssl::context::verify_peer | asio::ssl::context::verify_fail_if_no_peer_cert, failed);
  // A session that is resumed shows no certificate: every connection is verified on its own.
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  return context;
}

/// When a file was last written; the epoch if nobody can say.
std::filesystem::file_time_type written(const std::string& file) {
  std::error_code ignored;
  const auto at = std::filesystem::last_write_time(file, ignored);
  return ignored ? std::filesystem::file_time_type{} : at;
}

/// Connections that are open keep the certificate that they began with.
class EncryptedMaker final : public StreamMaker {
 public:
  EncryptedMaker(CertificateFiles files, const runtime::Clock& clock, asio::ssl::context context)
      : files_(std::move(files)), clock_(clock), context_(std::move(context)) {}

  std::unique_ptr<Stream> make(tcp::socket socket) override {
    look_at_files();
    return std::make_unique<EncryptedStream>(std::move(socket), context_);
  }

 private:
  void look_at_files() {
    const base::Timestamp now = clock_.monotonic();
    if (now - looked_ < kLookEvery) return;
    looked_ = now;
    const Written found = written_now();
    if (found == written_) return;
    written_ = found;
    // Half of a new pair does not load; the other half changes the times again.
    if (auto loaded = load(files_)) context_ = *std::move(loaded);
  }

  using Written = std::array<std::filesystem::file_time_type, 3>;

  [[nodiscard]] Written written_now() const {
    return {written(files_.certificate), written(files_.key), written(files_.client_ca)};
  }

  const CertificateFiles files_;
  const runtime::Clock& clock_;
  asio::ssl::context context_;
  Written written_ = written_now();
  base::Timestamp looked_ = clock_.monotonic();
};

}  // namespace

std::unique_ptr<StreamMaker> plain_streams() { return std::make_unique<PlainMaker>(); }

base::Result<std::unique_ptr<StreamMaker>> encrypted_streams(CertificateFiles files,
                                                             const runtime::Clock& clock) {
  PERDURE_ASSIGN_OR_RETURN(auto context, load(files));
  return std::make_unique<EncryptedMaker>(std::move(files), clock, std::move(context));
}

}  // namespace perdure::transport::http

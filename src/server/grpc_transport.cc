// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/grpc_transport.h"

#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "server/acceptor.h"

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;

// Of one connection.
/// A call that waits for an instance is a stream too, and SDKs have one connection for all: with
/// too few, clients that wait would keep the answers of workers out.
constexpr int kStreamsMax = 10'000;
constexpr int kMetadataBytesMax = 16 << 10;
constexpr int kHandshakeMs = 10'000;
/// Without a call. Clients connect again by themselves.
constexpr int kIdleMs = 300'000;
/// Pings of ours find peers that vanished without a word.
constexpr int kPingEveryMs = 60'000;
constexpr int kPingAnswerMs = 20'000;
/// Pings of theirs: more often than this, twice, and the connection ends.
constexpr int kPingOfPeerMs = 10'000;
constexpr int kPingStrikes = 2;
/// Of the memory budget, for what gRPC holds of messages under way.
constexpr std::uint64_t kMemoryShare = 4;
/// How often the files of the certificate are looked at.
constexpr unsigned kCertificateSeconds = 5;

std::shared_ptr<grpc::ServerCredentials> credentials(const Options& options) {
  if (!options.has_tls()) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          options.tls_key, options.tls_certificate, options.tls_client_ca, kCertificateSeconds));
  tls.watch_identity_key_cert_pairs();
  if (!options.tls_client_ca.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

/// Answers what no service of ours offers. It also keeps gRPC's threads going when there is none.
class Unoffered final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    class Refusal final : public grpc::ServerGenericBidiReactor {
     public:
      explicit Refusal(const std::string& method) {
        Finish({grpc::StatusCode::UNIMPLEMENTED,
                fmt::format("this server does not offer the call {}", method.substr(0, 256))});
      }
      void OnDone() override { delete this; }
    };
    return new Refusal(context->method());
  }
};

}  // namespace

struct GrpcTransport::Impl {
  Unoffered unoffered;  // outlives the server
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> entrance;
  std::unique_ptr<Acceptor> acceptor;  // gives connections to the entrance
};

GrpcTransport::GrpcTransport(const Options& options, const Log& log,
                             std::vector<GrpcService> services)
    : options_(options),
      log_(log),
      services_(std::move(services)),
      impl_(std::make_unique<Impl>()) {}

GrpcTransport::~GrpcTransport() { PERDURE_CHECK(impl_->server == nullptr, "close it first"); }

void GrpcTransport::limit(grpc::ServerBuilder& builder) const {
  grpc::ResourceQuota quota("perdure");
  quota.Resize(static_cast<std::size_t>(options_.memory_bytes / kMemoryShare));
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options_.message_bytes_max));
  builder.SetMaxSendMessageSize(-1);  // histories are as long as they are
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingEveryMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingOfPeerMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikes);
}

base::Result<Address> GrpcTransport::start() {
  // The library's own lines are for its authors, and a client can cause any number of them.
  if (options_.log_level != LogLevel::kDebug) gpr_set_log_function([](gpr_log_func_args*) {});
  // Debian builds the locks of gRPC with a search for cycles, at every lock. It is for authors,
  // too.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto acceptor = Acceptor::listen(
      options_.grpc,
      {.total = static_cast<std::size_t>(options_.connections_max),
       .per_address = static_cast<std::size_t>(options_.connections_per_address_max)},
      log_);
  if (!acceptor) {
    return fail(acceptor.error().code, fmt::format("grpc-address {}", acceptor.error().message));
  }
  impl_->acceptor = *std::move(acceptor);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  limit(builder);
  for (const GrpcService& one : services_) builder.RegisterService(one.service.get());
  builder.RegisterCallbackGenericService(&impl_->unoffered);
  using Connections = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  impl_->entrance = builder.experimental().AddExternalConnectionAcceptor(Connections::FROM_FD,
                                                                         credentials(options_));
  impl_->server = builder.BuildAndStart();
  PERDURE_CHECK(impl_->server != nullptr, "gRPC was built with what it does not take");
  impl_->acceptor->start([this](int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = connection;
    impl_->entrance->HandleNewConnection(&parameters);
  });
  return impl_->acceptor->address();
}

void GrpcTransport::announce_end() {
  if (impl_->server != nullptr) impl_->server->GetHealthCheckService()->SetServingStatus(false);
}

void GrpcTransport::close(base::Duration patience) {
  if (impl_->acceptor != nullptr) impl_->acceptor->stop();
  impl_->acceptor.reset();
  if (impl_->server == nullptr) return;
  for (const GrpcService& one : services_) {
    if (one.end_streams) one.end_streams();
  }
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::microseconds(patience.us));
  impl_->server->Wait();
  impl_->server.reset();
}

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "remote/channel.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "transport/worker/wire/wire.h"

namespace perdure::remote {
namespace {

// A server that answers no ping for this long is gone.
constexpr int kPingAfterMs = 20'000;
constexpr int kPingPatienceMs = 20'000;
// Of the channel below the streams, which decides when a connection is tried again.
constexpr int kReconnectFirstMs = 50;
constexpr int kReconnectMaxMs = 5'000;

/// Longer than any program runs, and far from where arithmetic overflows.
constexpr base::Duration kSpanMax = base::seconds(365LL * 24 * 3600);

gpr_timespec after(base::Duration span) {
  return gpr_time_from_micros(std::clamp(span, base::Duration{}, kSpanMax).us, GPR_TIMESPAN);
}

/// "" of no file; `what` names the option in the error.
base::Result<std::string> read_pem(const std::string& name, std::string_view what) {
  if (name.empty()) return std::string();
  std::ifstream file(name, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file || text.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("{} in '{}' can not be read; name a PEM file", what, name));
  }
  return text;
}

base::Result<std::shared_ptr<::grpc::ChannelCredentials>> credentials(
    const ConnectOptions& options) {
  if (!options.has_tls()) return ::grpc::InsecureChannelCredentials();
  if (options.certificate_file().empty() != options.key_file().empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "a certificate and its private key belong together: name both files");
  }
  ::grpc::SslCredentialsOptions ssl;
  PERDURE_ASSIGN_OR_RETURN(ssl.pem_root_certs, read_pem(options.roots_file(), "the certificates"));
  PERDURE_ASSIGN_OR_RETURN(ssl.pem_cert_chain,
                           read_pem(options.certificate_file(), "the certificate"));
  PERDURE_ASSIGN_OR_RETURN(ssl.pem_private_key, read_pem(options.key_file(), "the private key"));
  return ::grpc::SslCredentials(ssl);
}

}  // namespace

void Way::begin(::grpc::ClientContext& context) const {
  context.AddMetadata("taskhub", hub);
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
}

base::Result<Way> make_way(const ConnectOptions& options) {
  PERDURE_ASSIGN_OR_RETURN(auto trusted, credentials(options));
  ::grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(worker_wire::kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingPatienceMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // as many as needed
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // Two hosts of one program are two connections: neither waits behind the other's data.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Way way{.channel = ::grpc::CreateCustomChannel(options.address(), trusted, arguments),
          .hub = options.hub(),
          .authorization = {}};
  if (!options.api_key().empty()) way.authorization = "Bearer " + options.api_key();
  return way;
}

void set_deadline(::grpc::ClientContext& context, base::Duration span) {
  context.set_deadline(after(span));
}

base::Result<> wait_for_connection(const Way& way, const std::string& address,
                                   base::Duration span) {
  if (way.channel->WaitForConnected(after(span))) return {};
  return base::fail(base::ErrorCode::kUnavailable,
                    fmt::format("no server answers at '{}'; is `perdure serve` running there, and "
                                "does it speak TLS as this program expects?",
                                address));
}

}  // namespace perdure::remote

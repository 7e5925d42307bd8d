// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The gRPC listener: one port for all gRPC services, with the standard health service beside them.
// Limits of connections, messages and pings are here; what the services do is their own.
//
// Thread: start, announce_end and close are the server's thread's. gRPC has threads of its own.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "server/transport.h"

namespace grpc {
class ServerBuilder;
}  // namespace grpc

namespace perdure::server {

/// One gRPC service, of the callback kind: it must not block a thread of gRPC.
struct GrpcService {
  std::unique_ptr<grpc::Service> service;
  /// Ends the streams that would go on for ever. Called once, at the close, from the server's
  /// thread; may be empty.
  std::function<void()> end_streams;
};

class GrpcTransport final : public Transport {
 public:
  /// The options and the log outlive it.
  GrpcTransport(const Options& options, const Log& log, std::vector<GrpcService> services);
  ~GrpcTransport() override;

  [[nodiscard]] std::string_view name() const override { return "grpc"; }
  base::Result<Address> start() override;
  void announce_end() override;
  void close(base::Duration patience) override;

 private:
  void limit(grpc::ServerBuilder& builder) const;

  struct Impl;

  const Options& options_;
  const Log& log_;
  std::vector<GrpcService> services_;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server

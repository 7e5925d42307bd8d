// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/transports.h"

#include <utility>

#include "server/grpc_transport.h"

namespace perdure::server {
namespace {

/// Every gRPC service, on one port.
std::vector<GrpcService> make_grpc_services(const Platform& /*platform*/) { return {}; }

}  // namespace

std::vector<std::unique_ptr<Transport>> make_transports(const Platform& platform) {
  std::vector<std::unique_ptr<Transport>> made;
  made.push_back(std::make_unique<GrpcTransport>(platform.options, make_grpc_services(platform)));
  return made;
}

}  // namespace perdure::server

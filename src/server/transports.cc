// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/transports.h"

#include <utility>

#include "server/grpc_transport.h"
#include "server/http_transport.h"
#include "transport/durabletask/service.h"
#include "transport/worker/clients.h"
#include "transport/worker/workers.h"

namespace perdure::server {
namespace {

/// Every gRPC service, on one port.
std::vector<GrpcService> make_grpc_services(const Platform& platform) {
  std::vector<GrpcService> services;
  auto durable_task =
      std::make_unique<durabletask::Service>(platform.engine, platform.hubs, platform.guard);
  auto* const ends = durable_task.get();
  services.push_back(
      {.service = std::move(durable_task), .end_streams = [ends] { ends->end_streams(); }});
  auto workers = std::make_unique<worker_service::Workers>(
      platform.hubs, platform.guard,
      worker_service::WorkersOptions{
          .message_bytes_max = static_cast<std::size_t>(platform.options.message_bytes_max)});
  auto* const streams = workers.get();
  services.push_back(
      {.service = std::move(workers), .end_streams = [streams] { streams->end_streams(); }});
  auto clients = std::make_unique<worker_service::Clients>(platform.hubs, platform.guard);
  auto* const conversations = clients.get();
  services.push_back({.service = std::move(clients),
                      .end_streams = [conversations] { conversations->end_streams(); }});
  return services;
}

}  // namespace

std::vector<std::unique_ptr<Transport>> make_transports(const Platform& platform) {
  std::vector<std::unique_ptr<Transport>> made;
  made.push_back(std::make_unique<GrpcTransport>(platform.options, platform.log,
                                                 make_grpc_services(platform)));
  made.push_back(std::make_unique<HttpTransport>(platform));
  return made;
}

}  // namespace perdure::server

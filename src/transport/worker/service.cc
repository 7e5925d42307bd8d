// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/service.h"

#include "transport/grpc/pump.h"
#include "transport/worker/clients.h"
#include "transport/worker/workers.h"

namespace perdure::worker_service {
struct WorkerService::Impl {
  Impl(hub::Hubs& hubs, const access::Guard& guard, const ServiceOptions& options)
      : pump(options.threads),
        workers(
            {.engine = hubs.engine(), .pump = pump, .message_bytes_max = options.message_bytes_max},
            guard),
        clients(hubs, guard, pump) {}

  transport::Pump pump;
  Workers workers;
  Clients clients;
};

WorkerService::WorkerService(hub::Hubs& hubs, const access::Guard& guard, ServiceOptions options)
    : impl_(std::make_unique<Impl>(hubs, guard, options)) {}

WorkerService::~WorkerService() = default;

::grpc::Service& WorkerService::workers() { return impl_->workers; }
::grpc::Service& WorkerService::clients() { return impl_->clients; }

void WorkerService::drain() { impl_->workers.drain(); }

void WorkerService::end_streams() { impl_->workers.end_streams(); }

std::vector<WorkerInfo> WorkerService::connected() const { return impl_->workers.connected(); }

}  // namespace perdure::worker_service

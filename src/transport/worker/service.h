// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The two services of our own SDKs: workers that take work over one stream each (worker.proto), and
// clients (clients.proto). Between the wire and the hubs; nothing is decided here.
//
// Order of the end: drain(), the engine's own stop, end_streams(), Server::Shutdown with a
// deadline, and when that is back, the destructor. Owned by the server; hubs, engine and guard
// outlive it. Thread-safe.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "access/guard.h"
#include "hub/hubs.h"
#include "transport/worker/session.h"

namespace perdure::worker_service {

struct ServiceOptions {
  /// Threads that fill the streams of workers and read histories.
  std::size_t threads = 1;
  /// What the gRPC server takes: workers are told.
  std::size_t message_bytes_max = std::size_t{4} << 20;
};

class WorkerService final {
 public:
  WorkerService(hub::Hubs& hubs, const access::Guard& guard, ServiceOptions options);
  /// REQUIRES: the gRPC server was shut down, and no call is under way.
  ~WorkerService();
  WorkerService(const WorkerService&) = delete;
  WorkerService& operator=(const WorkerService&) = delete;

  [[nodiscard]] ::grpc::Service& workers();
  [[nodiscard]] ::grpc::Service& clients();

  /// Workers get no further items, new ones included; their answers are still taken.
  void drain();
  /// Every stream ends with UNAVAILABLE: the workers look for another server, or for this one
  /// again.
  void end_streams();
  /// The workers that are connected.
  [[nodiscard]] std::vector<WorkerInfo> connected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::worker_service

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The service Workers: workers of our own SDKs take work over one stream each (worker.proto), which
// is a session. Between the wire and the dispatcher; nothing is decided here.
//
// Order of the end: drain(), the engine's own stop, end_streams(), Server::Shutdown with a
// deadline, and when that is back, the destructor. Owned by the server; hubs, their engine and the
// guard outlive it. Thread-safe.
#pragma once

#include <perdure/worker.grpc.pb.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "access/guard.h"
#include "hub/hubs.h"
#include "runtime/monitor.h"
#include "transport/grpc/pump.h"
#include "transport/worker/session.h"

namespace perdure::worker_service {

struct WorkersOptions {
  /// Threads that fill the streams.
  std::size_t threads = 1;
  /// What the gRPC server takes: workers are told.
  std::size_t message_bytes_max = std::size_t{4} << 20;
};

class Workers final : public v1::Workers::CallbackService {
 public:
  Workers(hub::Hubs& hubs, const access::Guard& guard, const WorkersOptions& options);
  /// REQUIRES: the gRPC server was shut down, and no call is under way.
  ~Workers() override = default;

  ::grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>* Work(
      ::grpc::CallbackServerContext* context) override;

  /// Workers get no further items, new ones included; their answers are still taken.
  void drain();
  /// Every stream ends with UNAVAILABLE: the workers look for another server, or this one again.
  void end_streams();
  /// The workers that are connected.
  [[nodiscard]] std::vector<WorkerInfo> connected() const;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions() const;

  transport::Pump pump_;
  const SessionSurroundings surroundings_;
  const access::Guard& guard_;
  mutable runtime::Mutex mutex_;
  std::vector<std::weak_ptr<Session>> sessions_;  // bounded by the streams: swept when one begins
  bool draining_ = false;
};

}  // namespace perdure::worker_service

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The service Workers: a session for each stream. Thread-safe.
#pragma once

#include <perdure/worker.grpc.pb.h>

#include <memory>
#include <vector>

#include "access/guard.h"
#include "engine/engine.h"
#include "runtime/monitor.h"
#include "transport/grpc/pump.h"
#include "transport/worker/session.h"

namespace perdure::worker_service {

class Workers final : public v1::Workers::CallbackService {
 public:
  Workers(const SessionSurroundings& surroundings, const access::Guard& guard)
      : surroundings_(surroundings), guard_(guard) {}

  ::grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>* Work(
      ::grpc::CallbackServerContext* context) override;

  void drain();
  void end_streams();
  [[nodiscard]] std::vector<WorkerInfo> connected() const;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions() const;

  const SessionSurroundings surroundings_;
  const access::Guard& guard_;
  mutable runtime::Mutex mutex_;
  std::vector<std::weak_ptr<Session>> sessions_;  // bounded by the streams: swept when one begins
  bool draining_ = false;
};

}  // namespace perdure::worker_service

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A call that waits for an instance, until there is an answer, or its deadline is over, or its
// caller is gone: then the wait is given up in the engine too.
//
// Owned by itself, from the start to OnDone.
#pragma once

#include <grpcpp/support/server_callback.h>
#include <perdure/clients.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "hub/hubs.h"
#include "runtime/monitor.h"
#include "transport/grpc/pump.h"

namespace perdure::worker_service {

class Waiting final : public ::grpc::ServerUnaryReactor,
                      public std::enable_shared_from_this<Waiting> {
 public:
  /// All outlive the call.
  Waiting(hub::Hubs& hubs, transport::Pump& pump, v1::Instance& reply)
      : hubs_(hubs), pump_(pump), reply_(reply) {}

  /// Once, before the reactor is handed to gRPC.
  void begin(const access::Permit& permit, const std::string& id, model::Until until);

  void OnCancel() override;
  void OnDone() override;

 private:
  void answer(base::Result<model::InstanceSnapshot> snapshot);

  hub::Hubs& hubs_;
  transport::Pump& pump_;
  v1::Instance& reply_;
  std::shared_ptr<Waiting> self_;

  runtime::Mutex mutex_;
  std::optional<hub::Await> await_;
  bool cancelled_ = false;
};

}  // namespace perdure::worker_service

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/requests.h"

#include <utility>

#include "transport/worker/wire/events.h"

namespace perdure::worker_service {
namespace {

model::ReusePolicy reuse_from(v1::StartRequest::IfExists if_exists) {
  using Otherwise = model::ReusePolicy::Otherwise;
  switch (if_exists) {
    case v1::StartRequest::IGNORE: return {.otherwise = Otherwise::kIgnore};
    case v1::StartRequest::REPLACE: return {.replaceable = model::kEveryStatus};
    case v1::StartRequest::REPLACE_ENDED: return {.replaceable = model::kEveryTerminal};
    default: return {};
  }
}

}  // namespace

base::Result<hub::StartRequest> start_from(const v1::StartRequest& wire) {
  PERDURE_ASSIGN_OR_RETURN(
      auto started, worker_wire::one_from<model::ExecutionStarted>("a start", wire.started()));
  started.parent.reset();  // nobody outside is one
  return hub::StartRequest{.id = wire.id(),
                           .started = std::move(started),
                           .reuse = reuse_from(wire.if_exists()),
                           .idempotency_key = wire.idempotency_key()};
}

model::Payload input_from(const v1::OperationRequest& wire) {
  return wire.has_input() ? model::Payload(wire.input()) : model::Payload();
}

model::Until until_from(const v1::WaitRequest& wire) {
  return wire.until_started() ? model::Until::kStarted : model::Until::kEnded;
}

}  // namespace perdure::worker_service

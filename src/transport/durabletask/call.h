// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What every method of the service begins and ends with. Private to the service.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string_view>
#include <utility>

#include "access/guard.h"
#include "base/result.h"
#include "transport/grpc/caller.h"
#include "transport/grpc/status.h"

namespace perdure::durabletask {

/// Calls `work(permit, reactor)` if the caller may do this; else the call ends with why not.
template <class Work>
::grpc::ServerUnaryReactor* serve(::grpc::CallbackServerContext* context,
                                  const access::Guard& guard, access::Action action, Work work) {
  ::grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto permit = transport::admit(*context, guard, action);
  if (permit) {
    work(*permit, reactor);
  } else {
    reactor->Finish(transport::to_status(permit.error()));
  }
  return reactor;
}

/// The end of a call without an answer of its own.
inline void finish(::grpc::ServerUnaryReactor* reactor, const base::Result<>& result) {
  reactor->Finish(result ? ::grpc::Status::OK : transport::to_status(result.error()));
}

/// Of an instance that has ended: for the callers of this protocol that is as good as done.
inline void finish_unless_ended(::grpc::ServerUnaryReactor* reactor, const base::Result<>& result) {
  const bool ended = !result && result.error().code == base::ErrorCode::kFailedPrecondition;
  finish(reactor, ended ? base::Result<>() : result);
}

}  // namespace perdure::durabletask

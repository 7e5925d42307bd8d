// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Who calls, and may they? From the headers of a call, and the certificate of its connection, to
// the guard's decision.
#pragma once

#include <grpcpp/server_context.h>

#include <string>
#include <string_view>

#include "access/guard.h"
#include "base/result.h"

namespace perdure::transport {

inline constexpr const char* kHubHeader = "taskhub";
inline constexpr const char* kAuthorizationHeader = "authorization";

/// Empty: there is none.
std::string_view header(const ::grpc::CallbackServerContext& context, const char* name);

/// What a stream brought along, for calls that come on it later. A value.
struct Caller {
  std::string authorization;
  std::string identity;
  std::string hub;
};
Caller caller_of(const ::grpc::CallbackServerContext& context);
/// As access::Guard::admit, each time: what a caller may do can change while its stream is open.
base::Result<access::Permit> admit(const Caller& caller, const access::Guard& guard,
                                   access::Action action);

/// As access::Guard::admit, for the hub that the headers name, or else the default one.
base::Result<access::Permit> admit(const ::grpc::CallbackServerContext& context,
                                   const access::Guard& guard, access::Action action);

}  // namespace perdure::transport

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/grpc/caller.h"

namespace perdure::transport {

std::string_view header(const ::grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

base::Result<access::Permit> admit(const ::grpc::CallbackServerContext& context,
                                   const access::Guard& guard, access::Action action) {
  return guard.admit({.authorization = header(context, kAuthorizationHeader)}, action,
                     header(context, kHubHeader));
}

}  // namespace perdure::transport

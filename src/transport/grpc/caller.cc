// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/grpc/caller.h"

#include <grpc/grpc_security_constants.h>

#include <vector>

#include "access/certificate.h"

namespace perdure::transport {
namespace {

std::vector<std::string> texts_of(const ::grpc::AuthContext& peer, const char* property) {
  std::vector<std::string> texts;
  for (const auto& text : peer.FindPropertyValues(property)) {
    texts.emplace_back(text.data(), text.size());
  }
  return texts;
}

/// Of the certificate that the client showed and that was verified; "": it was not asked for one.
std::string identity_of(const ::grpc::CallbackServerContext& context) {
  const auto peer = context.auth_context();
  if (peer == nullptr) return {};
  const auto uris = texts_of(*peer, GRPC_PEER_URI_PROPERTY_NAME);
  return access::identity_of(uris, texts_of(*peer, GRPC_PEER_DNS_PROPERTY_NAME));
}

}  // namespace

std::string_view header(const ::grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

Caller caller_of(const ::grpc::CallbackServerContext& context) {
  return {.authorization = std::string(header(context, kAuthorizationHeader)),
          .identity = identity_of(context),
          .hub = std::string(header(context, kHubHeader))};
}

base::Result<access::Permit> admit(const Caller& caller, const access::Guard& guard,
                                   access::Action action) {
  return guard.admit({.authorization = caller.authorization, .identity = caller.identity}, action,
                     caller.hub);
}

base::Result<access::Permit> admit(const ::grpc::CallbackServerContext& context,
                                   const access::Guard& guard, access::Action action) {
  const std::string identity = identity_of(context);
  return guard.admit({.authorization = header(context, kAuthorizationHeader), .identity = identity},
                     action, header(context, kHubHeader));
}

}  // namespace perdure::transport

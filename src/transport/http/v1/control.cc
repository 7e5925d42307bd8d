// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an operator or another program tells an instance.
#include "transport/http/v1/api.h"
#include "transport/http/v1/parameters.h"

namespace perdure::transport::http::v1 {
namespace {

using base::ErrorCode;
using Tell = void (hub::Hubs::*)(const access::Permit&, std::string, std::string, hub::Then<>);

base::Result<> nothing_in_the_query(const CallHandle& call) {
  return Parameters(call->request.target.query).finish();
}

/// {"reason": "..."}, or nothing.
base::Result<> tell(const CallHandle& call, Tell what) {
  PERDURE_RETURN_IF_ERROR(nothing_in_the_query(call));
  PERDURE_ASSIGN_OR_RETURN(auto body, JsonBody::parse(call->request.body));
  PERDURE_ASSIGN_OR_RETURN(const auto reason, body.text("reason"));
  PERDURE_RETURN_IF_ERROR(body.finish());
  (call->hubs().*what)(call->permit, call->request.parameter("id"), reason.value_or(""),
                       accepts(call));
  return {};
}

}  // namespace

base::Result<> raise(const CallHandle& call) {
  PERDURE_RETURN_IF_ERROR(nothing_in_the_query(call));
  model::EventRaised event{.name = call->request.parameter("event"), .payload = std::nullopt};
  if (!call->request.body.empty()) {
    if (const auto problem = json_problem(call->request.body)) {
      return base::fail(ErrorCode::kInvalidArgument, *problem);
    }
    event.payload = call->request.body;
  }
  call->hubs().raise(call->permit, call->request.parameter("id"), std::move(event), accepts(call));
  return {};
}

base::Result<> terminate(const CallHandle& call) {
  PERDURE_RETURN_IF_ERROR(nothing_in_the_query(call));
  PERDURE_ASSIGN_OR_RETURN(auto body, JsonBody::parse(call->request.body));
  hub::Termination how;
  PERDURE_ASSIGN_OR_RETURN(const auto reason, body.text("reason"));
  how.reason = reason.value_or("");
  how.output = body.raw("output");
  PERDURE_ASSIGN_OR_RETURN(const auto recursive, body.boolean("recursive"));
  how.recursive = recursive.value_or(false);
  PERDURE_RETURN_IF_ERROR(body.finish());
  call->hubs().terminate(call->permit, call->request.parameter("id"), std::move(how),
                         accepts(call));
  return {};
}

base::Result<> suspend(const CallHandle& call) { return tell(call, &hub::Hubs::suspend); }
base::Result<> resume(const CallHandle& call) { return tell(call, &hub::Hubs::resume); }
base::Result<> rewind(const CallHandle& call) { return tell(call, &hub::Hubs::rewind); }

base::Result<> restart(const CallHandle& call) {
  PERDURE_RETURN_IF_ERROR(nothing_in_the_query(call));
  PERDURE_ASSIGN_OR_RETURN(auto body, JsonBody::parse(call->request.body));
  PERDURE_ASSIGN_OR_RETURN(const auto new_id, body.boolean("new_id"));
  PERDURE_RETURN_IF_ERROR(body.finish());
  call->hubs().restart(call->permit, call->request.parameter("id"),
                       new_id.value_or(false) ? hub::NewId::kYes : hub::NewId::kNo,
                       answers<std::string>(call, [](const std::string& id) {
                         return json_response(200, JsonObject().text("id", id).finish());
                       }));
  return {};
}

}  // namespace perdure::transport::http::v1

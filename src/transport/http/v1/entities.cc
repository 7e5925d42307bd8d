// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities: "@name@key". In a path "$" is the empty key, since a segment can not be empty.
#include "base/overloaded.h"
#include "model/entity.h"
#include "transport/http/v1/api.h"
#include "transport/http/v1/parameters.h"
#include "transport/http/v1/render.h"

namespace perdure::transport::http::v1 {
namespace {

using base::ErrorCode;

/// Names have no case, as the SDKs send them in small letters.
base::Result<std::string> entity_of(const CallHandle& call) {
  const std::string& name = call->request.parameter("name");
  const std::string& key = call->request.parameter("key");
  if (name.contains('@')) {
    return base::fail(ErrorCode::kInvalidArgument, "the name of an entity holds no \"@\"");
  }
  return model::entity_id(name, key == "$" ? "" : key);
}

base::Result<model::Payload> payload_of(const CallHandle& call) {
  if (call->request.body.empty()) return model::Payload{};
  if (const auto problem = json_problem(call->request.body)) {
    return base::fail(ErrorCode::kInvalidArgument, *problem);
  }
  return model::Payload{call->request.body};
}

Response outcome_response(const model::OperationOutcome& done) {
  return std::visit(
      base::Overloaded{[](const model::Payload& result) {
                         return json_response(200, JsonObject().payload("result", result).finish());
                       },
                       [](const model::Failure& failure) {
                         JsonObject error;
                         error.text("code", base::error_name(ErrorCode::kOperationFailed))
                             .text("message", failure.message)
                             .raw("failure", render(failure));
                         return json_response(status_of(ErrorCode::kOperationFailed),
                                              JsonObject().raw("error", error.finish()).finish());
                       }},
      done.outcome);
}

}  // namespace

base::Result<> entity(const CallHandle& call) {
  PERDURE_RETURN_IF_ERROR(Parameters(call->request.target.query).finish());
  PERDURE_ASSIGN_OR_RETURN(auto id, entity_of(call));
  call->hubs().entity(call->permit, std::move(id),
                      answers<model::EntitySnapshot>(call, [](const auto& found) {
                        // One without state may still be locked, or about to be made.
                        if (!found.state && found.locked_by.empty() && found.backlog == 0) {
                          return failure_response(
                              {ErrorCode::kNotFound, "there is no entity '" + found.key.id + "'"});
                        }
                        return json_response(200, render(found, State::kInclude));
                      }));
  return {};
}

base::Result<> entities(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  hub::EntityFilter filter;
  const std::string name = parameters.text("name");
  const std::string key_prefix = parameters.text("key_prefix");
  if (name.empty() && !key_prefix.empty()) {
    return base::fail(ErrorCode::kInvalidArgument, "\"key_prefix\" goes with \"name\"");
  }
  if (name.contains('@')) {
    return base::fail(ErrorCode::kInvalidArgument, "the name of an entity holds no \"@\"");
  }
  if (!name.empty()) filter.id_prefix = model::entity_id(name, key_prefix);
  PERDURE_ASSIGN_OR_RETURN(filter.modified_from, parameters.moment("modified_from"));
  PERDURE_ASSIGN_OR_RETURN(filter.modified_to, parameters.moment("modified_to"));
  PERDURE_ASSIGN_OR_RETURN(filter.transient, parameters.flag("transient"));
  PERDURE_ASSIGN_OR_RETURN(const auto include, parameters.word("include", {"none", "state"}));
  PERDURE_ASSIGN_OR_RETURN(auto page, parameters.page());
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  const State state = include == "state" ? State::kInclude : State::kLeaveOut;
  call->hubs().entities(call->permit, std::move(filter), std::move(page),
                        answers<hub::EntityList>(call, [state](const hub::EntityList& found) {
                          JsonArray list;
                          for (const auto& each : found.entities) list.add(render(each, state));
                          return json_response(200,
                                               JsonObject()
                                                   .raw("entities", list.finish())
                                                   .text_if_any("continuation", found.continuation)
                                                   .finish());
                        }));
  return {};
}

base::Result<> call_entity(const CallHandle& call) {
  PERDURE_RETURN_IF_ERROR(Parameters(call->request.target.query).finish());
  PERDURE_ASSIGN_OR_RETURN(auto id, entity_of(call));
  PERDURE_ASSIGN_OR_RETURN(auto input, payload_of(call));
  call->hubs().call(call->permit, std::move(id), call->request.parameter("operation"),
                    std::move(input), answers<model::OperationOutcome>(call, outcome_response));
  return {};
}

base::Result<> signal_entity(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(const auto at, parameters.moment("at"));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  PERDURE_ASSIGN_OR_RETURN(auto id, entity_of(call));
  PERDURE_ASSIGN_OR_RETURN(auto input, payload_of(call));
  call->hubs().signal(call->permit, std::move(id), call->request.parameter("operation"),
                      std::move(input), at, accepts(call));
  return {};
}

}  // namespace perdure::transport::http::v1

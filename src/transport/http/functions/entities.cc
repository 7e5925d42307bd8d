// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The entities of Durable Functions: state by name and key, operations as signals.
#include <algorithm>

#include "model/entity.h"
#include "model/limits.h"
#include "transport/http/functions/api.h"
#include "transport/http/functions/payloads.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

using base::ErrorCode;

constexpr std::string_view kTokenHeader = "x-ms-continuation-token";

/// Names have no case; "$" is the empty key.
base::Result<std::string> entity_of(const Call& call) {
  const std::string name = lower(call.request.parameter("name"));
  const std::string& key = call.request.parameter("key");
  if (name.contains('@')) {
    return base::fail(ErrorCode::kInvalidArgument, "the name of an entity holds no \"@\"");
  }
  return model::entity_id(name, key == "$" ? "" : key);
}

base::Result<> signal(const CallHandle& call, std::string operation, model::Payload input) {
  PERDURE_ASSIGN_OR_RETURN(auto id, entity_of(*call));
  call->hubs().signal(call->permit, std::move(id), std::move(operation), std::move(input),
                      std::nullopt, [call](const base::Result<>& done) {
                        call->answer.send(done ? bare(202) : failure(done.error()));
                      });
  return {};
}

}  // namespace

base::Result<> entity(const CallHandle& call) {
  PERDURE_ASSIGN_OR_RETURN(auto id, entity_of(*call));
  call->hubs().entity(
      call->permit, std::move(id), [call](const base::Result<model::EntitySnapshot>& found) {
        const bool unknown =
            found ? !found->state.has_value() : found.error().code == ErrorCode::kNotFound;
        if (unknown) return call->answer.send(bare(404));
        call->answer.send(found ? with_json(200, json_payload(found->state))
                                : failure(found.error()));
      });
  return {};
}

base::Result<> entities(const CallHandle& call) {
  const Query& query = call->request.target.query;
  hub::EntityFilter filter;
  for (const auto& [name, value] : call->request.parameters) {
    if (name == "name") filter.id_prefix = model::entity_id(lower(value), "");
  }
  for (auto [name, field] : {std::pair{"lastOperationTimeFrom", &filter.modified_from},
                             std::pair{"lastOperationTimeTo", &filter.modified_to}}) {
    if (query.get(name).empty()) continue;
    *field = parse_moment(query.get(name));
    if (!*field) {
      return base::fail(ErrorCode::kInvalidArgument, "\"" + std::string(name) + "\" is no date");
    }
  }
  engine::PageRequest page;
  if (const auto top = parse_number(query.get("top")); top && *top > 0) {
    page.count_max = std::min<std::uint64_t>(*top, model::kListPageMax);
  }
  const std::string_view token = call->request.header(kTokenHeader);
  if (token != "null") page.continuation = token;
  const Outputs state = flag(query, "fetchState", false) ? Outputs::kInclude : Outputs::kLeaveOut;
  call->hubs().entities(call->permit, std::move(filter), std::move(page),
                        [call, state](const base::Result<hub::EntityList>& found) {
                          if (!found) return call->answer.send(failure(found.error()));
                          JsonArray array;
                          for (const auto& each : found->entities) {
                            array.add(entity_payload(each, state));
                          }
                          Response response = with_json(200, array.finish());
                          if (!found->continuation.empty()) {
                            response.headers.emplace_back(kTokenHeader, found->continuation);
                          }
                          call->answer.send(std::move(response));
                        });
  return {};
}

base::Result<> signal_entity(const CallHandle& call) {
  const Request& request = call->request;
  const std::string_view type = request.header("Content-Type");
  model::Payload input;
  if (!request.body.empty()) {
    const bool says_json =
        same_letters(trimmed(type.substr(0, type.find(';'))), "application/json");
    const auto problem = json_problem(request.body);
    if (says_json && problem) return base::fail(ErrorCode::kInvalidArgument, *problem);
    input = says_json ? request.body : json_text(request.body);  // else it is a text
  }
  return signal(call, std::string(request.target.query.get("op")), std::move(input));
}

base::Result<> delete_entity(const CallHandle& call) {
  return signal(call, "delete", std::nullopt);
}

}  // namespace perdure::transport::http::functions

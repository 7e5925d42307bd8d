// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Starting and restarting, with or without waiting for the end.
#include <algorithm>

#include "transport/http/functions/api.h"
#include "transport/http/functions/payloads.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

using base::ErrorCode;

constexpr base::Duration kWaitMax = base::seconds(230);  // what Azure's front end allows

/// How long to wait for the end: only if both are there and numbers.
std::optional<base::Duration> wait_of(const Query& query) {
  const auto timeout = parse_seconds(query.get("timeout"));
  const auto interval = parse_seconds(query.get("pollingInterval"));
  if (!timeout || !interval) return std::nullopt;
  return std::min(*timeout, kWaitMax);
}

base::Result<> check_wait(const Query& query) {
  for (const std::string_view name : {"timeout", "pollingInterval"}) {
    if (query.has(name) && !parse_seconds(query.get(name))) {
      return base::fail(ErrorCode::kInvalidArgument,
                        "\"" + std::string(name) + "\" must be a number of seconds");
    }
  }
  return {};
}

Response ended(const Call& call, const model::InstanceSnapshot& instance) {
  if (instance.record.status == model::Status::kCompleted) {
    return with_json(200, output_of(instance.record));
  }
  const bool as_error =
      instance.record.status == model::Status::kFailed &&
      flag(call.request.target.query, "returnInternalServerErrorOnFailure", false);
  return with_json(as_error ? 500 : 200, status_payload(instance, {}));
}

/// A refused start is a 500 in that API.
Response refused(const base::Error& error) {
  if (error.code != ErrorCode::kAlreadyExists) return failure(error);
  return with_json(500, error_body("Something went wrong while processing your request",
                                   "System.InvalidOperationException", error.message));
}

}  // namespace

void answer_started(const CallHandle& call, const std::string& id) {
  const auto span = wait_of(call->request.target.query);
  if (!span) return call->answer.send(check_status(*call, id));
  const auto to_read = call->also(access::Action::kRead);
  if (!to_read) return call->answer.send(failure(to_read.error()));

  const hub::Await await = call->hubs().await(
      *to_read, id, {.inputs = hub::Inputs::kInclude},
      [call, id](base::Result<model::InstanceSnapshot> found) {
        if (found) return call->answer.send(ended(*call, *found));
        const bool time_over = found.error().code == ErrorCode::kDeadlineExceeded;
        call->answer.send(time_over ? check_status(*call, id) : failure(found.error()));
      });
  const auto give_up = [site = call->site, await] { site->hubs.cancel(await); };
  call->answer.on_interrupted([give_up](Interruption) { give_up(); });
  call->answer.after(*span, give_up);
}

base::Result<> start(const CallHandle& call) {
  const Request& request = call->request;
  PERDURE_RETURN_IF_ERROR(check_wait(request.target.query));
  hub::StartRequest start;
  start.started.name = request.parameter("function");
  for (const auto& [name, value] : request.parameters) {
    if (name == "id") start.id = value;
  }
  if (!trimmed(request.body).empty()) {
    if (const auto problem = json_problem(request.body)) {
      return base::fail(ErrorCode::kInvalidArgument, *problem);
    }
    start.started.input = request.body;
  }
  start.started.version = request.target.query.get("version");
  start.started.trace_parent = request.header("traceparent");
  start.reuse.replaceable = model::kEveryTerminal;
  call->hubs().start(call->permit, std::move(start),
                     [call](const base::Result<model::Started>& started) {
                       if (!started) return call->answer.send(refused(started.error()));
                       answer_started(call, started->key.id);
                     });
  return {};
}

base::Result<> restart(const CallHandle& call) {
  const Query& query = call->request.target.query;
  PERDURE_RETURN_IF_ERROR(check_wait(query));
  const bool new_id = flag(query, "restartWithNewInstanceId", true);
  call->hubs().restart(
      call->permit, call->request.parameter("id"), new_id ? hub::NewId::kYes : hub::NewId::kNo,
      [call](const base::Result<std::string>& id) {
        if (id) return answer_started(call, *id);
        base::Error error = id.error();
        if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kFailedPrecondition) {
          error.code = ErrorCode::kInvalidArgument;
        }
        call->answer.send(failure(error));
      });
  return {};
}

}  // namespace perdure::transport::http::functions

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A long poll: the answer comes when the instance is there, or when the time is over: then it is
// 202 with the instance as it is, and the client asks again.
#include "transport/http/v1/api.h"
#include "transport/http/v1/parameters.h"
#include "transport/http/v1/render.h"

namespace perdure::transport::http::v1 {
namespace {

void answer_as_it_is(const CallHandle& call, hub::Inputs inputs) {
  call->hubs().get(call->permit, call->request.parameter("id"), inputs,
                   answers<model::InstanceSnapshot>(call, [](const auto& instance) {
                     return json_response(202, render(instance));
                   }));
}

}  // namespace

base::Result<> wait(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(const auto word, parameters.word("until", {"ended", "started"}));
  PERDURE_ASSIGN_OR_RETURN(const auto timeout, parameters.seconds("timeout", kWaitMax));
  PERDURE_ASSIGN_OR_RETURN(const auto include, parameters.word("include", {"none", "input"}));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  const auto inputs = include == "input" ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut;
  const auto until = word == "started" ? model::Until::kStarted : model::Until::kEnded;

  const hub::Await await =
      call->hubs().await(call->permit, call->request.parameter("id"),
                         {.until = until, .if_unknown = hub::IfUnknown::kFail, .inputs = inputs},
                         [call, inputs](base::Result<model::InstanceSnapshot> found) {
                           if (!found && found.error().code == base::ErrorCode::kDeadlineExceeded) {
                             return answer_as_it_is(call, inputs);
                           }
                           if (!found) return call->answer.send(failure_response(found.error()));
                           call->answer.send(json_response(200, render(*found)));
                         });
  // Not the call: the connection would keep its own answer alive.
  const auto give_up = [site = call->site, await] { site->hubs.cancel(await); };
  call->answer.on_interrupted([give_up](Interruption) { give_up(); });
  call->answer.after(timeout.value_or(kWaitDefault), give_up);
  return {};
}

}  // namespace perdure::transport::http::v1

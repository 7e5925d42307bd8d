// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Our own API below /api/v1, as api/openapi.yaml describes it. A handler reads what it was asked,
// calls the hubs once or in a chain, and translates what they say. What it returns
// as an error is the answer; otherwise it will answer itself.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "transport/http/failures.h"
#include "transport/http/json.h"
#include "transport/http/router.h"
#include "transport/http/site.h"

namespace perdure::transport::http::v1 {

/// How long a wait lasts at most, and if nothing is said.
inline constexpr base::Duration kWaitMax = base::seconds(300);
inline constexpr base::Duration kWaitDefault = base::seconds(30);
/// Event streams that are open at once.
inline constexpr std::size_t kStreamsMax = 1000;

void add_routes(Router& router, const std::shared_ptr<Site>& site);

// ---- what the handlers share ----

inline Response json_response(unsigned status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(kJsonType)}},
          .body = std::move(body)};
}

/// A callback of the hubs: an error is the answer, a value becomes one through `render(value)`.
template <class T, class Render>
hub::Then<T> answers(const CallHandle& call, Render render) {
  return [call, render = std::move(render)](base::Result<T> result) {
    if (!result) return call->answer.send(failure_response(result.error()));
    call->answer.send(render(*std::move(result)));
  };
}
/// 202 without a body: it is durable that it will happen.
inline hub::Then<> accepts(const CallHandle& call) {
  return [call](base::Result<> result) {
    call->answer.send(result ? Response{.status = 202, .headers = {}, .body = {}}
                             : failure_response(result.error()));
  };
}

// ---- the handlers ----

base::Result<> start(const CallHandle& call);
base::Result<> get(const CallHandle& call);
base::Result<> list(const CallHandle& call);
base::Result<> history(const CallHandle& call);
base::Result<> purge(const CallHandle& call);
base::Result<> purge_where(const CallHandle& call);

base::Result<> raise(const CallHandle& call);
base::Result<> terminate(const CallHandle& call);
base::Result<> suspend(const CallHandle& call);
base::Result<> resume(const CallHandle& call);
base::Result<> rewind(const CallHandle& call);
base::Result<> restart(const CallHandle& call);

base::Result<> wait(const CallHandle& call);
base::Result<> watch(const CallHandle& call);

base::Result<> entity(const CallHandle& call);
base::Result<> entities(const CallHandle& call);
base::Result<> call_entity(const CallHandle& call);
base::Result<> signal_entity(const CallHandle& call);

base::Result<> server(const CallHandle& call);

}  // namespace perdure::transport::http::v1

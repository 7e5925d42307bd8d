// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Durable HTTP calls: an orchestration awaits an answer of the web as it awaits an activity. The
// wait costs nothing, survives every crash, and follows the pattern of long operations by itself:
// while the other side answers 202 with a Location, it is asked again there, after the time that it
// names.
//
//   const auto answer = co_await perdure::http(ctx, {.url = "https://example.com/orders/7"});
//
// It is the orchestration "perdure.http", which every server has: workers of any language can call
// it as a sub-orchestration, with the fields of HttpRequest as JSON. A program that embeds its
// engine registers it with register_http (link perdure::http).
//
// A request is sent at least once: with attempts above 1 it is sent again after a failed connection
// and after the statuses 408, 429, 500, 502, 503 and 504. Only what the public internet reaches can
// be reached, unless the operator allows more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "perdure/fields.h"
#include "perdure/future.h"
#include "perdure/orchestration.h"
#include "perdure/result.h"

namespace perdure {

class Registry;

/// The orchestration that makes the call.
inline constexpr const char* kHttpOrchestration = "perdure.http";

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https
  std::map<std::string, std::string> headers;
  std::optional<std::string> body;
  double timeout_seconds = 100;  // of one attempt; at most 600
  std::int32_t attempts = 3;     // in all; at least 1
  /// Whether to go on asking while the answer is 202 with a Location.
  bool poll = true;
  /// The time between two questions where the other side names none.
  double poll_seconds = 30;
  /// For how long to go on asking; then the 202 is the answer.
  double poll_timeout_seconds = 86'400;

  PERDURE_FIELDS(HttpRequest, method, url, headers, body, timeout_seconds, attempts, poll,
                 poll_seconds, poll_timeout_seconds);
};

struct HttpResponse {
  int status = 0;                              // any: a 404 is an answer, not a failure
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // if it is UTF-8
  std::optional<std::string> body_base64;      // if it is not

  PERDURE_FIELDS(HttpResponse, status, headers, body, body_base64);
};

/// Fails (TaskFailed) when there is no answer after all attempts, or the address may not be
/// reached.
inline Future<HttpResponse> http(Orchestration& ctx, const HttpRequest& request) {
  return ctx.child<HttpResponse>(kHttpOrchestration, request);
}

/// What this program's HTTP calls may reach.
struct HttpReach {
  /// Networks ("10.0.0.0/8", "127.0.0.1") that are reachable although they are not public.
  std::vector<std::string> allowed;
  std::size_t body_bytes_max = std::size_t{1} << 20;
};

/// Adds what carries out HTTP calls. INVALID_ARGUMENT: a text of `reach` that is no network.
Result<void> register_http(Registry& registry, const HttpReach& reach);

}  // namespace perdure

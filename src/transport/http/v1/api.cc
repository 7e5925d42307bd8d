// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/v1/api.h"

#include "transport/http/text.h"
#include "transport/http/v1/parameters.h"

namespace perdure::transport::http::v1 {
namespace {

using access::Action;

struct Entry {
  Method method;
  const char* pattern;
  Action action;
  base::Result<> (*handler)(const CallHandle&);
};

constexpr Entry kEntries[] = {
    {Method::kGet, "/api/v1/server", Action::kRead, server},
    {Method::kGet, "/api/v1/instances", Action::kRead, list},
    {Method::kPost, "/api/v1/instances", Action::kOperate, start},
    {Method::kDelete, "/api/v1/instances", Action::kAdminister, purge_where},
    {Method::kGet, "/api/v1/instances/{id}", Action::kRead, get},
    {Method::kDelete, "/api/v1/instances/{id}", Action::kAdminister, purge},
    {Method::kGet, "/api/v1/instances/{id}/history", Action::kRead, history},
    {Method::kGet, "/api/v1/instances/{id}/wait", Action::kRead, wait},
    {Method::kGet, "/api/v1/instances/{id}/events", Action::kRead, watch},
    {Method::kPost, "/api/v1/instances/{id}/events/{event}", Action::kOperate, raise},
    {Method::kPost, "/api/v1/instances/{id}/terminate", Action::kOperate, terminate},
    {Method::kPost, "/api/v1/instances/{id}/suspend", Action::kOperate, suspend},
    {Method::kPost, "/api/v1/instances/{id}/resume", Action::kOperate, resume},
    {Method::kPost, "/api/v1/instances/{id}/rewind", Action::kOperate, rewind},
    {Method::kPost, "/api/v1/instances/{id}/restart", Action::kOperate, restart},
    {Method::kGet, "/api/v1/entities", Action::kRead, entities},
    {Method::kGet, "/api/v1/entities/{name}/{key}", Action::kRead, entity},
    {Method::kPost, "/api/v1/entities/{name}/{key}/call/{operation}", Action::kOperate,
     call_entity},
    {Method::kPost, "/api/v1/entities/{name}/{key}/signal/{operation}", Action::kOperate,
     signal_entity},
};

/// The header, else the query, else the default.
std::string hub_of(const Site& site, const Request& request) {
  if (const auto name = request.header("Perdure-Task-Hub"); !name.empty()) return std::string(name);
  if (request.target.query.has("hub")) return std::string(request.target.query.get("hub"));
  return site.options.default_hub;
}

void serve(const std::shared_ptr<Site>& site, const Entry& entry, Request request,
           const Answer& answer) {
  const std::string hub = hub_of(*site, request);
  std::string authorization(request.header("Authorization"));
  auto permit = site->guard.admit({.authorization = authorization, .identity = request.identity},
                                  entry.action, hub);
  if (!permit) return answer.send(failure_response(permit.error()));
  const auto call = std::make_shared<const Call>(
      Call{site, std::move(request), answer, std::move(authorization), *std::move(permit)});
  if (const auto done = entry.handler(call); !done) {
    answer.send(failure_response(done.error()));
  }
}

}  // namespace

void add_routes(Router& router, const std::shared_ptr<Site>& site) {
  for (const Entry& entry : kEntries) {
    router.add({.method = entry.method,
                .pattern = entry.pattern,
                .handler = [site, &entry](Request request, const Answer& answer) {
                  serve(site, entry, std::move(request), answer);
                }});
  }
}

base::Result<> server(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  const engine::EngineStats stats = call->hubs().engine().stats();
  JsonObject counts;
  counts.number("commands", stats.commands)
      .number("turns", stats.turns)
      .number("activities", stats.activities)
      .number("commits", stats.commits)
      .number("rescues", stats.rescues)
      .number("instances_in_memory", stats.instances)
      .number("memory_bytes", stats.memory_bytes)
      .number("turns_waiting", stats.dispatch.turns_waiting)
      .number("turns_leased", stats.dispatch.turns_leased)
      .number("activities_waiting", stats.dispatch.activities_waiting)
      .number("activities_leased", stats.dispatch.activities_leased)
      .number("workers", stats.dispatch.workers);
  call->answer.send(
      json_response(200, JsonObject()
                             .text("version", call->site->options.version)
                             .text("hub", call->permit.hub())
                             .raw("now", json_text(show_moment(call->site->clock.now())))
                             .raw("stats", counts.finish())
                             .finish()));
  return {};
}

}  // namespace perdure::transport::http::v1

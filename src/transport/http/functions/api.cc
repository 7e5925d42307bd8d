// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/functions/api.h"

#include "transport/http/failures.h"
#include "transport/http/functions/links.h"
#include "transport/http/functions/payloads.h"
#include "transport/http/json.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

using access::Action;

struct Entry {
  Method method;
  const char* pattern;  // below the base
  Action action;
  base::Result<> (*handler)(const CallHandle&);
};

constexpr Entry kEntries[] = {
    {Method::kPost, "/orchestrators/{function}", Action::kOperate, start},
    {Method::kPost, "/orchestrators/{function}/{id}", Action::kOperate, start},
    {Method::kGet, "/instances", Action::kRead, list},
    {Method::kDelete, "/instances", Action::kAdminister, purge_where},
    {Method::kGet, "/instances/{id}", Action::kRead, status},
    {Method::kDelete, "/instances/{id}", Action::kAdminister, purge},
    {Method::kPost, "/instances/{id}/raiseEvent/{event}", Action::kOperate, raise},
    {Method::kPost, "/instances/{id}/terminate", Action::kOperate, terminate},
    {Method::kPost, "/instances/{id}/suspend", Action::kOperate, suspend},
    {Method::kPost, "/instances/{id}/resume", Action::kOperate, resume},
    {Method::kPost, "/instances/{id}/rewind", Action::kOperate, rewind},
    {Method::kPost, "/instances/{id}/restart", Action::kOperate, restart},
    {Method::kGet, "/entities", Action::kRead, entities},
    {Method::kGet, "/entities/{name}", Action::kRead, entities},
    {Method::kGet, "/entities/{name}/{key}", Action::kRead, entity},
    {Method::kPost, "/entities/{name}/{key}", Action::kOperate, signal_entity},
    {Method::kDelete, "/entities/{name}/{key}", Action::kOperate, delete_entity},
    {Method::kPost, "/makeprimary", Action::kAdminister, make_primary},
};

/// A key comes as `code`, or in a header of Azure's or of everybody's.
std::string authorization_of(const Request& request) {
  if (const auto header = request.header("Authorization"); !header.empty()) {
    return std::string(header);
  }
  std::string_view key = request.target.query.get("code");
  if (key.empty()) key = request.header("x-functions-key");
  return key.empty() ? std::string() : "Bearer " + std::string(key);
}

void serve(const std::shared_ptr<Site>& site, const Entry& entry, Request request,
           const Answer& answer) {
  std::string hub(request.target.query.get("taskHub"));
  if (hub.empty()) hub = site->options.default_hub;
  std::string authorization = authorization_of(request);
  auto permit = site->guard.admit({.authorization = authorization, .identity = request.identity},
                                  entry.action, hub);
  if (!permit) return answer.send(failure(permit.error()));
  const auto call = std::make_shared<const Call>(
      Call{site, std::move(request), answer, std::move(authorization), *std::move(permit)});
  if (const auto done = entry.handler(call); !done) answer.send(failure(done.error()));
}

}  // namespace

void add_routes(Router& router, const std::shared_ptr<Site>& site) {
  for (const std::string_view base : {kPublicBase, kPrivateBase}) {
    for (const Entry& entry : kEntries) {
      router.add({.method = entry.method,
                  .pattern = std::string(base) + entry.pattern,
                  .handler =
                      [site, &entry](Request request, const Answer& answer) {
                        serve(site, entry, std::move(request), answer);
                      },
                  .letters = Letters::kAnyCase});
    }
  }
}

Response failure(const base::Error& error) {
  Response response =
      with_json(status_of(error.code),
                error_body(error.message, base::error_name(error.code), error.message));
  for (auto& header : failure_headers(error.code)) response.headers.push_back(std::move(header));
  return response;
}

Response bare(unsigned status) { return {.status = status, .headers = {}, .body = {}}; }

Response with_json(unsigned status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(kJsonType)}},
          .body = std::move(body)};
}

std::string_view path_of(const Call& call) {
  const bool is_private = same_letters(call.request.target.segments.front(), "durabletask");
  return is_private ? kPrivateBase : kPublicBase;
}

bool flag(const Query& query, std::string_view name, bool otherwise) {
  const std::string_view value = query.get(name);
  if (same_letters(value, "true")) return true;
  if (same_letters(value, "false")) return false;
  return otherwise;
}

Response check_status(const Call& call, std::string_view id) {
  Response response = with_json(202, check_status_body(call, path_of(call), id));
  response.headers.emplace_back("Location", status_link(call, path_of(call), id));
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

base::Result<> make_primary(const CallHandle& call) {
  call->answer.send(bare(200));  // every node serves: there is no primary to become
  return {};
}

}  // namespace perdure::transport::http::functions

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/service.h"

#include <algorithm>

#include "transport/http/description.h"
#include "transport/http/failures.h"
#include "transport/http/functions/api.h"
#include "transport/http/json.h"
#include "transport/http/text.h"
#include "transport/http/v1/api.h"

namespace perdure::transport::http {
namespace {

Response plain(unsigned status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

void add_own_routes(Router& router, const std::shared_ptr<Site>& site) {
  router.add({.method = Method::kGet,
              .pattern = "/healthz",
              .handler = [](const Request&, const Answer& answer) {
                answer.send(plain(200, "alive\n"));
              }});
  router.add({.method = Method::kGet,
              .pattern = "/readyz",
              .handler = [site](const Request&, const Answer& answer) {
                const bool ready = !site->options.ready || site->options.ready();
                answer.send(ready ? plain(200, "ready\n") : plain(503, "not ready\n"));
              }});
  router.add({.method = Method::kGet,
              .pattern = "/api/openapi.yaml",
              .handler = [](const Request&, const Answer& answer) {
                answer.send({.status = 200,
                             .headers = {{"Content-Type", "application/yaml; charset=utf-8"}},
                             .body = description()});
              }});
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

/// "http://host:port" is of the same origin as what calls itself host:port.
bool is_same_origin(std::string_view origin, std::string_view host) {
  const std::size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && same_letters(origin.substr(scheme + 3), host);
}

bool is_ours(const SiteOptions& options, std::string_view host) {
  return options.host_names.empty() ||
         std::ranges::any_of(options.host_names, [&](const std::string& name) {
           return same_letters(name, without_port(host));
         });
}

void serve_checked(const Site& site, const Router& router, Request request, const Answer& answer) {
  const std::string_view host = request.header("Host");
  if (!is_ours(site.options, host)) {
    return answer.send(refusal(421, "PERMISSION_DENIED", "this server does not go by that name"));
  }
  // A browser says whose page it is that asks. What only reads is kept from that page by the
  // browser; what changes something would have changed it.
  const std::string_view origin = request.header("Origin");
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  if (!reads && !origin.empty() && !is_same_origin(origin, host)) {
    return answer.send(
        refusal(403, "PERMISSION_DENIED", "a page of another origin may not ask for this"));
  }
  router.serve(std::move(request), answer);
}

}  // namespace

Service::Service(hub::Hubs& hubs, const access::Guard& guard, const runtime::Clock& clock,
                 SiteOptions options)
    : site_(std::make_shared<Site>(hubs, guard, clock, std::move(options))), router_([this] {
        auto router = std::make_shared<Router>();
        add_own_routes(*router, site_);
        v1::add_routes(*router, site_);
        functions::add_routes(*router, site_);
        return router;
      }()) {}

void Service::serve(Request request, const Answer& answer) const {
  serve_checked(*site_, *router_, std::move(request), answer);
}

Handler Service::handler() const {
  return [site = site_, router = router_](Request request, const Answer& answer) {
    serve_checked(*site, *router, std::move(request), answer);
  };
}

}  // namespace perdure::transport::http

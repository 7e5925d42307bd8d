// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/http_transport.h"

#include <algorithm>
#include <utility>

#include "perdure/version.h"
#include "transport/http/listener.h"
#include "transport/http/service.h"

namespace perdure::server {
namespace {

namespace http = transport::http;

/// Of the memory budget, for bodies that arrive or are under way.
constexpr std::uint64_t kMemoryShare = 4;

http::ListenerOptions listener_options(const Options& options) {
  http::ListenerOptions made;
  made.address = options.http.host;
  made.port = options.http.port;
  made.certificate_file = options.tls_certificate;
  made.key_file = options.tls_key;
  made.client_ca_file = options.tls_client_ca;
  made.limits.connections_max = static_cast<std::size_t>(options.connections_max);
  made.limits.connections_per_address_max =
      static_cast<std::size_t>(options.connections_per_address_max);
  made.limits.body_bytes_max = static_cast<std::size_t>(options.message_bytes_max);
  made.limits.bodies_bytes_max = static_cast<std::size_t>(
      std::max(options.memory_bytes / kMemoryShare, options.message_bytes_max));
  return made;
}

http::SiteOptions site_options(const Options& options,
                               const std::shared_ptr<std::atomic<bool>>& ready) {
  http::SiteOptions made;
  made.default_hub = options.hub;
  made.version = kVersion;
  made.ready = [ready] { return ready->load(std::memory_order_relaxed); };
  // Without credentials only loopback is served; a page in a browser of this machine must not get
  // there by a name of its own that points here.
  if (!options.knows_callers()) made.host_names = {"localhost", "127.0.0.1", "[::1]"};
  return made;
}

}  // namespace

HttpTransport::HttpTransport(const Platform& platform)
    : platform_(platform), ready_(std::make_shared<std::atomic<bool>>(true)) {}

HttpTransport::~HttpTransport() = default;

base::Result<Address> HttpTransport::start() {
  const http::Service service(platform_.hubs, platform_.guard, platform_.engine.clock(),
                              site_options(platform_.options, ready_));
  PERDURE_ASSIGN_OR_RETURN(
      listener_, http::Listener::open(listener_options(platform_.options), service.handler(),
                                      platform_.engine.clock()));
  return Address{.host = platform_.options.http.host, .port = listener_->port()};
}

void HttpTransport::announce_end() { ready_->store(false, std::memory_order_relaxed); }

void HttpTransport::close(base::Duration patience) {
  if (listener_ == nullptr) return;
  listener_->drain(patience);
  listener_.reset();
}

}  // namespace perdure::server

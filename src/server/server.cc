// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "access/certificate.h"
#include "server/transports.h"
#include "store/folder.h"

namespace perdure::server {
namespace {

/// Threads for what reads many rows.
constexpr std::size_t kReaders = 4;

engine::EngineOptions engine_options(const Options& options, const Log& log) {
  engine::EngineOptions made;
  made.executors = static_cast<std::uint32_t>(options.executors);
  made.memory_bytes = static_cast<std::size_t>(options.memory_bytes);
  made.attempts_max = static_cast<model::Attempt>(options.attempts_max);
  made.on_damage = [&log](const base::Error& error) {
    log.error(fmt::format("{}: {}", base::error_name(error.code), error.message));
  };
  return made;
}

base::Result<access::Guard> make_guard(const Options& options, const runtime::Clock& clock) {
  if (!options.knows_callers()) return access::Guard::open_to_all(options.hub);
  return access::Guard::open({.default_hub = options.hub,
                              .keys_file = options.keys_file,
                              .jwks_file = options.jwks_file,
                              .jwks_url = options.jwks_url,
                              .issuer = options.jwt_issuer,
                              .audience = options.jwt_audience,
                              .scopes_claim = options.jwt_scopes_claim},
                             clock);
}

}  // namespace

Server::Server(const Options& options, std::unique_ptr<engine::Engine> engine, access::Guard guard,
               const Log& log)
    : options_(options),
      log_(log),
      engine_(std::move(engine)),
      guard_(std::move(guard)),
      hubs_(*engine_, kReaders) {}

Server::~Server() { close_transports(); }

base::Result<std::unique_ptr<Server>> Server::start(const Options& options,
                                                    const runtime::Clock& clock, const Log& log) {
  // Cheap mistakes are told before the store is touched.
  if (options.has_tls()) {
    PERDURE_RETURN_IF_ERROR(
        access::check_certificate(options.tls_certificate, options.tls_key, clock.now()));
  }
  if (!options.tls_client_ca.empty()) {
    PERDURE_RETURN_IF_ERROR(access::check_authorities(options.tls_client_ca));
  }
  PERDURE_ASSIGN_OR_RETURN(access::Guard guard, make_guard(options, clock));
  PERDURE_ASSIGN_OR_RETURN(auto store, store::open_folder(options.data));
  PERDURE_ASSIGN_OR_RETURN(
      auto engine, engine::Engine::open(engine_options(options, log), std::move(store), clock));
  engine->start_threads();
  std::unique_ptr<Server> server(new Server(options, std::move(engine), std::move(guard), log));
  if (!options.jwks_url.empty()) {
    server->token_keys_ = std::make_unique<TokenKeys>(options.jwks_url, server->guard_, clock, log);
    server->token_keys_->begin();
  }
  PERDURE_ASSIGN_OR_RETURN(server->builtin_, Builtin::start(*server->engine_, options.http_allow));
  PERDURE_RETURN_IF_ERROR(server->listen());
  return server;
}

base::Result<> Server::listen() {
  transports_ = make_transports(
      {.options = options_, .engine = *engine_, .hubs = hubs_, .guard = guard_, .log = log_});
  for (const auto& transport : transports_) {
    PERDURE_ASSIGN_OR_RETURN(Address address, transport->start());
    endpoints_.push_back({std::string(transport->name()), std::move(address)});
  }
  return {};
}

base::Result<> Server::reload() {
  if (token_keys_) token_keys_->ask_at_once();
  return guard_.reload();
}

base::Result<access::Reloaded> Server::reload_if_changed() { return guard_.reload_if_changed(); }

base::Result<> Server::drain() {
  if (token_keys_) token_keys_->end();
  for (const auto& transport : transports_) transport->announce_end();
  const auto stopped =
      engine_->stop(base::seconds(static_cast<std::int64_t>(options_.drain_seconds)));
  close_transports();
  return stopped;
}

void Server::close_transports() {
  for (const auto& transport : transports_) transport->close(kCloseMax);
  transports_.clear();
}

}  // namespace perdure::server

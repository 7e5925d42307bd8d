// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/builtin.h"

#include <optional>
#include <utility>

#include "embedded/engine_port.h"
#include "perdure/http.h"
#include "perdure/registry.h"
#include "worker/pool.h"
#include "worker/worker.h"

namespace perdure::server {
namespace {

constexpr std::size_t kTurnThreads = 1;
constexpr std::size_t kTurnsMax = 64;
constexpr std::size_t kHeldMax = 1000;

template <class Functions>
dispatch::Names names_of(const Functions& functions) {
  dispatch::Names names;
  names.emplace();
  for (const auto& [name, function] : functions) (*names)[name] = {};
  return names;
}

}  // namespace

struct Builtin::Impl {
  explicit Impl(engine::Engine& engine) : port(engine) {}

  Registry functions;
  embedded::EnginePort port;
  std::optional<worker::Worker> worker;
  std::optional<worker::Pool> pool;
};

Builtin::Builtin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

base::Result<std::unique_ptr<Builtin>> Builtin::start(
    engine::Engine& engine, const std::vector<std::string>& http_allowed) {
  auto impl = std::make_unique<Impl>(engine);
  if (const auto added = register_http(impl->functions, {.allowed = http_allowed}); !added) {
    return base::fail(base::ErrorCode::kInvalidArgument, added.error().message());
  }
  impl->worker.emplace(impl->port, impl->functions,
                       worker::WorkerSettings{.held_max = kHeldMax, .log = {}});
  impl->port.attach(*impl->worker, {.turns_max = kTurnsMax,
                                    .activities_max = kHttpThreads,
                                    .orchestrations = names_of(impl->functions.orchestrations()),
                                    .entities = names_of(impl->functions.entities()),
                                    .activities = names_of(impl->functions.activities())});
  impl->pool.emplace(impl->port, *impl->worker, kTurnThreads, kHttpThreads);
  return std::unique_ptr<Builtin>(new Builtin(std::move(impl)));
}

Builtin::~Builtin() {
  impl_->worker->cancel_all();
  impl_->pool->stop();
}

}  // namespace perdure::server

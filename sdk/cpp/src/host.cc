// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/host.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "convert.h"
#include "embedded/backend.h"
#include "embedded/engine_port.h"
#include "embedded/stats.h"
#include "engine/engine.h"
#include "runtime/clock.h"
#include "runtime/entropy.h"
#include "store/folder.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"
#include "worker/known.h"
#include "worker/pool.h"
#include "worker/worker.h"

namespace perdure {
namespace {

constexpr std::size_t kActivityThreadsMin = 4;
/// Turns that the threads take ahead of running them.
constexpr std::size_t kTurnLeasesPerThread = 64;

void log_to_stderr(std::string_view instance, std::string_view line) {
  std::fprintf(stderr, "[%.*s] %.*s\n", static_cast<int>(instance.size()), instance.data(),
               static_cast<int>(line.size()), line.data());
}

base::Result<std::unique_ptr<store::Store>> open_store(const std::string& folder) {
  if (!folder.empty()) return store::open_folder(folder);
  return store::Store::open({},
                            std::make_unique<store::log::memory::MemoryLog>(
                                std::make_shared<store::log::memory::LogDisk>()),
                            std::make_unique<store::table::memory::MemoryTable>(
                                std::make_shared<store::table::memory::TableDisk>()));
}

}  // namespace

struct Host::Impl {
  explicit Impl(HostOptions host_options) : options(std::move(host_options)) {}

  HostOptions options;
  Registry functions;
  runtime::SystemClock clock;
  std::unique_ptr<engine::Engine> engine;
  std::optional<embedded::EnginePort> port;
  std::optional<worker::Worker> worker;
  std::optional<worker::Pool> pool;
  std::shared_ptr<embedded::Backend> backend;

  [[nodiscard]] bool has_workers() const {
    return options.turn_threads() > 0 || options.activity_threads() > 0;
  }
  [[nodiscard]] std::size_t activity_threads() const {
    if (options.activity_threads() != HostOptions::kDefaultThreads) {
      return options.activity_threads();
    }
    return std::max(kActivityThreadsMin, std::size_t{2} * runtime::processor_count());
  }
  void start_workers();
};

void Host::Impl::start_workers() {
  if (!has_workers()) return;
  port.emplace(*engine);
  worker.emplace(*port, functions,
                 worker::WorkerSettings{.held_max = options.held_orchestrations(),
                                        .log = options.log() ? options.log() : log_to_stderr});
  port->attach(*worker, {.turns_max = options.turn_threads() * kTurnLeasesPerThread,
                         .activities_max = activity_threads()});
  pool.emplace(*port, *worker, options.turn_threads(), activity_threads());
}

Host::Host(HostOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Host::~Host() { stop(); }

Registry& Host::registry() { return impl_->functions; }

Result<Client> Host::start() {
  Impl& self = *impl_;
  if (self.engine) {
    return Error(ErrorCode::kFailedPrecondition, "the host is started already");
  }
  auto store = open_store(self.options.folder());
  if (!store) return internal::to_public(store.error());
  engine::EngineOptions options;
  options.memory_bytes = self.options.memory_budget_bytes();
  if (self.options.on_fatal()) {
    options.on_fatal = [handler = self.options.on_fatal()](const base::Error& error) {
      handler(internal::to_public(error).what());
    };
  }
  auto engine = engine::Engine::open(std::move(options), *std::move(store), self.clock);
  if (!engine) return internal::to_public(engine.error());
  self.engine = *std::move(engine);
  self.engine->start_threads();
  self.start_workers();
  embedded::BackendSettings settings{
      .hub = self.options.hub(),
      .drive = [](embedded::Pending& pending,
                  base::Duration span) { return pending.wait_for(span); },
      .fresh_id = runtime::random_id,
      .known = {},
      .known_entity = {}};
  if (self.has_workers()) {
    settings.known = [functions = &self.functions](const std::string& name) {
      return worker::check_known(*functions, name);
    };
    settings.known_entity = [functions = &self.functions](const EntityId& entity) {
      return worker::check_known_entity(*functions, entity);
    };
  }
  self.backend = std::make_shared<embedded::Backend>(*self.engine, std::move(settings));
  return Client(self.backend);
}

void Host::stop(std::chrono::milliseconds patience) {
  Impl& self = *impl_;
  if (!self.engine) return;
  if (self.worker) {
    // No new work; what runs may end by itself, and is asked to when the time is over.
    dispatch::Dispatcher& dispatcher = self.engine->dispatcher();
    self.pool->let_end();
    dispatcher.close();
    if (!dispatcher.wait_until_returned(base::milliseconds(patience.count()))) {
      self.worker->cancel_all();
    }
    self.pool.reset();  // joins: there is no way to stop a thread
    self.port.reset();  // returns the leases that are left
    self.worker.reset();
  }
  const auto stopped = self.engine->stop({});
  if (!stopped) {
    std::fprintf(stderr, "perdure: %s\n", stopped.error().message.c_str());
  }
  if (self.backend) self.backend->detach();
  self.engine.reset();
}

HostStats Host::stats() const {
  const Impl& self = *impl_;
  if (!self.engine) return {};
  return embedded::to_public(self.engine->stats(), self.worker ? self.worker->replays() : 0);
}

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/test_host.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/check.h"
#include "convert.h"
#include "embedded/backend.h"
#include "embedded/engine_port.h"
#include "embedded/stats.h"
#include "engine/engine.h"
#include "runtime/clock.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"
#include "worker/known.h"
#include "worker/worker.h"

namespace perdure {
namespace {

constexpr base::Timestamp kBeginning{1'735'689'600'000'000};  // 2025-01-01T00:00:00Z
constexpr std::size_t kItemsAtOnce = 64;
/// A test that does more between two moments of its virtual time never ends.
constexpr std::uint64_t kItemsPerMomentMax = 10'000'000;

}  // namespace

struct TestHost::Impl {
  Registry functions;
  runtime::ManualClock clock{kBeginning};
  std::shared_ptr<store::log::memory::LogDisk> log =
      std::make_shared<store::log::memory::LogDisk>();
  std::shared_ptr<store::table::memory::TableDisk> table =
      std::make_shared<store::table::memory::TableDisk>();
  std::unique_ptr<engine::Engine> engine;
  std::optional<embedded::EnginePort> port;
  std::optional<worker::Worker> worker;
  std::shared_ptr<embedded::Backend> backend;
  std::uint64_t ids = 0;

  ~Impl() {
    if (backend) backend->detach();
    close();
  }

  void open();
  void close() {
    port.reset();
    worker.reset();
    engine.reset();
  }
  void settle();
  bool drive(embedded::Pending& pending, base::Duration span);
};

void TestHost::Impl::open() {
  if (engine) return;
  auto store = store::Store::open({}, std::make_unique<store::log::memory::MemoryLog>(log),
                                  std::make_unique<store::table::memory::MemoryTable>(table));
  PERDURE_CHECK(store.has_value(), store ? std::string_view() : store.error().message);
  auto opened = engine::Engine::open({}, *std::move(store), clock);
  PERDURE_CHECK(opened.has_value(), opened ? std::string_view() : opened.error().message);
  engine = *std::move(opened);
  port.emplace(*engine);
  worker.emplace(*port, functions, worker::WorkerSettings{});
  port->attach(*worker, {.turns_max = kItemsAtOnce, .activities_max = 1});
}

/// Until nothing can happen without time passing.
void TestHost::Impl::settle() {
  for (std::uint64_t items = 0;;) {
    engine->run_until_idle();
    auto work = port->try_pull(kItemsAtOnce);
    if (work.empty()) return;
    items += work.size();
    PERDURE_CHECK(items <= kItemsPerMomentMax,
                  "the orchestrations of this test never come to rest");
    for (model::WorkItem& item : work) worker->run(std::move(item));
  }
}

bool TestHost::Impl::drive(embedded::Pending& pending, base::Duration span) {
  const base::Timestamp deadline = clock.now() + span;
  for (;;) {
    settle();
    if (pending.resolved()) return true;
    const base::Timestamp next = engine->next_timer();
    if (next == base::kEndOfTime) return false;  // nothing will ever happen by itself
    if (next > deadline) {
      clock.advance_to(deadline);
      settle();
      return pending.resolved();
    }
    clock.advance_to(next);
  }
}

TestHost::TestHost() : impl_(std::make_unique<Impl>()) {}
TestHost::~TestHost() = default;

Registry& TestHost::registry() { return impl_->functions; }

Client TestHost::client() {
  Impl& self = *impl_;
  self.open();
  if (!self.backend) {
    self.backend = std::make_shared<embedded::Backend>(
        *self.engine,
        embedded::BackendSettings{
            .hub = "default",
            .drive = [&self](embedded::Pending& pending,
                             base::Duration span) { return self.drive(pending, span); },
            .fresh_id = [&self] { return fmt::format("test-{}", ++self.ids); },
            .known =
                [&self](const std::string& name) {
                  return worker::check_known(self.functions, name);
                },
            .known_entity =
                [&self](const EntityId& entity) {
                  return worker::check_known_entity(self.functions, entity);
                }});
  }
  return Client(self.backend);
}

TimePoint TestHost::now() const { return internal::to_public(impl_->clock.now()); }

void TestHost::run() {
  impl_->open();
  impl_->settle();
}

void TestHost::advance(std::chrono::microseconds span) {
  Impl& self = *impl_;
  self.open();
  const base::Timestamp until = self.clock.now() + base::Duration{span.count()};
  for (;;) {
    self.settle();
    const base::Timestamp next = self.engine->next_timer();
    if (next > until) break;
    self.clock.advance_to(next);
  }
  self.clock.advance_to(until);
  self.settle();
}

void TestHost::restart() {
  Impl& self = *impl_;
  if (self.backend) self.backend->detach();
  self.close();
  self.log->crash(store::log::memory::Tail::kDropped);
  self.open();
  if (self.backend) self.backend->attach(*self.engine);
}

void TestHost::forget_held() {
  if (impl_->worker) impl_->worker->forget_held();
}

HostStats TestHost::stats() const {
  if (!impl_->engine) return {};
  return embedded::to_public(impl_->engine->stats(), impl_->worker->replays());
}

}  // namespace perdure

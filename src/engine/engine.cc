// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "engine/admission.h"
#include "engine/recovery.h"

namespace perdure::engine {

using base::ErrorCode;
using base::Result;

namespace {

void tell_damage(const base::Error& error) {
  fmt::print(stderr, "perdure: {}: {}\n", base::error_name(error.code), error.message);
}

}  // namespace

// ---- open, drive, stop --------------------------------------------------------------------------

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options,
                                             std::unique_ptr<store::Store> store,
                                             const runtime::Clock& clock) {
  const base::Timestamp begin = clock.monotonic();
  options.executors = std::clamp<std::uint32_t>(options.executors, 1, store->shard_count());
  PERDURE_ASSIGN_OR_RETURN(const std::vector<model::Epoch> epochs, store->acquire_all());
  auto engine =
      std::unique_ptr<Engine>(new Engine(std::move(options), std::move(store), clock, epochs));
  PERDURE_RETURN_IF_ERROR(restore(*engine->store_, engine->executors_));
  engine->recovery_time_ = clock.monotonic() - begin;
  return engine;
}

Engine::Engine(EngineOptions options, std::unique_ptr<store::Store> store,
               const runtime::Clock& clock, const std::vector<model::Epoch>& epochs)
    : options_(std::move(options)),
      clock_(clock),
      store_(std::move(store)),
      router_(store_->shard_count(), options_.executors, options_.commands_max),
      dispatcher_(router_),
      query_(*store_),
      committer_(*store_, clock_,
                 {.durable = [this] { router_.poke_all(); },
                  .failed = [this](const base::Error& error) { fail(error); }}) {
  for (std::uint32_t i = 0; i < options_.executors; ++i) {
    const ExecutorOptions its{
        .index = i,
        .instance_bytes_max = options_.memory_bytes / kIdleShare / options_.executors,
        .attempts_max = options_.attempts_max,
        .speculation_pause = options_.speculation_pause,
        .gather = options_.gather,
        .damaged = options_.on_damage ? options_.on_damage : tell_damage};
    executors_.push_back(
        std::make_unique<Executor>(its, epochs, *store_, dispatcher_, router_, clock_.monotonic()));
  }
}

Engine::~Engine() {
  accepting_ = false;
  dispatcher_.close();
  for (const auto& driver : drivers_) driver->abandon();
  committer_.stop();
  for (const auto& executor : executors_) executor->shut(unavailable());
}

void Engine::start_threads() {
  PERDURE_CHECK(drivers_.empty(), "the engine's threads are started twice");
  committer_.start_threads();
  drivers_running_ = executors_.size();
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    Driver::Listener listener{.failed = [this](const base::Error& error) { fail(error); },
                              .ended = [this, i] { driver_ended(i); }};
    drivers_.push_back(std::make_unique<Driver>(*executors_[i], committer_, clock_,
                                                kUnflushedBytesMax / executors_.size(),
                                                std::move(listener)));
  }
  for (const auto& driver : drivers_) driver->start();
}

Result<> Engine::stop(base::Duration grace) {
  accepting_ = false;
  dispatcher_.close();
  if (drivers_.empty()) {
    run_until_idle();
  } else {
    dispatcher_.wait_until_returned(grace);
    for (const auto& driver : drivers_) driver->finish();
    committer_.stop();
  }
  for (const auto& executor : executors_) executor->shut(unavailable());
  {
    const std::lock_guard lock(failure_mutex_);
    if (failed_) return std::unexpected(failure_);
  }
  PERDURE_RETURN_IF_ERROR(store_->flush());
  return store_->checkpoint();
}

Executor::Now Engine::now() const { return {clock_.now(), clock_.monotonic()}; }

bool Engine::step() {
  bool any = false;
  for (const auto& executor : executors_) {
    auto stepped = executor->step(now());
    if (!stepped) {
      fail(stepped.error());
      return false;
    }
    const bool released = executor->release();
    any = *stepped || released || any;
  }
  return any;
}

bool Engine::commit() {
  bool any = false;
  for (const auto& executor : executors_) {
    any = executor->wants_flush() || any;
    executor->flush_begins();
  }
  if (any && (!committer_.flush() || !committer_.checkpoint_if_due())) return false;
  if (!committer_.scrub_if_due()) return false;
  for (const auto& executor : executors_) any = executor->release() || any;
  return any;
}

void Engine::run_until_idle() {
  while (!failed()) {
    const bool stepped = step();
    const bool committed = commit();
    if (!stepped && !committed) return;
  }
}

base::Timestamp Engine::next_timer() const {
  base::Timestamp earliest = base::kEndOfTime;
  base::Timestamp gathered = base::kEndOfTime;
  for (const auto& executor : executors_) {
    earliest = std::min(earliest, executor->next_timer());
    gathered = std::min(gathered, executor->gathers_until());
  }
  if (gathered == base::kEndOfTime) return earliest;
  return std::min(earliest, clock_.now() + (gathered - clock_.monotonic()));
}

// ---- failure ------------------------------------------------------------------------------------

bool Engine::failed() const {
  const std::lock_guard lock(failure_mutex_);
  return failed_;
}

base::Error Engine::unavailable() const {
  const std::lock_guard lock(failure_mutex_);
  if (!failed_) {
    return {ErrorCode::kUnavailable, "the engine stops; try again when it was started anew"};
  }
  return {
      ErrorCode::kUnavailable,
      fmt::format("the engine stopped: {}; try again when it was started anew", failure_.message)};
}

void Engine::fail(const base::Error& error) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (std::exchange(failed_, true)) return;
    failure_ = error;
  }
  accepting_ = false;
  dispatcher_.close();
  committer_.fail(error);
  if (drivers_.empty()) {
    for (const auto& executor : executors_) executor->shut(unavailable());
    tell_fatal();
  } else {
    for (const auto& driver : drivers_) driver->order_abandon();
  }
}

void Engine::driver_ended(std::size_t index) {
  const bool is_last = drivers_running_.fetch_sub(1) == 1;
  if (!failed()) return;
  executors_[index]->shut(unavailable());
  if (is_last) tell_fatal();
}

void Engine::tell_fatal() {
  base::Error why = unavailable();
  {
    const std::lock_guard lock(failure_mutex_);
    if (failed_) why.code = failure_.code;  // what an operator reacts to: a full disk, a damage
  }
  if (options_.on_fatal) return options_.on_fatal(why);
  fmt::print(stderr, "perdure: {}: {}\n", base::error_name(why.code), why.message);
  std::_Exit(kExitStoreFailed);
}

// ---- clients ------------------------------------------------------------------------------------

std::size_t Engine::memory_used() const {
  std::size_t bytes = dispatcher_.queued_bytes() + router_.queued_bytes();
  for (const auto& executor : executors_) bytes += executor->counters().bytes.get();
  return bytes;
}

model::RequestId Engine::request(model::Command command, ReplyCallback reply) {
  auto admitted = admit(command, {memory_used(), options_.memory_bytes});
  if (admitted && !accepting_) admitted = std::unexpected(unavailable());
  if (!admitted) {
    reply(std::move(admitted).error());
    return model::kNoRequest;
  }
  const model::RequestId request{++last_request_};
  number(command, request);
  const std::size_t bytes = payload_bytes(command);
  Mail mail{.command = std::move(command), .reply = std::move(reply), .bytes = bytes};
  switch (router_.submit(std::move(mail))) {
    case runtime::Pushed::kYes: return request;
    case runtime::Pushed::kFull: mail.reply(mailbox_full(options_.commands_max)); break;
    case runtime::Pushed::kClosed: mail.reply(unavailable()); break;
  }
  return model::kNoRequest;
}

void Engine::cancel(model::InstanceKey key, model::RequestId request) {
  router_.post(model::CancelAwait{.request = request, .key = std::move(key)});
}

Result<> Engine::wait_durable(store::Position position) {
  if (!drivers_.empty()) return committer_.wait_durable(position);
  if (store_->durable() < position) commit();
  if (failed()) return std::unexpected(unavailable());
  return {};
}

Result<InstancePage> Engine::list(const InstanceFilter& filter, const PageRequest& request) {
  PERDURE_ASSIGN_OR_RETURN(InstancePage page, query_.list(filter, request));
  PERDURE_RETURN_IF_ERROR(wait_durable(store_->staged()));
  return page;
}

Result<HistoryPage> Engine::history(const model::InstanceKey& key, model::EventNumber from,
                                    std::size_t bytes_max) {
  PERDURE_ASSIGN_OR_RETURN(HistoryPage page, query_.history(key, from, bytes_max));
  PERDURE_RETURN_IF_ERROR(wait_durable(store_->staged()));
  return page;
}

Result<PurgePage> Engine::purge_where(InstanceFilter filter, const PageRequest& request) {
  filter.statuses.bits &= model::kEveryTerminal.bits;
  PERDURE_ASSIGN_OR_RETURN(InstancePage page, list(filter, request));
  PurgePage purge;
  purge.continuation = std::move(page.continuation);
  runtime::Mutex mutex;
  runtime::Condition answered;
  std::size_t left = page.instances.size();
  for (InstanceSummary& instance : page.instances) {
    this->request(model::PurgeInstance{.request = {}, .key = std::move(instance.key)},
                  [&](model::ReplyBody body) {
                    const std::lock_guard lock(mutex);
                    ++(std::holds_alternative<model::Done>(body) ? purge.purged : purge.skipped);
                    if (--left == 0) answered.notify_all();
                  });
  }
  if (drivers_.empty()) run_until_idle();
  runtime::Lock lock(mutex);
  answered.wait(lock, [&] { return left == 0; });
  return purge;
}

// ---- workers, operators -------------------------------------------------------------------------

Result<HistoryPage> Engine::read_history(const model::TurnToken& token, model::EventNumber from,
                                         std::size_t bytes_max) const {
  return query_.history_before(token, from, bytes_max);
}

EngineStats Engine::stats() const {
  EngineStats stats;
  for (const auto& executor : executors_) {
    const ExecutorCounters& counters = executor->counters();
    stats.commands += counters.commands.get();
    stats.turns += counters.turns.get();
    stats.activities += counters.activities.get();
    stats.steps += counters.steps.get();
    stats.loads += counters.loads.get();
    stats.speculated += counters.speculated.get();
    stats.rescues += counters.rescues.get();
    stats.corrupt += counters.corrupt.get();
    stats.held_back += counters.held_back.get();
    stats.instances += counters.instances.get();
    stats.recovering += executor->recovering();
  }
  stats.memory_bytes = memory_used();
  stats.recovery = recovery_time_;
  stats.commits_inline = committer_.flushes_inline();
  stats.dispatch = dispatcher_.stats();
  stats.store = store_->stats();
  stats.commits = stats.store.flushes;
  return stats;
}

}  // namespace perdure::engine

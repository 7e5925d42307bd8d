// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/driver.h"

#include <algorithm>
#include <utility>

namespace perdure::engine {

Driver::Driver(Executor& executor, Committer& committer, const runtime::Clock& clock,
               std::size_t unflushed_bytes_max, Listener listener)
    : executor_(executor),
      committer_(committer),
      clock_(clock),
      unflushed_bytes_max_(unflushed_bytes_max),
      listener_(std::move(listener)) {}

void Driver::start() {
  thread_ = runtime::Thread("perdure-exec", [this] { run(); });
}

void Driver::finish() {
  order_ = Order::kFinish;
  executor_.mailbox().poke();
  thread_.join();
}

void Driver::order_abandon() {
  order_ = Order::kAbandon;
  executor_.mailbox().poke();
}

void Driver::abandon() {
  order_abandon();
  thread_.join();
}

void Driver::run() {
  base::Result<> done = loop();
  if (done && order_ == Order::kFinish) done = drain();
  if (!done) listener_.failed(done.error());
  listener_.ended();
}

base::Result<> Driver::loop() {
  while (order_ == Order::kRun) {
    if (executor_.unflushed_bytes() < unflushed_bytes_max_) {
      const auto stepped = executor_.step({clock_.now(), clock_.monotonic()});
      if (!stepped) return std::unexpected(stepped.error());
    }
    executor_.release();
    if (commit()) continue;
    if (executor_.has_backlog() && executor_.unflushed_bytes() < unflushed_bytes_max_) continue;
    sleep();
  }
  return {};
}

bool Driver::commit() {
  if (!executor_.wants_flush()) return false;
  if (executor_.holds_flush(clock_.monotonic())) return false;
  executor_.flush_begins();
  const bool is_idle = !executor_.has_backlog() && !executor_.mailbox().ready();
  if (is_idle && committer_.try_flush()) {
    executor_.release();
    return true;
  }
  committer_.request();
  return false;
}

void Driver::sleep() {
  const base::Timestamp now = clock_.monotonic();
  base::Duration span = std::min(kSleepMax, executor_.next_upkeep() - now);
  span = std::min(span, executor_.next_timer() - clock_.now());
  if (executor_.wants_flush()) span = std::min(span, executor_.held_until() - now);
  executor_.mailbox().wait_for(span);
}

base::Result<> Driver::drain() {
  for (;;) {
    PERDURE_ASSIGN_OR_RETURN(const bool stepped,
                             executor_.step({clock_.now(), clock_.monotonic()}));
    if (executor_.wants_flush()) {
      executor_.flush_begins();
      PERDURE_RETURN_IF_ERROR(committer_.flush());
    }
    const bool released = executor_.release();
    // Timers, recovery and garbage go on after the restart.
    if (!stepped && !released) return {};
  }
}

}  // namespace perdure::engine

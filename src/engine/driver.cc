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
  const std::lock_guard until_helped(driving_);
}

void Driver::order_abandon() {
  order_ = Order::kAbandon;
  executor_.mailbox().poke();
}

void Driver::abandon() {
  order_abandon();
  thread_.join();
  const std::lock_guard until_helped(driving_);
}

void Driver::run() {
  base::Result<> done = loop();
  if (done && order_ == Order::kFinish) done = drain();
  if (!done) listener_.failed(done.error());
  listener_.ended();
}

base::Result<> Driver::loop() {
  while (order_ == Order::kRun) {
    {
      // Held as long as there is something to do: nobody helps whoever is busy.
      const std::lock_guard lock(driving_);
      if (!helped_) return helped_;
      for (bool again = true; again && order_ == Order::kRun;) {
        PERDURE_ASSIGN_OR_RETURN(again, round());
      }
    }
    sleep();
  }
  return {};
}

base::Result<bool> Driver::round() {
  if (executor_.unflushed_bytes() < unflushed_bytes_max_) {
    PERDURE_RETURN_IF_ERROR(executor_.step({clock_.now(), clock_.monotonic()}));
  }
  executor_.release();
  if (commit()) return true;
  return executor_.has_backlog() && executor_.unflushed_bytes() < unflushed_bytes_max_;
}

bool Driver::attend() {
  if (order_ != Order::kRun || !driving_.try_lock()) return false;
  // Once it was told to end, its own thread does the rest.
  if (order_ != Order::kRun || !helped_) {
    driving_.unlock();
    return false;
  }
  attended_at_ = executor_.counters().commands.get();
  executor_.mailbox().attend();
  return true;
}

void Driver::help() {
  base::Result<bool> again = true;
  for (int i = 0; again && (*again || executor_.mailbox().ready()) && i < kHelpRoundsMax; ++i) {
    again = round();
  }
  // Nobody waits for the commit of one answer whose turn is under way: who brings that turn back
  // commits both, or the executor's thread does when its sleep is over. An activity may take its
  // time: the thread is told then. Everything else that is left to do is for it at once.
  const bool is_own =
      executor_.counters().commands.get() - attended_at_ <= 1 && !executor_.has_speculated();
  const base::Duration span = rest(is_own ? Held::kIgnored : Held::kWaits);
  const bool wakes_late = clock_.monotonic() + span + kWakeSlack < wakes_at_;
  if (!again) helped_ = std::unexpected(again.error());
  const bool pokes = !again || *again || wakes_late;
  driving_.unlock();
  executor_.mailbox().leave();
  if (pokes) executor_.mailbox().poke();
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

base::Duration Driver::rest(Held held) const {
  const base::Timestamp now = clock_.monotonic();
  base::Duration span = std::min(kSleepMax, executor_.next_upkeep() - now);
  span = std::min(span, executor_.next_timer() - clock_.now());
  if (held == Held::kWaits && executor_.wants_flush()) {
    span = std::min(span, executor_.held_until() - now);
  }
  return span;
}

void Driver::sleep() {
  base::Duration span;
  {
    const std::lock_guard lock(driving_);
    span = rest(Held::kWaits);
    wakes_at_ = clock_.monotonic() + span;
  }
  executor_.mailbox().wait_for(span);
}

base::Result<> Driver::drain() {
  const std::lock_guard lock(driving_);
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

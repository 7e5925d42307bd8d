// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The thread of one executor: steps, commits, releases, and sleeps when there is nothing to do.
//
// While it sleeps, another thread may take its place for a moment: one that is about to hand in the
// answer to its item, and would only wait for what comes of it (`attend`, `help`). So with little
// to do, a chain of steps runs on one thread, and nobody is woken. Whoever drives holds a mutex:
// there is one driver at a time.
//
// When to commit. What is staged waits while turns and speculative activities are out that were
// handed their inputs before those were durable: they come back within microseconds, and then an
// activity's result and the turn that consumed it share one commit, or a whole chain does. After
// kHoldMax the commit goes ahead without them.
// Where to commit. With nothing else to do, here; else on the committer's thread, and the next
// group is built meanwhile.
#pragma once

#include <atomic>
#include <functional>

#include "base/result.h"
#include "engine/committer.h"
#include "engine/executor.h"
#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"

namespace perdure::engine {

/// An executor that is so far ahead of the disk waits for it.
inline constexpr std::size_t kUnflushedBytesMax = std::size_t{64} << 20;
/// Nothing sleeps longer than this; timers are found by it after the wall clock jumped.
inline constexpr base::Duration kSleepMax = base::seconds(1);
/// So often whoever helps goes on; then there is enough to do for the executor's own thread.
inline constexpr int kHelpRoundsMax = 4;
/// What is due this much before the thread wakes by itself is left to it.
inline constexpr base::Duration kWakeSlack = base::microseconds(100);

class Driver final {
 public:
  struct Listener {
    std::function<void(const base::Error&)> failed;  // the executor can not go on
    std::function<void()> ended;                     // the last thing its thread does
  };
  /// Everything borrowed outlives it.
  Driver(Executor& executor, Committer& committer, const runtime::Clock& clock,
         std::size_t unflushed_bytes_max, Listener listener);
  ~Driver() { abandon(); }

  void start();
  /// Carries out what is in the mailbox, commits and releases it, and joins the thread.
  void finish();
  /// The same in two parts, from any thread: the thread ends as it is; then it is joined.
  void order_abandon();
  void abandon();

  // ---- any other thread ----
  /// True: this thread drives until it calls `help`. What it posts meanwhile wakes nobody. False:
  /// somebody drives already.
  bool attend();
  /// Carries out what was posted, commits and releases it, and gives the place free. REQUIRES: this
  /// thread attends.
  void help();

 private:
  void run();
  base::Result<> loop();
  base::Result<> drain();

  // With `driving_` held.
  /// False: it did all there is to do for now.
  base::Result<bool> round();
  bool commit();
  /// How long it may sleep if nothing comes. `held`: what is staged waits for a turn (or not: then
  /// it is nobody's concern here).
  enum class Held : std::uint8_t { kWaits, kIgnored };
  [[nodiscard]] base::Duration rest(Held held) const;

  void sleep();

  Executor& executor_;
  Committer& committer_;
  const runtime::Clock& clock_;
  const std::size_t unflushed_bytes_max_;
  const Listener listener_;
  enum class Order : std::uint8_t { kRun, kFinish, kAbandon };
  std::atomic<Order> order_ = Order::kRun;
  runtime::Mutex driving_;
  base::Timestamp wakes_at_;       // driving_: when the thread ends its sleep by itself
  base::Result<> helped_;          // driving_: how a helper failed
  std::uint64_t attended_at_ = 0;  // driving_: commands carried out when the helper came
  runtime::Thread thread_;
};

}  // namespace perdure::engine

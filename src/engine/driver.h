// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The thread of one executor: steps, commits, releases, and sleeps when there is nothing to do.
//
// When to commit. What is staged waits while turns are out that were handed their inputs before
// those were durable: they come back within microseconds, and then an activity's result and the
// turn that consumed it share one commit. After kTurnHoldMax the commit goes ahead without them.
// Where to commit. With nothing else to do, here; else on the committer's thread, and the next
// group is built meanwhile.
#pragma once

#include <atomic>
#include <functional>

#include "base/result.h"
#include "engine/committer.h"
#include "engine/executor.h"
#include "runtime/clock.h"
#include "runtime/thread.h"

namespace perdure::engine {

/// An executor that is so far ahead of the disk waits for it.
inline constexpr std::size_t kUnflushedBytesMax = std::size_t{64} << 20;
/// Nothing sleeps longer than this; timers are found by it after the wall clock jumped.
inline constexpr base::Duration kSleepMax = base::seconds(1);

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

 private:
  void run();
  base::Result<> loop();
  base::Result<> drain();
  /// False: it did all there is to do for now.
  bool commit();
  void sleep();

  Executor& executor_;
  Committer& committer_;
  const runtime::Clock& clock_;
  const std::size_t unflushed_bytes_max_;
  const Listener listener_;
  enum class Order : std::uint8_t { kRun, kFinish, kAbandon };
  std::atomic<Order> order_ = Order::kRun;
  runtime::Thread thread_;
};

}  // namespace perdure::engine

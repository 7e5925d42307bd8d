// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Decides on which thread the disk works. An executor with nothing else to do flushes by itself,
// which saves two wake-ups; one that has more to do asks the committer's thread and goes on
// building the next group meanwhile. A second thread folds the log into the table when that is due,
// so that no commit waits for it. In between, that thread scrubs: slowly, it reads the table's
// files and verifies them, so that damage is found before the copies that could mend it are gone.
//
// Thread-safe. The first error of the store is the last thing that happens: `failed` is told once,
// and everybody who waits stops waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "store/store.h"

namespace perdure::engine {

/// The scrub: when it begins, how fast it reads, and how often at most it begins anew. A file is
/// read in one go, and the pause behind it makes up for that.
inline constexpr base::Duration kScrubBegin = base::seconds(60);
inline constexpr std::uint64_t kScrubBytesPerSecond = std::uint64_t{4} << 20;
inline constexpr base::Duration kScrubPauseMin = base::seconds(1);
inline constexpr base::Duration kScrubRoundPause = base::seconds(3600);

class Committer final {
 public:
  struct Listener {
    /// More is durable than before. On the thread that flushed.
    std::function<void()> durable;
    std::function<void(const base::Error&)> failed;
  };
  /// The store and the clock outlive it.
  Committer(store::Store& store, const runtime::Clock& clock, Listener listener);
  ~Committer() { stop(); }

  void start_threads();
  /// Joins them. What is staged stays staged.
  void stop();

  /// Flushes on this thread, unless another one is at it: false, and nothing happened.
  bool try_flush();
  /// Flushes on this thread, after any other.
  base::Result<> flush();
  /// Asks the committer's thread to flush everything staged until now.
  void request();
  /// On this thread, if it is due.
  base::Result<> checkpoint_if_due();
  /// The same for one file of the scrub. One thread at a time.
  base::Result<> scrub_if_due();

  /// Waits until the position is durable: somebody else must flush. Fails when the store did.
  base::Result<> wait_durable(store::Position position);

  /// Nothing more will become durable: everybody who waits is told.
  void fail(const base::Error& error);

  [[nodiscard]] std::uint64_t flushes_inline() const {
    return flushes_inline_.load(std::memory_order_relaxed);
  }

 private:
  base::Result<> flush_locked();
  void commit_loop();
  void checkpoint_loop();

  store::Store& store_;
  const runtime::Clock& clock_;
  const Listener listener_;
  runtime::Mutex flushing_;

  runtime::Mutex mutex_;
  runtime::Condition changed_;
  bool failed_ = false;
  base::Error error_;

  base::Timestamp scrub_at_;  // of the thread that scrubs
  std::string scrubbed_;      // the last file of this round

  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> flushes_inline_ = 0;
  runtime::Signal commit_asked_;
  runtime::Signal checkpoint_asked_;
  runtime::Thread commit_thread_;
  runtime::Thread checkpoint_thread_;
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The threads of a worker. Turns and activities have threads of their own: an activity
// may block for hours, and no orchestration waits for it because of that. A thread for activities
// also runs the turn that its last activity led to, if it is there already: so a chain stays on one
// thread. However many threads there are, no more turns run at a time than there are threads for
// them.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "worker/port.h"
#include "worker/worker.h"

namespace perdure::worker {

/// How many turns run at a time, on whatever threads.
class TurnPlaces final {
 public:
  explicit TurnPlaces(std::size_t count) : free_(count) {}

  bool try_take() {
    const runtime::Lock lock(mutex_);
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void take() {
    runtime::Lock lock(mutex_);
    given_.wait(lock, [this] { return free_ > 0; });
    --free_;
  }
  void give() {
    {
      const runtime::Lock lock(mutex_);
      ++free_;
    }
    given_.notify_one();
  }

 private:
  runtime::Mutex mutex_;
  runtime::Condition given_;
  std::size_t free_;
};

class Pool final {
 public:
  /// Both outlive the pool.
  Pool(Port& port, Worker& worker, std::size_t turn_threads, std::size_t activity_threads);
  /// As `stop`.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A thread ends when it comes back from what it does.
  void let_end() { stopping_.store(true, std::memory_order_relaxed); }
  /// Takes no further work and joins the threads: when what runs has ended, and what was pulled
  /// with it. REQUIRES: the port hands out nothing any more.
  void stop();

 private:
  void run_turns();
  void run_activities();

  Port& port_;
  Worker& worker_;
  TurnPlaces turn_places_;
  std::atomic<bool> stopping_ = false;
  std::vector<runtime::Thread> threads_;
};

}  // namespace perdure::worker

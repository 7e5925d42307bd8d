// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The threads of a worker. Turns and activities have threads of their own: an activity
// may block for hours, and no orchestration waits for it because of that.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "runtime/thread.h"
#include "worker/port.h"
#include "worker/worker.h"

namespace perdure::worker {

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
  void work(Kind kind, std::size_t batch);

  Port& port_;
  Worker& worker_;
  std::atomic<bool> stopping_ = false;
  std::vector<runtime::Thread> threads_;
};

}  // namespace perdure::worker

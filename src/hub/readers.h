// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A few threads for what may not run on a thread of the engine or of a transport: it reads many
// rows, or waits for answers of the engine. Work waits in one bounded queue.
//
// Thread-safe. Owned by Hubs; its end waits for the work under way and drops what has not begun.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "runtime/monitor.h"
#include "runtime/thread.h"

namespace perdure::hub {

class Readers final {
 public:
  using Work = std::move_only_function<void()>;

  /// 0 threads: work runs at once, on the thread that brings it.
  Readers(std::size_t threads, std::size_t waiting_max);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// False, with `work` dropped: the queue is full, or the end has come.
  bool run(Work work);

 private:
  void serve();

  const std::size_t waiting_max_;
  runtime::Mutex mutex_;
  runtime::Condition changed_;
  std::deque<Work> waiting_;
  bool closed_ = false;
  std::vector<runtime::Thread> threads_;
};

}  // namespace perdure::hub

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The threads that fill the streams of workers: each session belongs to one of them, which alone
// pulls items for it, reads what must be read from the store, and writes. So a session needs no
// care about two messages at once, and no thread of gRPC ever waits for a disk.
//
// `post` may be called from any thread, engine threads included: it never blocks. Bounded by the
// number of sessions and of calls under way. Owned by the service; outlives the sessions.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/mailbox.h"
#include "runtime/thread.h"

namespace perdure::transport {

/// Jobs of calls that wait for a thread; those of sessions are bounded by the sessions.
inline constexpr std::size_t kJobsWaitingMax = 10'000;

class Pump final {
 public:
  using Job = std::function<void()>;

  explicit Pump(std::size_t threads);
  /// Jobs that still wait are carried out.
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// The thread for a new session.
  std::size_t choose();
  void post(std::size_t thread, Job job);
  /// On any thread; false, and not taken: too many wait.
  bool offer(Job job);

 private:
  struct Line {
    runtime::Mailbox<Job> jobs{kJobsWaitingMax};
    std::atomic<bool> stopping = false;
    runtime::Thread thread;  // last: it uses the others
  };
  static void work(Line& line);

  std::vector<std::unique_ptr<Line>> lines_;  // never changes
  std::atomic<std::size_t> next_ = 0;
  /// Threads inside post or offer. A job may be carried out, and end the last call, while the
  /// thread that posted it is still about to wake the line: the lines wait for it.
  std::atomic<std::size_t> posting_ = 0;
};

}  // namespace perdure::transport

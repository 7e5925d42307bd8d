// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine: everything between the clients and workers on one side and the store on the other.
// It owns the store, the executors with their shards, and the dispatcher.
//
//   clients  request, cancel, list, history, purge_where
//   workers  dispatcher() (attach, pull, complete), read_history, resolve
//   drive    start_threads() in production; or step(), commit() and run_until_idle() from one
//            thread, with a ManualClock, for tests and simulation: then nothing here is concurrent
//
// Threads: with threads running, every method of the clients' and the workers' side may be called
// from any thread but an engine thread (callbacks run there: they must neither block nor call list,
// history or purge_where). Without, all calls come from the one driving thread.
//
// Failure: when the store fails, every caller gets kUnavailable and `on_fatal` is called, once. The
// process should end and start again: opening the store recovers what was durable, no more, no
// less. Destroying a running engine is a crash to the store: what was acknowledged is there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dispatch/dispatcher.h"
#include "engine/committer.h"
#include "engine/driver.h"
#include "engine/executor.h"
#include "engine/mail.h"
#include "engine/query.h"
#include "engine/router.h"
#include "engine/stats.h"
#include "model/command.h"
#include "runtime/clock.h"
#include "store/store.h"

namespace perdure::engine {

/// Idle instances are a cache: what sleeps in memory is of no use, and reading it back is a lookup.
inline constexpr std::size_t kIdleShare = 16;

/// The exit status after a failure of the store: start the process again.
inline constexpr int kExitStoreFailed = 75;

struct EngineOptions {
  /// Threads that own shards; at most one for each shard.
  std::uint32_t executors = 1;
  /// Instances in memory, queued work and waiting commands together. Idle instances give way at a
  /// sixteenth of it (kIdleShare); above it, new work is refused.
  std::size_t memory_bytes = std::size_t{1} << 30;
  /// Commands of clients that wait, for each executor.
  std::size_t commands_max = 65'536;
  /// Hand-outs of an item whose worker dies each time.
  model::Attempt attempts_max = model::kAttemptsMax;
  /// See kSpeculationPause.
  base::Duration speculation_pause = kSpeculationPause;
  /// When a turn waits for more outcomes. The default suits every worker.
  core::GatherRules gather;
  /// Called once when the store fails, after every caller was told. Empty: one line to stderr, and
  /// the process ends with status kExitStoreFailed.
  std::function<void(const base::Error&)> on_fatal;
  /// Called on an engine thread for a damaged instance that the engine lives with: whoever asks for
  /// it gets kStoreCorrupt, messages to it wait. Bounded (kDamageReportsMax for each executor).
  /// Empty: one line to stderr.
  std::function<void(const base::Error&)> on_damage;
};

struct PurgePage {
  std::size_t purged = 0;
  std::size_t skipped = 0;   // they were live again, or gone, by the time
  std::string continuation;  // empty: done
};

class Engine final {
 public:
  /// Takes every shard over and reads what they owe. The clock outlives the engine.
  static base::Result<std::unique_ptr<Engine>> open(EngineOptions options,
                                                    std::unique_ptr<store::Store> store,
                                                    const runtime::Clock& clock);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- drive ----
  void start_threads();
  /// The orderly end, from either mode: no new requests, no new hand-outs; workers may answer what
  /// they hold for up to `grace` of real time; then everything is committed, folded into the table,
  /// and whoever still waits gets kUnavailable. Once; afterwards only the destructor.
  base::Result<> stop(base::Duration grace);

  /// One bounded step of every executor; true if anything was done. Commits nothing, and lets out
  /// only what need not wait for a commit.
  bool step();
  /// Makes everything staged durable and lets it out; true if anything was.
  bool commit();
  /// step() and commit() until neither does anything.
  void run_until_idle();
  /// When something happens by itself next, by the wall clock; kEndOfTime: nothing.
  [[nodiscard]] base::Timestamp next_timer() const;

  /// For a thread that is about to hand in the answer to its last item: True: it drives the engine
  /// until `help`, and nobody is woken for what it hands in. False: the engine is driven already,
  /// or has several executors.
  bool attend() { return drivers_.size() == 1 && drivers_.front()->attend(); }
  /// Carries out what was handed in, up to its commit. REQUIRES: this thread attends.
  void help() { drivers_.front()->help(); }

  /// No threads run: step() and commit() are the caller's.
  [[nodiscard]] bool is_driven_by_hand() const { return drivers_.empty(); }

  // ---- clients ----
  /// `command` is one of a client; its request number is set here. `reply` is called exactly once,
  /// when what it says is durable; at once, on this thread, if the command is refused at the entry.
  model::RequestId request(model::Command command, ReplyCallback reply);
  /// Gives up waiting for an AwaitInstance: its callback gets kDeadlineExceeded, unless the answer
  /// was faster.
  void cancel(model::InstanceKey key, model::RequestId request);

  base::Result<InstancePage> list(const InstanceFilter& filter, const PageRequest& page);
  base::Result<HistoryPage> history(const model::InstanceKey& key, model::EventNumber from,
                                    std::size_t bytes_max = model::kHistoryPageBytes);
  /// Purges the ended instances of one page of the list. Call again with the continuation.
  base::Result<PurgePage> purge_where(InstanceFilter filter, const PageRequest& page);

  // ---- workers ----
  [[nodiscard]] dispatch::Dispatcher& dispatcher() { return dispatcher_; }
  /// The history that a turn continues, a page at a time, from event `from`.
  [[nodiscard]] base::Result<HistoryPage> read_history(
      const model::TurnToken& token, model::EventNumber from,
      std::size_t bytes_max = model::kHistoryPageBytes) const;
  /// Fetches the input of an activity that travels by reference. kNotFound: give it back or drop
  /// it; nobody waits for it.
  base::Result<> resolve(model::ActivityItem& item) const { return query_.resolve(item); }

  // ---- operators ----
  /// Verifies one file of the table, at once; see Store::scrub. A damage is the caller's to judge:
  /// the engine goes on until its own scrub, which never stops, finds it.
  base::Result<std::optional<store::ScrubbedFile>> scrub(std::string_view after) {
    return store_->scrub(after);
  }
  [[nodiscard]] EngineStats stats() const;
  [[nodiscard]] const runtime::Clock& clock() const { return clock_; }

 private:
  Engine(EngineOptions options, std::unique_ptr<store::Store> store, const runtime::Clock& clock,
         const std::vector<model::Epoch>& epochs);

  [[nodiscard]] Executor::Now now() const;
  [[nodiscard]] std::size_t memory_used() const;
  base::Result<> wait_durable(store::Position position);
  [[nodiscard]] bool failed() const;
  [[nodiscard]] base::Error unavailable() const;
  void driver_ended(std::size_t index);
  void fail(const base::Error& error);
  void tell_fatal();

  const EngineOptions options_;
  const runtime::Clock& clock_;
  const std::unique_ptr<store::Store> store_;
  Router router_;
  dispatch::Dispatcher dispatcher_;
  Query query_;
  Committer committer_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<std::unique_ptr<Driver>> drivers_;  // empty: driven by hand

  std::atomic<std::uint64_t> last_request_ = 0;
  std::atomic<bool> accepting_ = true;
  std::atomic<std::size_t> drivers_running_ = 0;
  base::Duration recovery_time_;

  mutable runtime::Mutex failure_mutex_;
  bool failed_ = false;
  base::Error failure_;
};

}  // namespace perdure::engine

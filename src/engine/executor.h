// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The single writer of some shards. One `step` takes a bounded batch of commands (messages between
// its own shards, due timers, the mailbox, recovery), applies each to the core, and stages all
// their writes as one set. First turns leave with the step, because a turn is pure, and so do
// speculative activities, because they are declared harmless; everything else waits in the output
// gate until the store has made the step durable.
//
// A message between two shards of the executor is taken in, and acknowledged, right behind the
// command that sent it: both sides become durable together, and its outbox row never reaches the
// disk.
//
// No thread and no clock: whoever drives it says what time it is. Everything but the mailbox (which
// the router owns) and the counters belongs to that one driver. An error of `step` is final: the
// store is poisoned or damaged beyond what one instance can carry, and nothing more may be decided.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/shard.h"
#include "dispatch/dispatcher.h"
#include "engine/deadlines.h"
#include "engine/gate.h"
#include "engine/mail.h"
#include "engine/router.h"
#include "engine/stats.h"
#include "engine/sweeper.h"
#include "store/store.h"

namespace perdure::engine {

/// One step: so many commands, of which so many timers, and about so many bytes written. Timers
/// leave room for what their turns answer: or a million that are due at once would all be in flight
/// before the first one ends.
inline constexpr std::size_t kStepCommandsMax = 512;
inline constexpr std::size_t kStepTimersMax = 256;
inline constexpr std::size_t kStepBytesMax = std::size_t{8} << 20;
/// How long a commit waits for what was handed out before its inputs were durable.
inline constexpr base::Duration kHoldMax = base::milliseconds(1);
/// So much written is committed without such a wait.
inline constexpr std::size_t kCommitBytes = std::size_t{4} << 20;
/// Recovery: instances looked at in one step, the bytes of queued work above which it slows down,
/// and how often it then still goes on (the work that is queued may be of names nobody takes).
inline constexpr std::size_t kRecoverPerStep = 256;
inline constexpr std::size_t kRecoverQueueBytes = std::size_t{64} << 20;
inline constexpr base::Duration kRecoverPause = base::milliseconds(100);
/// The same of due timers: they wait in the store, where they cost nothing.
inline constexpr std::size_t kTimerQueueBytes = std::size_t{16} << 20;
/// Histories that are deleted side by side, one piece a step.
inline constexpr std::size_t kGarbagePerStep = 4;
/// What ran when the process ended might end it again, and a speculative hand-out is counted
/// nowhere. So after a restart that left something to do nothing is speculated for this long, nor
/// before the executor has caught up: by then whatever was due has been handed out under a durable
/// count of its attempts.
inline constexpr base::Duration kSpeculationPause = base::seconds(10);
/// An activity's promise to be heard of again: a longer one is as good as this one.
inline constexpr base::Duration kReportWithinMax = base::seconds(24LL * 3600);
/// Damages that are reported one by one; afterwards they are only counted.
inline constexpr std::size_t kDamageReportsMax = 100;

struct ExecutorOptions {
  std::uint32_t index = 0;
  std::size_t instance_bytes_max = std::size_t{256} << 20;  // of all its shards; then it evicts
  model::Attempt attempts_max = model::kAttemptsMax;
  base::Duration speculation_pause = kSpeculationPause;
  core::GatherRules gather;
  /// A damage that the engine lives with; at most kDamageReportsMax times.
  std::function<void(const base::Error&)> damaged = [](const base::Error&) {};
};

class Executor final {
 public:
  /// Everything borrowed outlives it. `epochs`: of all shards, by number.
  Executor(ExecutorOptions options, const std::vector<model::Epoch>& epochs, store::Store& store,
           dispatch::Dispatcher& dispatcher, Router& router, base::Timestamp monotonic);

  // ---- recovery, before the first step ----
  [[nodiscard]] bool owns(model::ShardId shard) const;
  /// A row of the agenda. REQUIRES: owns its shard.
  base::Result<> restore_row(model::ShardId shard, std::string_view key, std::string_view value);
  /// All rows were given: what the shards owe each other is on its way.
  void restored();

  // ---- the driver's ----
  struct Now {
    base::Timestamp wall;
    base::Timestamp monotonic;
  };
  /// True if anything was done.
  base::Result<bool> step(Now now);
  /// Lets out what is durable now; true if anything was.
  bool release();
  /// Something is staged that no flush was begun for.
  [[nodiscard]] bool wants_flush() const { return staged_ > flushing_; }
  /// Better wait a little: something is expected back that could share the commit.
  /// The time to wait begins when this is asked first for this commit.
  [[nodiscard]] bool holds_flush(base::Timestamp monotonic);
  [[nodiscard]] base::Timestamp held_until() const { return held_until_; }
  /// Among what is expected back is an activity, which may take long.
  [[nodiscard]] bool has_speculated() const { return has_speculated_; }
  /// A flush begins that covers everything staged.
  void flush_begins();
  /// There is more to do at once.
  [[nodiscard]] bool has_backlog() const;
  [[nodiscard]] bool has_unreleased() const { return !gate_.empty(); }
  [[nodiscard]] std::size_t unflushed_bytes() const { return gate_.bytes(); }
  /// When the next timer is due, by the wall clock, or will be taken; kEndOfTime: none.
  [[nodiscard]] base::Timestamp next_timer() const;
  /// When a turn has waited long enough for more outcomes, by the monotonic clock; kEndOfTime: none
  /// waits.
  [[nodiscard]] base::Timestamp gathers_until() const { return gathering_.next(); }
  /// When it wants a step even if nothing happens, by the monotonic clock.
  [[nodiscard]] base::Timestamp next_upkeep() const;
  [[nodiscard]] runtime::Mailbox<Mail>& mailbox() { return mailbox_; }
  /// The end: closes the mailbox and tells every caller, also those whose answer waits at the gate.
  void shut(const base::Error& why);

  // ---- any thread ----
  [[nodiscard]] const ExecutorCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t recovering() const { return recovering_count_.get(); }

 private:
  [[nodiscard]] bool has_room() const;
  core::Shard& shard(model::ShardId id) { return shards_[id.value - shards_.front().id.value]; }
  void touch(model::ShardId id);

  // The parts of a step.
  void look_for_attached();
  base::Result<> run_sweep();
  void run_overdue();
  base::Result<> run_gathered();
  base::Result<> run_local();
  base::Result<> run_timers();
  [[nodiscard]] bool holds_timers() const;
  base::Result<> run_mail();
  base::Result<> run_recovery();
  base::Result<> run_garbage();
  base::Result<> finish();

  // One command.
  base::Result<> carry_out(model::Command&& command, ReplyCallback reply);
  base::Result<> load(core::Shard& shard, const model::Command& command);
  base::Result<> refuse(core::Shard& shard, const model::Command& command, base::Error error);
  void report(const base::Error& error);
  [[nodiscard]] bool is_blocked(const model::Command& command) const;
  void apply(core::Shard& shard, model::Command&& command);
  void note_answer(const model::Command& command);
  void note_progress(const model::ReportProgress& report);
  void sort_effects();
  void take_message(model::SendMessage send);

  base::Result<> stage();
  void hold_or_let_out(model::Effect& effect);
  void let_out_early(model::Effect& effect);
  void offer_early();
  /// The workers that take such items are likely to answer soon.
  template <class Item>
  void expect_back(const std::vector<Item>& items);
  void end_hold();
  void end_speculation_pause();
  void evict();
  void measure(model::ShardId id);

  const ExecutorOptions options_;
  store::Store& store_;
  dispatch::Dispatcher& dispatcher_;
  Router& router_;
  runtime::Mailbox<Mail>& mailbox_;
  std::vector<core::Shard> shards_;
  std::vector<model::Epoch> epochs_;  // as shards_
  OutputGate gate_;
  Sweeper sweeper_;
  Missing missing_;
  /// Activities whose code promised to be heard of again.
  Deadlines<model::ActivityToken> overdue_;
  /// Turns that wait for more outcomes: exactly those of the instances that gather, but for what
  /// ended meanwhile.
  Deadlines<model::InstanceKey> gathering_;
  ExecutorCounters counters_;

  // What waits for a step.
  std::vector<Mail> mail_;
  std::size_t next_mail_ = 0;
  std::deque<model::Command> local_;
  std::deque<model::CollectGarbage> garbage_;
  /// From the first message on that a damaged instance could not take, the messages of its source
  /// to its shard stay in the outbox, in their order, until a restart offers them again.
  std::set<std::pair<model::ShardId, model::ShardId>> blocked_;
  std::unordered_set<model::InstanceKey, model::InstanceKeyHash> recovering_;
  Counter recovering_count_;
  base::Timestamp recover_at_;

  // One step.
  Now now_;
  std::size_t commands_ = 0;
  std::size_t bytes_ = 0;
  core::Prefetched prefetched_;
  core::Rows rows_;
  std::vector<model::Effect> effects_;  // of one command
  Held held_;
  std::vector<model::TurnItem> turns_;  // these two do not wait for the commit
  std::vector<model::ActivityItem> activities_;
  std::vector<bool> touched_flag_;  // as shards_
  std::vector<model::ShardId> touched_;
  bool rescuing_ = false;

  // Across steps.
  store::Position staged_;
  store::Position flushing_;
  std::size_t staged_rows_ = 0;  // by the last step: the next one will need about as much room
  std::unordered_set<std::size_t> hot_;  // hashes of what left early since the last flush began
  bool has_speculated_ = false;          // since then
  base::Timestamp held_until_ = base::kEndOfTime;  // by then the flush goes ahead without them
  bool speculates_ = true;
  base::Timestamp speculates_from_;        // unless it does already
  std::vector<base::Timestamp> earliest_;  // timer; as shards_
  std::vector<std::size_t> shard_bytes_;   // as shards_
  std::size_t instance_bytes_ = 0;
  std::size_t evict_next_ = 0;
  base::Timestamp next_timer_ = base::kEndOfTime;
  base::Timestamp timers_at_;  // while much is queued: not before
};

}  // namespace perdure::engine

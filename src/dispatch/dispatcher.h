// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Matches work items to workers, and keeps the leases. The engine offers items; workers pull them
// within their capacity and answer with the token. An item is queued, or leased to exactly one
// worker, or not here at all. A lease ends with the answer, with a return, or with the detach of
// its worker, which returns every lease it had: nothing is lost with a connection.
//
// An item marked uncounted_redelivery may have been handed out before, to a worker that died. When
// it is about to be handed out again, the dispatcher posts BeginAttempt instead and forgets it; the
// engine counts the attempt durably and offers the item anew, counted, which then goes first. The
// worker's place is kept until `prepared`, so no more are counted than are about to run.
//
// Owned by the engine; outlives every worker. Thread-safe, with one mutex, and no thread of its
// own. The sink and the workers' callbacks are called without the mutex. Nothing here can fail: an
// answer whose lease is gone is told so, and changes nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/time.h"
#include "dispatch/lane.h"
#include "model/command.h"
#include "model/entity.h"
#include "model/work_item.h"
#include "runtime/monitor.h"
#include "runtime/spin.h"

namespace perdure::dispatch {

/// Which turns and batches a worker takes.
struct TurnFilter {
  std::optional<std::string> hub;  // absent: of every one
  Names orchestrations;
  Names entities;  // as batches are named: "@counter"
  Reserved reserved = Reserved::kLeave;

  [[nodiscard]] bool accepts(const model::InstanceKey& key, std::string_view name,
                             std::string_view version) const {
    if (hub && *hub != key.hub) return false;
    return includes(model::is_entity_id(key.id) ? entities : orchestrations, reserved, name,
                    version);
  }
  friend bool operator==(const TurnFilter&, const TurnFilter&) = default;
};

/// Where answers go: the engine. Thread-safe; does not block; does not call back.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void post(model::Command command) = 0;
  virtual void post_all(std::vector<model::Command> commands) = 0;
  /// A worker attached that takes these turns: what others refused may suit it.
  virtual void attached(const TurnFilter& turns) = 0;
};

/// kTurns: also batches of entities.
enum class Kinds : std::uint8_t { kTurns = 1, kActivities = 2, kBoth = 3 };

struct WorkerOptions {
  /// The task hub it works for; absent: all of them.
  std::optional<std::string> hub;
  /// How many items of a kind the worker may hold at once.
  std::size_t turns_max = 0;
  /// Batches of entities, beside the turns; absent: as many as turns.
  std::optional<std::size_t> batches_max;
  std::size_t activities_max = 0;
  Names orchestrations;
  Names entities;  // as batches are named: "@counter"
  Names activities;
  /// Without names: whether "every name" means the reserved ones too.
  Reserved reserved = Reserved::kLeave;
  /// There may be something to pull, after a try_pull that answered less than was asked for. Called
  /// on an engine thread: must not block, and must not call the dispatcher. May be empty.
  std::function<void()> wakeup;
  /// Nobody waits for this item any more, which the worker holds. Called like `wakeup`.
  std::function<void(const model::WorkToken&)> withdrawn;
};

/// What became of a worker's answer.
enum class Answer : std::uint8_t {
  kTaken,    // on its way to the engine
  kNotHeld,  // the lease was lost, or the item withdrawn: nobody is interested
};

/// How many instances are remembered with the worker that ran their last turn.
inline constexpr std::size_t kStickyMax = 100'000;

/// Tokens looked up by `unknown` under one lock.
inline constexpr std::size_t kLookupsPerLock = 256;

/// A turn goes before an activity that was offered up to so many items earlier. A turn holds up the
/// commit of its inputs and leads to the next activities; but a flood of starts must not starve the
/// activities.
inline constexpr std::int64_t kTurnLead = 4096;

struct DispatcherStats {
  std::size_t turns_waiting = 0;
  std::size_t turns_leased = 0;
  std::size_t activities_waiting = 0;
  std::size_t activities_leased = 0;
  std::size_t bytes_waiting = 0;
  std::size_t workers = 0;
};

class Dispatcher final {
 public:
  /// The sink outlives the dispatcher.
  explicit Dispatcher(CommandSink& sink) : sink_(sink) {}

  // ---- the engine's side ----

  /// The items are moved from. A token that is here already is not taken twice.
  void offer(std::vector<model::TurnItem>& items);
  void offer(std::vector<model::ActivityItem>& items);
  void withdraw(const std::vector<model::WorkToken>& tokens);
  /// BeginAttempt for these tokens has been carried out; what it offered was offered before.
  void prepared(const std::vector<model::WorkToken>& tokens);
  /// Of these tokens, those that neither wait nor are leased nor are being counted: they are on
  /// their way here or back, or lost.
  [[nodiscard]] std::vector<model::WorkToken> unknown(std::vector<model::WorkToken> tokens) const;
  /// Hands out nothing any more and ends every waiting pull; answers are still taken.
  void close();
  /// Until no lease is left, and every answer is with the sink; false if not, after the span.
  bool wait_until_returned(base::Duration span);

  /// Its worker was to be heard of and was not: the lease ends as if the worker were gone, which is
  /// told that nobody waits. Nothing to do if there is no lease.
  void expire(const model::ActivityToken& token);

  /// The bytes of waiting items, for admission control.
  [[nodiscard]] std::size_t queued_bytes() const {
    return queued_bytes_.load(std::memory_order_relaxed);
  }
  /// True while a worker is attached that takes turns: an offered turn may come back soon.
  [[nodiscard]] bool has_turn_workers() const {
    return turn_workers_.load(std::memory_order_relaxed) > 0;
  }
  /// The same for activities.
  [[nodiscard]] bool has_activity_workers() const {
    return activity_workers_.load(std::memory_order_relaxed) > 0;
  }
  [[nodiscard]] DispatcherStats stats() const;

  // ---- the workers' side ----

  WorkerId attach(WorkerOptions options);
  /// Returns every lease. When it is back, no callback of the worker runs any more; so it must not
  /// be called from one. An unknown worker is nothing to do.
  void detach(WorkerId worker);

  /// At most `count_max` items, turns before activities, older before younger; empty when there are
  /// none, when the worker holds as many as it may, and for a worker that is not attached.
  std::vector<model::WorkItem> try_pull(WorkerId worker, Kinds kinds, std::size_t count_max);
  /// The same, but waits for the first item up to `span` of real time. Any number of threads of one
  /// worker may wait.
  std::vector<model::WorkItem> pull(WorkerId worker, Kinds kinds, std::size_t count_max,
                                    base::Duration span);

  /// This thread pulls for the worker as soon as it is back from what it does: one item that it may
  /// take wakes nobody else. False: another thread is expected already, and this changes nothing.
  bool expect(WorkerId worker, Kinds kinds);
  /// It comes. REQUIRES: `expect` said yes.
  void expected();

  Answer complete_turn(WorkerId worker, model::TurnToken token, model::TurnResult result);
  Answer refuse_turn(WorkerId worker, model::TurnToken token, std::string why);
  Answer complete_activity(WorkerId worker, model::ActivityToken token,
                           std::variant<model::Payload, model::Failure> outcome);
  /// The worker still runs it, and how far it is; see model::ReportProgress.
  Answer report_progress(WorkerId worker, model::ActivityToken token, model::Payload progress,
                         base::Duration next_within);
  enum class Begun : std::uint8_t { kMaybe, kNo };
  /// The worker will not run it; somebody else should, if there is somebody else who takes it.
  /// `begun`: whether this counts as an attempt.
  Answer give_back(WorkerId worker, model::WorkToken token, Begun begun = Begun::kMaybe);

  /// True if an answer under this token would not be taken.
  [[nodiscard]] bool is_withdrawn(const model::WorkToken& token) const;

 private:
  struct Waiter;
  struct Worker;
  struct Found;
  /// Who is to be woken when the mutex is free.
  struct Roused {
    std::vector<std::shared_ptr<Waiter>> waiters;
    std::vector<std::shared_ptr<Worker>> hungry;
  };

  WorkerId add(std::shared_ptr<Worker> worker, WorkerOptions options);
  std::shared_ptr<Worker> find(WorkerId worker) const;
  Found collect(Worker& worker, Kinds kinds, std::size_t count_max);
  void post(std::vector<model::Command> commands);
  using TurnLane = Lane<model::TurnItem>;
  using ActivityLane = Lane<model::ActivityItem>;

  template <class Token>
  bool finish(WorkerId worker, const Token& token);
  /// REQUIRES: finish() said yes.
  void answer(model::Command command);
  template <class Item>
  void offer_all(std::vector<Item>& items);
  TurnLane& lane_of(const model::TurnToken& token);
  ActivityLane& lane_of(const model::ActivityToken& token);
  static TurnLane::Share& share_of(Worker& worker, const model::TurnToken& token);
  static ActivityLane::Share& share_of(Worker& worker, const model::ActivityToken& token);
  /// Whose it should be; nullptr: anybody's.
  TurnLane::Share* wanted_by(const model::TurnItem& item);
  static ActivityLane::Share* wanted_by(const model::ActivityItem& item);
  template <class LaneOfItem>
  void take(LaneOfItem& lane, typename LaneOfItem::Entry& entry, Worker& worker, Found& found);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t leased() const;
  void remember(const model::TurnItem& turn, const Worker& worker);
  bool has_work_for(Worker& worker, Kinds kinds);
  bool rouse(Worker& worker, Roused& roused);
  bool rouse_all(Roused& roused);
  static void wake(const Roused& roused);
  bool look_around(Worker& worker, Kinds kinds, runtime::Lock& lock);
  void publish();

  CommandSink& sink_;
  mutable runtime::Mutex mutex_;
  runtime::Condition returned_;
  TurnLane turns_;
  TurnLane batches_;
  ActivityLane activities_;
  std::unordered_map<WorkerId, std::shared_ptr<Worker>, base::StrongHash> workers_;
  std::vector<std::shared_ptr<Worker>> in_order_;  // of attachment
  /// Only kept while there is a choice, that is with two or more workers that take turns.
  std::unordered_map<model::InstanceKey, WorkerId, model::InstanceKeyHash> sticky_;
  /// Who gave the instance's turn back: until it is offered again.
  std::unordered_map<model::InstanceKey, WorkerId, model::InstanceKeyHash> declined_;
  std::uint64_t last_worker_ = 0;
  std::int64_t last_order_ = 0;
  std::int64_t first_order_ = 0;
  std::size_t idle_ = 0;  // waiters not signalled and hungry workers: nobody to wake when 0
  std::atomic<bool> closed_ = false;  // written under the mutex
  /// Answers whose lease is gone, and that the sink does not have yet.
  std::atomic<std::size_t> answering_ = 0;
  std::shared_ptr<Worker> looker_;  // looks for what is offered next, or will
  Kinds looking_for_ = Kinds::kBoth;
  bool looker_has_one_ = false;  // it was offered an item: the next one is for somebody else
  runtime::Spin spin_;           // the looker's
  std::atomic<std::uint64_t> offers_ = 0;
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::atomic<std::size_t> turn_workers_ = 0;
  std::atomic<std::size_t> activity_workers_ = 0;
};

}  // namespace perdure::dispatch

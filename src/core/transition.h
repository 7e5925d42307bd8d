// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs that commands are written with. One Transition lives for one `apply`: it changes the
// shard's memory, records the rows that changed, and gathers effects. Whatever is a rule of more
// than one command is a verb here, so that it cannot differ between them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/shard.h"

namespace perdure::core {

/// What becomes of the tasks for children when all others are forgotten.
enum class Children : std::uint8_t { kKeep, kForget };

class Transition {
 public:
  Transition(Shard& shard_in, const Prefetched& prefetched_in, const Facts& facts_in,
             std::vector<model::Effect>& effects)
      : shard(shard_in), prefetched(prefetched_in), facts(facts_in), effects_(effects) {}

  Shard& shard;
  const Prefetched& prefetched;
  const Facts& facts;

  // ---- finding ----
  /// REQUIRES: loaded (declared by `reads`). Absent ones have exists == false.
  Instance& instance(const model::InstanceKey& key);
  /// nullptr, after answering NOT_FOUND, unless a client can see the instance.
  Instance* visible(model::RequestId request, const model::InstanceKey& key);

  // ---- answering ----
  void reply(model::RequestId request, model::ReplyBody body);
  void reject(model::RequestId request, base::ErrorCode code, std::string message);
  model::InstanceSnapshot snapshot(const Instance& instance, model::Payload input) const;
  [[nodiscard]] static bool has_reached(const Instance& instance, model::Until until);
  void notify_waiters(Instance& instance);

  // ---- the life of an execution ----
  /// Time makes the number unique even if the tombstone of an earlier life is gone; the old number
  /// makes it unique even if the clock went back.
  [[nodiscard]] model::Execution execution_after(model::Execution old) const;
  /// The beginning of its execution, as a history records it. The moment is the execution's number,
  /// which is the time unless the clock stands or went back: so no two executions of an id begin at
  /// the same one, and what is derived from it (the seed of random()) is never the same twice.
  static model::Event begin_event(const Instance& instance, model::ExecutionStarted started);
  /// Something happened to it, now: but its time never goes back, whatever the clock does.
  void stamp(Instance& instance) const;
  /// Begins a new execution over whatever the id held; the old rows are dropped first.
  void begin(Instance& instance, model::ExecutionStarted started, std::string idempotency_key);
  /// Ends a live one: writes `last` and ExecutionCompleted to the history, cancels what is pending,
  /// tells waiters and the parent. `recursive` also terminates the children.
  void end(Instance& instance, std::vector<model::Event> last, model::ExecutionCompleted completed);
  /// An end that no turn asked for: what the next turn would have begun with is kept for the
  /// record. As much of it as one turn takes; the rest is dropped like all that comes after an end.
  void end_now(Instance& instance, std::optional<model::Event> why,
               model::ExecutionCompleted completed);
  void terminate_children(Instance& instance, const std::string& reason);
  /// REQUIRES: the task is pending.
  void terminate_child(const Instance& instance, model::TaskId task, const std::string& reason);
  /// Drops prologue, inbox, pending tasks and history; the head stays to be rewritten.
  void drop_contents(Instance& instance);
  void drop_history(const Instance& instance);

  // ---- history, inbox, tasks ----
  /// Adds one history row. Answers the number of its first event.
  model::EventNumber append_history(Instance& instance, std::vector<model::Event> events);
  void put_prologue(Instance& instance, std::vector<model::Event> events);
  void clear_prologue(Instance& instance);
  /// Puts a message behind those that wait in the inbox. Answers its number.
  std::uint64_t enqueue(Instance& instance, model::EventBody body);
  /// An event for the next turn. Offers the turn if it can run, or lets it gather.
  void deliver(Instance& instance, model::EventBody body);
  void consume_inbox(Instance& instance, std::size_t count);
  void add_pending(Instance& instance, model::TaskId task, model::PendingTask pending);
  /// The task has its outcome, or nobody waits for it any more. Withdraws and un-arms.
  void remove_pending(Instance& instance, model::TaskId task);
  /// Nobody waits for the outcome: as remove_pending, and a child is terminated.
  void cancel_pending(Instance& instance, model::TaskId task);
  void remove_all_pending(Instance& instance, Children children);

  // ---- entities ----
  /// The entity, which begins to exist with its first message.
  Instance& entity(const model::InstanceKey& key);
  /// Not before that time.
  void enqueue_later(Instance& entity, model::OperationRequested request, base::Timestamp fire_at);
  /// Hands the lock to the next in line, and the operations that may run to a worker; whatever
  /// changed an entity ends with this.
  void go_on(Instance& entity);
  /// The owner no longer waits in line for the lock.
  void forget_wanted(Instance& entity, const model::Caller& owner);
  /// An entity tells whoever waits for an operation's outcome; nobody may.
  void tell_caller(const model::InstanceKey& entity, const model::Caller& caller,
                   std::variant<model::Payload, model::Failure> outcome);
  /// The operation at this place of the inbox has its outcome: whoever waits is told.
  void settle_operation(Instance& entity, std::size_t place,
                        std::variant<model::Payload, model::Failure> outcome);
  /// Every operation that waits fails, also what is due later; who waits for the lock goes on
  /// waiting.
  void drop_operations(Instance& entity, const model::Failure& failure);
  /// Clients see the entity as it is now, when that is durable.
  void show(Instance& entity);
  /// Asks the next entity of the section for its lock.
  void acquire_next(const Instance& owner, model::TaskId section);
  /// The section of an orchestration is over: its entities are given back, what was not granted is
  /// not wanted any more. The task stays to be removed.
  void release_section(const Instance& owner, model::TaskId section);

  // ---- work ----
  void offer_turn(Instance& instance);
  /// The same, unless it is better to wait for more outcomes first (GatherRules).
  void gather_turn(Instance& instance);
  void offer_activity(Instance& instance, const model::ActivityScheduled& scheduled);
  /// It may have been handed out before: that must be counted first.
  enum class Redelivery : std::uint8_t { kNo, kUncounted };
  /// By reference: the worker reads the input from the history.
  void offer_activity_again(Instance& instance, model::TaskId task, Redelivery redelivery);
  /// No turn is offered until `unpark`. REQUIRES: `why` is not empty.
  void park(Instance& instance, std::string why);
  void unpark(Instance& instance);
  /// The turn in flight is not wanted any more, and what was known about the next one is void.
  void forget_turn(Instance& instance);

  // ---- messages, rows ----
  void send(const model::InstanceKey& from, model::Message message);
  void tell_parent(const model::InstanceKey& child, const model::Parent& parent,
                   model::Payload result, std::optional<model::Failure> failure);
  void emit(model::Effect effect) { effects_.push_back(std::move(effect)); }
  /// `put` rewrites a row, `put_new` promises that there is none (model::Write::fresh).
  void put(model::Space space, std::string key, std::string value);
  void put_new(model::Space space, std::string key, std::string value);
  void erase(model::Space space, std::string key);
  /// The head changed: it is written once, by take_writes.
  void touch(Instance& instance);

 private:
  void offer_batch(Instance& entity);
  /// A lock that was given back goes to whoever waits in front.
  void pass_lock(Instance& entity);
  void erase_inbox(Instance& instance, std::size_t place);

  std::vector<model::Effect>& effects_;
};

/// What clients are to see of an entity, as memory has it.
model::EntitySnapshot view_of(const Instance& entity);

}  // namespace perdure::core

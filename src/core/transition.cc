// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/transition.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "model/limits.h"

namespace perdure::core {

using model::InstanceKey;
using model::Status;
using model::TaskKind;

namespace {

bool has_due_time(const model::PendingTask& pending) {
  return pending.kind == TaskKind::kTimer || pending.kind == TaskKind::kSignal;
}

}  // namespace

// ---- finding ------------------------------------------------------------------------------------

Instance& Transition::instance(const InstanceKey& key) {
  Instance* found = shard.instances.find(key);
  PERDURE_CHECK(found != nullptr, "an undeclared read: the instance is not loaded");
  shard.instances.touch(*found);
  return *found;
}

Instance* Transition::visible(model::RequestId request, const InstanceKey& key) {
  Instance& found = instance(key);
  if (found.exists && found.stored.record.status != Status::kPurged) return &found;
  reject(request, base::ErrorCode::kNotFound,
         fmt::format("no instance '{}' in hub '{}'", key.id, key.hub));
  return nullptr;
}

// ---- answering ----------------------------------------------------------------------------------

void Transition::reply(model::RequestId request, model::ReplyBody body) {
  if (request == model::kNoRequest) return;
  emit(model::Reply{.request = request, .body = std::move(body)});
}

void Transition::reject(model::RequestId request, base::ErrorCode code, std::string message) {
  reply(request, base::Error{code, std::move(message)});
}

model::InstanceSnapshot Transition::snapshot(const Instance& instance, model::Payload input) const {
  return {.key = instance.key,
          .record = instance.stored.record,
          .input = std::move(input),
          .parked = instance.parked,
          .pending = instance.stored.pending,
          .inbox_messages = instance.stored.inbox.size()};
}

bool Transition::has_reached(const Instance& instance, model::Until until) {
  const Status status = instance.stored.record.status;
  return model::is_terminal(status) ||
         (until == model::Until::kStarted && status != Status::kPending);
}

void Transition::notify_waiters(Instance& instance) {
  const auto ready = [&](model::Until until) { return has_reached(instance, until); };
  for (const model::RequestId request : shard.waiters.take_ready(instance.key, ready)) {
    reply(request, snapshot(instance, std::nullopt));
  }
}

// ---- the life of an execution -------------------------------------------------------------------

model::Execution Transition::execution_after(model::Execution old) const {
  const auto by_time = static_cast<std::uint64_t>(std::max<std::int64_t>(facts.now.us, 1));
  return model::Execution{std::max(old.value + 1, by_time)};
}

model::Event Transition::begin_event(const Instance& instance, model::ExecutionStarted started) {
  const auto number = static_cast<std::int64_t>(instance.stored.record.execution.value);
  return {base::Timestamp{number}, std::move(started)};
}

void Transition::stamp(Instance& instance) const {
  model::InstanceRecord& record = instance.stored.record;
  record.updated = std::max(record.updated, facts.now);
}

void Transition::begin(Instance& instance, model::ExecutionStarted started,
                       std::string idempotency_key) {
  if (instance.exists) drop_contents(instance);
  const model::InstanceRecord old = std::exchange(instance.stored.record, {});
  model::InstanceRecord& record = instance.stored.record;
  record.execution = execution_after(old.execution);
  record.inbox_next = std::max(old.inbox_next, record.execution.value);
  record.status = Status::kPending;
  record.name = started.name;
  record.version = started.version;
  record.tags = started.tags;
  record.parent = started.parent;
  record.trace_parent = started.trace_parent;
  record.idempotency_key = std::move(idempotency_key);
  record.created = record.updated = facts.now;
  record.scheduled_start = started.scheduled_start;
  instance.exists = true;
  touch(instance);
  const auto start_at = started.scheduled_start;
  put_prologue(instance, {begin_event(instance, std::move(started))});
  if (start_at && *start_at > facts.now) {
    add_pending(instance, model::kStartTimer, {.kind = TaskKind::kTimer, .fire_at = *start_at});
  }
  offer_turn(instance);
}

void Transition::end(Instance& instance, std::vector<model::Event> last,
                     model::ExecutionCompleted completed) {
  model::InstanceRecord& record = instance.stored.record;
  PERDURE_CHECK(model::is_live(record.status), "an ended execution ends again");
  forget_turn(instance);
  switch (completed.ending) {
    case model::Ending::kCompleted: record.status = Status::kCompleted; break;
    case model::Ending::kFailed: record.status = Status::kFailed; break;
    case model::Ending::kTerminated: record.status = Status::kTerminated; break;
  }
  record.output = completed.output;
  record.failure = completed.failure;
  stamp(instance);
  record.ended = record.updated;
  record.turn_attempts = 0;
  unpark(instance);
  last.push_back({record.updated, completed});
  append_history(instance, std::move(last));
  clear_prologue(instance);
  consume_inbox(instance, instance.stored.inbox.size());
  remove_all_pending(instance, Children::kKeep);
  if (record.parent) {
    tell_parent(instance.key, *record.parent, std::move(completed.output),
                std::move(completed.failure));
  }
  notify_waiters(instance);
}

void Transition::end_now(Instance& instance, std::optional<model::Event> why,
                         model::ExecutionCompleted completed) {
  std::vector<model::Event> last = instance.stored.prologue;
  const std::size_t messages = messages_for_turn(instance);
  for (std::size_t i = 0; i < messages; ++i) last.push_back(instance.stored.inbox[i].event);
  if (why) last.push_back(*std::move(why));
  end(instance, std::move(last), std::move(completed));
}

void Transition::terminate_children(Instance& instance, const std::string& reason) {
  for (const auto& [task, pending] : instance.stored.pending) {
    if (pending.kind == TaskKind::kChild) terminate_child(instance, task, reason);
  }
}

void Transition::terminate_child(const Instance& instance, model::TaskId task,
                                 const std::string& reason) {
  const std::string& id = instance.stored.pending.at(task).child_id;
  send(instance.key, model::TerminateChild{.child = {instance.key.hub, id},
                                           .parent = instance.key,
                                           .reason = reason,
                                           .recursive = true,
                                           .parent_execution = instance.stored.record.execution,
                                           .task = task});
}

void Transition::drop_contents(Instance& instance) {
  forget_turn(instance);
  unpark(instance);
  clear_prologue(instance);
  consume_inbox(instance, instance.stored.inbox.size());
  remove_all_pending(instance, Children::kForget);
  drop_history(instance);
}

void Transition::drop_history(const Instance& instance) {
  const model::InstanceRecord& record = instance.stored.record;
  if (record.history_events == 0) return;
  std::string key = model::garbage_key(instance.key, record.execution);
  std::string mark = model::encode_mark(key);
  put_new(model::Space::kAgenda, std::move(key), std::move(mark));
  emit(model::MoreGarbage{.key = instance.key, .execution = record.execution});
}

// ---- history, inbox, tasks ----------------------------------------------------------------------

model::EventNumber Transition::append_history(Instance& instance,
                                              std::vector<model::Event> events) {
  model::InstanceRecord& record = instance.stored.record;
  const model::EventNumber first = record.history_events;
  model::HistoryChunk chunk{.chain_before = record.history_chain, .events = std::move(events)};
  std::string key = model::history_key(instance.key, record.execution, first);
  std::string row = model::encode_chunk(key, chunk);
  put_new(model::Space::kHistory, std::move(key), std::move(row));
  record.history_events += chunk.events.size();
  record.history_chain = chunk.chain_after;
  touch(instance);
  return first;
}

void Transition::put_prologue(Instance& instance, std::vector<model::Event> events) {
  std::string key = model::prologue_key(instance.key);
  std::string row = model::encode_events(key, events);
  put_new(model::Space::kInstance, std::move(key), std::move(row));
  for (const model::Event& event : events) instance.inbox_bytes += model::encoded_size(event);
  instance.stored.prologue = std::move(events);
}

void Transition::clear_prologue(Instance& instance) {
  if (instance.stored.prologue.empty()) return;
  for (const model::Event& event : instance.stored.prologue) {
    instance.inbox_bytes -= model::encoded_size(event);
  }
  instance.stored.prologue.clear();
  erase(model::Space::kInstance, model::prologue_key(instance.key));
}

void Transition::deliver(Instance& instance, model::EventBody body) {
  const bool can_wait = is_outcome_of_work(body);
  enqueue(instance, std::move(body));
  can_wait ? gather_turn(instance) : offer_turn(instance);
}

std::uint64_t Transition::enqueue(Instance& instance, model::EventBody body) {
  model::InstanceRecord& record = instance.stored.record;
  const std::uint64_t number = record.inbox_next++;
  std::vector<model::Event> one{{facts.now, std::move(body)}};
  std::string key = model::inbox_key(instance.key, number);
  std::string row = model::encode_events(key, one);
  put_new(model::Space::kInstance, std::move(key), std::move(row));
  instance.inbox_bytes += model::encoded_size(one.front());
  instance.stored.inbox.push_back({number, std::move(one.front())});
  if (is_from_holder(instance, instance.stored.inbox.back())) ++instance.from_holder;
  touch(instance);
  return number;
}

void Transition::consume_inbox(Instance& instance, std::size_t count) {
  for (; count > 0; --count) {
    const InboxMessage& message = instance.stored.inbox.front();
    instance.inbox_bytes -= model::encoded_size(message.event);
    erase(model::Space::kInstance, model::inbox_key(instance.key, message.number));
    instance.stored.inbox.pop_front();
  }
}

void Transition::add_pending(Instance& instance, model::TaskId task, model::PendingTask pending) {
  std::string key = model::task_key(instance.key, task);
  std::string row = model::encode_task(key, pending);
  put_new(model::Space::kInstance, std::move(key), std::move(row));
  if (pending.kind == TaskKind::kActivity) ++instance.activities_pending;
  if (is_work(pending)) ++instance.work_pending;
  if (has_due_time(pending)) {
    const model::Execution execution = instance.stored.record.execution;
    std::string timer = model::timer_key(instance.key, pending.fire_at, execution, task);
    std::string mark = model::encode_mark(timer);
    put_new(model::Space::kAgenda, std::move(timer), std::move(mark));
    shard.timers.add({pending.fire_at, instance.key, execution, task});
  }
  const bool added = instance.stored.pending.emplace(task, std::move(pending)).second;
  PERDURE_CHECK(added, "a task number is used for two pending tasks");
  touch(instance);
}

void Transition::remove_pending(Instance& instance, model::TaskId task) {
  const auto found = instance.stored.pending.find(task);
  PERDURE_CHECK(found != instance.stored.pending.end(), "a task ended that was not pending");
  const model::PendingTask& pending = found->second;
  const model::Execution execution = instance.stored.record.execution;
  if (is_work(pending)) --instance.work_pending;
  if (pending.kind == TaskKind::kActivity) {
    --instance.activities_pending;
    if (instance.offered.erase(task) != 0) {
      emit(model::WithdrawWork{model::ActivityToken{.key = instance.key,
                                                    .execution = execution,
                                                    .task = task,
                                                    .attempt = pending.attempts + 1}});
    }
  }
  if (has_due_time(pending)) {
    erase(model::Space::kAgenda, model::timer_key(instance.key, pending.fire_at, execution, task));
    shard.timers.remove({pending.fire_at, instance.key, execution, task});
  }
  erase(model::Space::kInstance, model::task_key(instance.key, task));
  instance.stored.pending.erase(found);
  touch(instance);
}

void Transition::cancel_pending(Instance& instance, model::TaskId task) {
  const auto found = instance.stored.pending.find(task);
  if (found == instance.stored.pending.end()) return;  // its outcome came first
  if (found->second.kind == TaskKind::kChild) {
    terminate_child(instance, task, "the parent no longer waits for it");
  }
  if (found->second.kind == TaskKind::kSection) release_section(instance, task);
  remove_pending(instance, task);
}

void Transition::remove_all_pending(Instance& instance, Children children) {
  std::vector<model::TaskId> tasks;
  for (const auto& [task, pending] : instance.stored.pending) {
    if (children == Children::kKeep && pending.kind == TaskKind::kChild) continue;
    if (pending.kind == TaskKind::kSection) release_section(instance, task);
    tasks.push_back(task);
  }
  for (const model::TaskId task : tasks) remove_pending(instance, task);
}

// ---- work ---------------------------------------------------------------------------------------

void Transition::offer_turn(Instance& instance) {
  instance.gathers = false;
  if (!turn_is_due(instance)) return;
  if (is_entity(instance)) return offer_batch(instance);
  const StoredInstance& stored = instance.stored;
  const model::InstanceRecord& record = stored.record;
  Instance::TurnInFlight turn{.token = {.key = instance.key,
                                        .execution = record.execution,
                                        .past_events = record.history_events,
                                        .attempt = record.turn_attempts + 1 + instance.refusals},
                              .at = std::max(facts.now, record.updated),
                              .offered_at = facts.now,
                              .messages = messages_for_turn(instance),
                              .counted = !instance.turn_uncounted};
  // The code's clock never goes back, not even behind what it is told now: after a restart the
  // machine's clock may be behind the one that a timer fired by.
  for (const model::Event& event : stored.prologue) turn.at = std::max(turn.at, event.at);
  for (std::size_t i = 0; i < turn.messages; ++i) {
    turn.at = std::max(turn.at, stored.inbox[i].event.at);
  }
  model::TurnItem item{.token = turn.token,
                       .name = record.name,
                       .version = record.version,
                       .uncounted_redelivery = !turn.counted,
                       .worker_trace = record.worker_trace};
  item.new_events.reserve(1 + stored.prologue.size() + turn.messages);
  item.new_events.push_back({turn.at, model::TurnStarted{}});
  item.new_events.insert(item.new_events.end(), stored.prologue.begin(), stored.prologue.end());
  for (std::size_t i = 0; i < turn.messages; ++i) item.new_events.push_back(stored.inbox[i].event);
  instance.turn = std::move(turn);
  emit(model::OfferTurn{std::move(item)});
}

void Transition::gather_turn(Instance& instance) {
  if (!turn_is_due(instance)) return;
  if (instance.gathers) {
    if (has_gathered(instance)) offer_turn(instance);
    return;
  }
  if (!is_worth_gathering(instance, shard.gather)) return offer_turn(instance);
  instance.gathers = true;
  base::Duration wait = std::min(instance.turn_took, shard.gather.wait_max);
  wait.us = std::min(wait.us * model::kGatherTurns, shard.gather.wait_max.us);
  emit(model::GatherTurn{.key = instance.key, .wait = wait});
}

void Transition::offer_activity(Instance& instance, const model::ActivityScheduled& scheduled) {
  const model::TaskId task = scheduled.task;
  const model::PendingTask& pending = instance.stored.pending.at(task);
  instance.offered.insert(task);
  emit(model::OfferActivity{{.token = {.key = instance.key,
                                       .execution = instance.stored.record.execution,
                                       .task = task,
                                       .attempt = pending.attempts + 1},
                             .name = pending.name,
                             .version = pending.version,
                             .input = scheduled.input,
                             .tags = scheduled.tags,
                             .trace_parent = scheduled.trace_parent}});
}

void Transition::offer_activity_again(Instance& instance, model::TaskId task,
                                      Redelivery redelivery) {
  const model::PendingTask& pending = instance.stored.pending.at(task);
  instance.offered.insert(task);
  emit(model::OfferActivity{{.token = {.key = instance.key,
                                       .execution = instance.stored.record.execution,
                                       .task = task,
                                       .attempt = pending.attempts + 1},
                             .name = pending.name,
                             .version = pending.version,
                             .input = model::EventReference{pending.chunk, pending.index},
                             .uncounted_redelivery = redelivery == Redelivery::kUncounted,
                             .progress = pending.progress}});
}

void Transition::park(Instance& instance, std::string why) {
  PERDURE_CHECK(!why.empty(), "an instance is parked for no reason");
  instance.parked = std::move(why);
  shard.parked.insert(instance.key);
}

void Transition::unpark(Instance& instance) {
  if (instance.parked.empty()) return;
  instance.parked.clear();
  shard.parked.erase(instance.key);
}

void Transition::forget_turn(Instance& instance) {
  instance.turn_uncounted = false;
  instance.refusals = 0;
  instance.gathers = false;
  if (!instance.turn) return;
  emit(model::WithdrawWork{instance.turn->token});
  instance.turn.reset();
}

// ---- messages, rows -----------------------------------------------------------------------------

void Transition::send(const InstanceKey& from, model::Message message) {
  const model::ShardId target =
      model::shard_of(model::slot_of(model::receiver_of(message)), shard.shard_count);
  const model::Slot sender = model::slot_of(from);
  const std::uint64_t sequence = shard.outbox.next(target);
  std::string key = model::outbox_key(sender, target, sequence);
  std::string row = model::encode_message(key, message);
  put_new(model::Space::kAgenda, std::move(key), std::move(row));
  std::string sent = model::sent_key(model::Slot{shard.slots.first}, target);
  std::string count = model::encode_number(sent, sequence);
  put(model::Space::kAgenda, std::move(sent), std::move(count));
  shard.outbox.add(target, sequence, sender);
  emit(model::SendMessage{
      .source = shard.id, .target = target, .sequence = sequence, .message = std::move(message)});
}

void Transition::tell_parent(const InstanceKey& child, const model::Parent& parent,
                             model::Payload result, std::optional<model::Failure> failure) {
  send(child, model::ChildEnded{.parent = parent,
                                .child_id = child.id,
                                .result = std::move(result),
                                .failure = std::move(failure)});
}

void Transition::put(model::Space space, std::string key, std::string value) {
  shard.writes.push_back({.space = space, .key = std::move(key), .value = std::move(value)});
}

void Transition::put_new(model::Space space, std::string key, std::string value) {
  shard.writes.push_back(
      {.space = space, .key = std::move(key), .value = std::move(value), .fresh = true});
}

void Transition::erase(model::Space space, std::string key) {
  shard.writes.push_back({.space = space, .key = std::move(key), .value = std::nullopt});
}

void Transition::touch(Instance& instance) {
  if (instance.dirty) return;
  instance.dirty = true;
  shard.dirty.push_back(&instance);
}

}  // namespace perdure::core

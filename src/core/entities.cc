// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs of entities. An entity's batch is a turn: the same token, lease, count of attempts and
// commit. What is different is what it takes in (operations, in order; one batch at a time) and
// what it leaves (a state instead of a history).
//
// Locks. The orchestration's shard asks the entities of a section one after the other, in the one
// global order, so no two owners wait for each other. It knows at every moment which it holds and
// which it asked, in the section's task; and the transition that removes this task, whatever the
// reason, sends ReleaseLock to exactly these, behind AcquireLock on the same way. So a lock can
// neither outlive its section nor be granted to one that is over. What the owner sent before it
// left runs before the lock is passed on: ReleaseLock came behind it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/transition.h"
#include "model/limits.h"

namespace perdure::core {

using model::InstanceKey;
using model::TaskKind;

Instance& Transition::entity(const InstanceKey& key) {
  Instance& entity = instance(key);
  if (entity.exists) return entity;
  const auto name = model::parse_entity_id(key.id);
  PERDURE_CHECK(name.has_value(), "a message to an entity with a malformed id");
  model::InstanceRecord& record = entity.stored.record;
  record.execution = execution_after(std::max(record.execution, shard.last_entity));
  shard.last_entity = record.execution;
  record.inbox_next = record.execution.value;
  record.status = model::Status::kRunning;
  record.name = model::batch_name(key.id);
  record.created = record.updated = facts.now;
  entity.exists = true;
  touch(entity);
  return entity;
}

void Transition::enqueue_later(Instance& entity, model::OperationRequested request,
                               base::Timestamp fire_at) {
  const auto& pending = entity.stored.pending;
  model::TaskId task{pending.empty() ? 0 : (pending.rbegin()->first.value + 1) & 0x7FFF'FFFF};
  while (pending.contains(task)) task = model::TaskId{(task.value + 1) & 0x7FFF'FFFF};
  add_pending(entity, task,
              {.kind = TaskKind::kSignal, .fire_at = fire_at, .signal = std::move(request)});
}

void Transition::erase_inbox(Instance& instance, std::size_t place) {
  std::deque<InboxMessage>& inbox = instance.stored.inbox;
  const auto at = inbox.begin() + static_cast<std::ptrdiff_t>(place);
  instance.inbox_bytes -= model::encoded_size(at->event);
  if (is_from_holder(instance, *at)) --instance.from_holder;
  erase(model::Space::kInstance, model::inbox_key(instance.key, at->number));
  inbox.erase(at);
  touch(instance);
}

void Transition::forget_wanted(Instance& entity, const model::Caller& owner) {
  const std::deque<InboxMessage>& inbox = entity.stored.inbox;
  for (std::size_t place = 0; place < inbox.size(); ++place) {
    const auto* wanted = std::get_if<model::LockWanted>(&inbox[place].event.body);
    if (wanted != nullptr && wanted->owner == owner) return erase_inbox(entity, place);
  }
}

void Transition::pass_lock(Instance& entity) {
  std::optional<model::HeldLock>& lock = entity.stored.record.lock;
  const std::deque<InboxMessage>& inbox = entity.stored.inbox;
  // The holder has left, and all that it sent before has run.
  if (lock && lock->until != 0 && entity.from_holder == 0) {
    lock.reset();
    touch(entity);
    show(entity);
  }
  if (entity.turn || lock || inbox.empty()) return;
  const auto* wanted = std::get_if<model::LockWanted>(&inbox.front().event.body);
  if (wanted == nullptr) return;
  model::Caller owner = wanted->owner;
  erase_inbox(entity, 0);
  lock = model::HeldLock{.owner = owner};
  // It may have sent more while it waited in line.
  entity.from_holder = static_cast<std::size_t>(std::ranges::count_if(
      inbox, [&](const InboxMessage& message) { return is_from_holder(entity, message); }));
  send(entity.key, model::LockAcquired{std::move(owner)});
  show(entity);
}

void Transition::go_on(Instance& entity) {
  pass_lock(entity);
  if (has_vanished(entity) && entity.exists) {
    entity.exists = false;
    entity.stored = {};
    unpark(entity);
    if (entity.publication.settling.empty()) shard.instances.note_absent(entity);
    return touch(entity);
  }
  offer_turn(entity);
}

void Transition::offer_batch(Instance& entity) {
  const model::InstanceRecord& record = entity.stored.record;
  const std::vector<std::size_t> places = operations_for_batch(entity);
  Instance::TurnInFlight turn{.token = {.key = entity.key,
                                        .execution = record.execution,
                                        .past_events = record.history_events,
                                        .attempt = record.turn_attempts + 1 + entity.refusals},
                              .at = std::max(facts.now, record.updated),
                              .counted = !entity.turn_uncounted};
  // A signal that came due is not run before its time: after a restart the machine's clock may be
  // behind the one that it came due by.
  for (const std::size_t place : places) {
    turn.at = std::max(turn.at, entity.stored.inbox[place].event.at);
  }
  model::TurnItem item{.token = turn.token,
                       .name = record.name,
                       .state = entity.stored.state,
                       .uncounted_redelivery = !turn.counted};
  item.new_events.reserve(1 + places.size());
  item.new_events.push_back({turn.at, model::TurnStarted{}});
  turn.operations.reserve(places.size());
  for (const std::size_t place : places) {
    const InboxMessage& message = entity.stored.inbox[place];
    turn.operations.push_back(message.number);
    item.new_events.push_back(message.event);
  }
  entity.turn = std::move(turn);
  emit(model::OfferTurn{std::move(item)});
}

void Transition::tell_caller(const InstanceKey& entity, const model::Caller& caller,
                             std::variant<model::Payload, model::Failure> outcome) {
  model::Payload result;
  std::optional<model::Failure> failure;
  if (auto* failed = std::get_if<model::Failure>(&outcome)) {
    failure = std::move(*failed);
  } else {
    result = std::get<model::Payload>(std::move(outcome));
  }
  if (caller.task.value >= 0) {
    send(entity, model::OperationEnded{
                     .caller = caller, .result = std::move(result), .failure = std::move(failure)});
  } else if (!caller.then.empty()) {
    send(entity, model::RunOperation{.entity = caller.key,
                                     .request = {.operation = caller.then,
                                                 .input = std::move(result),
                                                 .failure = std::move(failure)}});
  }
}

void Transition::settle_operation(Instance& entity, std::size_t place,
                                  std::variant<model::Payload, model::Failure> outcome) {
  const InboxMessage& message = entity.stored.inbox[place];
  const auto& request = std::get<model::OperationRequested>(message.event.body);
  if (const auto waiting = entity.callers.extract(message.number)) {
    reply(waiting.mapped(), model::OperationOutcome{std::move(outcome)});
  } else if (request.caller) {
    tell_caller(entity.key, *request.caller, std::move(outcome));
  }
  erase_inbox(entity, place);
}

void Transition::drop_operations(Instance& entity, const model::Failure& failure) {
  for (std::size_t place = 0; place < entity.stored.inbox.size();) {
    const model::EventBody& body = entity.stored.inbox[place].event.body;
    if (std::holds_alternative<model::OperationRequested>(body)) {
      settle_operation(entity, place, failure);
    } else {
      ++place;
    }
  }
  while (!entity.stored.pending.empty()) {
    remove_pending(entity, entity.stored.pending.begin()->first);
  }
}

void Transition::show(Instance& entity) {
  Publication& publication = entity.publication;
  publication.settling.push_back({++publication.version, view_of(entity)});
  emit(model::PublishEntity{entity.key, publication.version});
}

void Transition::acquire_next(const Instance& owner, model::TaskId section) {
  const model::PendingTask& pending = owner.stored.pending.at(section);
  send(owner.key, model::AcquireLock{.entity = {owner.key.hub, pending.entities[pending.locked]},
                                     .owner = caller_of(owner, section)});
}

void Transition::release_section(const Instance& owner, model::TaskId section) {
  const model::PendingTask& pending = owner.stored.pending.at(section);
  const std::size_t asked = std::min<std::size_t>(pending.locked + 1, pending.entities.size());
  for (std::size_t i = 0; i < asked; ++i) {
    send(owner.key, model::ReleaseLock{.entity = {owner.key.hub, pending.entities[i]},
                                       .owner = caller_of(owner, section)});
  }
}

model::EntitySnapshot view_of(const Instance& entity) {
  const model::InstanceRecord& record = entity.stored.record;
  return {.key = entity.key,
          .state = entity.stored.state,
          .updated = record.updated,
          .locked_by = record.lock ? record.lock->owner.key.id : std::string()};
}

}  // namespace perdure::core

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Deliver, Acknowledge: messages between instances. Each is taken once, in the order sent by its
// source shard, whatever is repeated on the way.
#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "core/commands/commands.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

using model::Status;

void take(Transition& t, model::StartChild& message) {
  Instance& child = t.instance(message.child);
  PERDURE_CHECK(message.started.parent.has_value(), "a child without a parent");
  const model::Parent parent = *message.started.parent;
  if (child.exists && model::is_live(child.stored.record.status)) {
    return t.tell_parent(
        child.key, parent, std::nullopt,
        model::Failure{.type = model::kFailureChildRejected,
                       .message = fmt::format("a live instance '{}' exists already; a child needs "
                                              "an id of its own",
                                              child.key.id),
                       .retriable = false});
  }
  t.begin(child, std::move(message.started), {});
}

void take(Transition& t, model::ChildEnded& message) {
  Instance& parent = t.instance(message.parent.key);
  if (!parent.exists || parent.stored.record.execution != message.parent.execution) return;
  const model::TaskId task = message.parent.task;
  const auto found = parent.stored.pending.find(task);
  if (found == parent.stored.pending.end() || found->second.kind != model::TaskKind::kChild ||
      found->second.child_id != message.child_id) {
    return;
  }
  t.remove_pending(parent, task);
  if (!model::is_live(parent.stored.record.status)) return;
  if (message.failure) {
    t.deliver(parent, model::ChildFailed{task, *std::move(message.failure)});
  } else {
    t.deliver(parent, model::ChildCompleted{task, std::move(message.result)});
  }
}

void take(Transition& t, model::DeliverEvent& message) {
  Instance& target = t.instance(message.target);
  if (!target.exists || !model::is_live(target.stored.record.status)) return;
  // A full inbox drops: the sender's turn is committed and can not be refused any more.
  if (target.stored.inbox.size() >= model::kInboxMessagesMax) return;
  t.deliver(target, std::move(message.event));
}

bool is_child_of(const Instance& instance, const model::InstanceKey& parent) {
  return instance.exists && instance.stored.record.parent &&
         instance.stored.record.parent->key == parent;
}

void take(Transition& t, model::TerminateChild& message) {
  Instance& child = t.instance(message.child);
  if (!is_child_of(child, message.parent)) return;
  const model::Parent& parent = *child.stored.record.parent;
  if (parent.execution != message.parent_execution || parent.task != message.task) return;
  if (model::is_live(child.stored.record.status)) {
    terminate(t, child, message.reason, std::nullopt, message.recursive);
  } else if (message.recursive) {
    t.terminate_children(child, message.reason);
  }
}

void take(Transition& t, model::RewindChild& message) {
  Instance& child = t.instance(message.start.child);
  const model::Parent& parent = *message.start.started.parent;
  if (!is_child_of(child, parent.key)) return take(t, message.start);
  model::InstanceRecord& record = child.stored.record;
  record.parent = parent;  // its end now belongs to the parent's new execution
  t.touch(child);
  if (record.status == Status::kFailed && !ends_inside_a_section(t.prefetched)) {
    rewind(t, child, message.reason);
  } else if (model::is_terminal(record.status)) {
    t.tell_parent(child.key, parent, record.output, record.failure);
  }
}

void take(Transition& t, model::StartOrchestration& message) {
  Instance& target = t.instance(message.target);
  if (target.exists && model::is_live(target.stored.record.status)) return;
  t.begin(target, std::move(message.started), {});
}

/// The sender is committed and can not be refused any more: whoever waits for the outcome is told
/// that there is no room, and a signal is dropped.
void refuse_operation(Transition& t, const Instance& entity, const model::RunOperation& message) {
  if (!message.request.caller) return;
  t.tell_caller(
      entity.key, *message.request.caller,
      model::Failure{.type = model::kFailureInboxFull,
                     .message = fmt::format("{} operations of entity '{}' wait already, the limit",
                                            entity.stored.inbox.size(), entity.key.id)});
}

void take(Transition& t, model::RunOperation& message) {
  Instance& known = t.instance(message.entity);
  if (known.stored.inbox.size() + known.stored.pending.size() >= model::kInboxMessagesMax) {
    return refuse_operation(t, known, message);
  }
  Instance& entity = t.entity(message.entity);
  if (message.fire_at && *message.fire_at > t.facts.now) {
    // No order is promised for it any more, so it does not pass for the holder's.
    message.request.caller.reset();
    return t.enqueue_later(entity, std::move(message.request), *message.fire_at);
  }
  t.enqueue(entity, std::move(message.request));
  t.go_on(entity);
}

/// The task of `caller` that waits for this kind of outcome; nullptr: it does not any more.
model::PendingTask* waiting_task(Instance& instance, const model::Caller& caller,
                                 model::TaskKind kind) {
  if (!instance.exists || instance.stored.record.execution != caller.execution) return nullptr;
  const auto found = instance.stored.pending.find(caller.task);
  const bool waits = found != instance.stored.pending.end() && found->second.kind == kind;
  return waits ? &found->second : nullptr;
}

void take(Transition& t, model::OperationEnded& message) {
  Instance& instance = t.instance(message.caller.key);
  const model::TaskId task = message.caller.task;
  if (waiting_task(instance, message.caller, model::TaskKind::kCall) == nullptr) return;
  t.remove_pending(instance, task);
  if (message.failure) {
    t.deliver(instance, model::OperationFailed{task, *std::move(message.failure)});
  } else {
    t.deliver(instance, model::OperationCompleted{task, std::move(message.result)});
  }
}

void take(Transition& t, model::AcquireLock& message) {
  Instance& entity = t.entity(message.entity);
  t.enqueue(entity, model::LockWanted{std::move(message.owner)});
  t.go_on(entity);
}

void take(Transition& t, model::LockAcquired& message) {
  Instance& owner = t.instance(message.owner.key);
  const model::TaskId section = message.owner.task;
  // Without it, ReleaseLock is on its way already.
  model::PendingTask* pending = waiting_task(owner, message.owner, model::TaskKind::kSection);
  if (pending == nullptr) return;
  ++pending->locked;
  std::string key = model::task_key(owner.key, section);
  std::string row = model::encode_task(key, *pending);
  t.put(model::Space::kInstance, std::move(key), std::move(row));
  if (pending->locked < pending->entities.size()) return t.acquire_next(owner, section);
  t.deliver(owner, model::LockGranted{section});
}

void take(Transition& t, model::ReleaseLock& message) {
  Instance& entity = t.instance(message.entity);
  if (!entity.exists) return;
  model::InstanceRecord& record = entity.stored.record;
  if (record.lock && record.lock->owner == message.owner) {
    record.lock->until = record.inbox_next;
    t.touch(entity);
  } else {
    t.forget_wanted(entity, message.owner);
  }
  t.go_on(entity);
}

}  // namespace

void apply_command(Transition& t, model::Deliver& command) {
  PERDURE_CHECK(command.target == t.shard.id, "a message for another shard");
  const std::uint64_t last = t.shard.taken.last(command.source);
  PERDURE_CHECK(command.sequence <= last + 1, "a gap in the messages of a shard");
  if (command.sequence == last + 1) {
    std::visit([&](auto& message) { take(t, message); }, command.message);
    t.shard.taken.take(command.source, command.sequence);
    std::string key = model::taken_key(model::Slot{t.shard.slots.first}, command.source);
    std::string row = model::encode_number(key, command.sequence);
    t.put(model::Space::kAgenda, std::move(key), std::move(row));
  }
  t.emit(model::SendAcknowledgement{
      .source = command.source, .target = command.target, .sequence = command.sequence});
}

void apply_command(Transition& t, model::Acknowledge& command) {
  PERDURE_CHECK(command.source == t.shard.id, "an acknowledgement for another shard");
  for (const auto& [slot, sequence] :
       t.shard.outbox.acknowledge(command.target, command.sequence)) {
    t.erase(model::Space::kAgenda, model::outbox_key(slot, command.target, sequence));
  }
}

}  // namespace perdure::core

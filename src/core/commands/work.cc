// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CompleteActivity, ReportProgress, BeginAttempt, ReturnWork, FireTimer: what comes back from the
// world, and what happens when it does not.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/overloaded.h"
#include "core/commands/commands.h"
#include "model/checks.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

/// The pending activity that a token names; nullptr for a stale one.
model::PendingTask* pending_activity(Instance& instance, const model::ActivityToken& token) {
  if (!instance.exists || instance.stored.record.execution != token.execution) return nullptr;
  const auto found = instance.stored.pending.find(token.task);
  if (found == instance.stored.pending.end()) return nullptr;
  model::PendingTask& pending = found->second;
  const bool current = pending.kind == model::TaskKind::kActivity &&
                       token.attempt == pending.attempts + 1 &&
                       instance.offered.contains(token.task);
  return current ? &pending : nullptr;
}

bool holds(const Instance& instance, const model::TurnToken& token) {
  return instance.turn && instance.turn->token == token;
}

model::Failure poisoned(std::string_view what, model::Attempt attempts) {
  return {.type = model::kFailurePoisoned,
          .message = fmt::format(
              "{} was handed out {} times, and each time its worker died or fell silent", what,
              attempts),
          .retriable = false};
}

/// A result that no record can hold is the activity's failure: trying again would not help.
std::optional<model::Failure> too_large(const model::Payload& result) {
  const auto checked = model::check_payload("result", result, model::kPayloadBytesMax);
  if (checked) return std::nullopt;
  return model::Failure{
      .type = model::kFailureLimit, .message = checked.error().message, .retriable = false};
}

void settle(Transition& t, Instance& instance, model::TaskId task, model::EventBody body) {
  instance.offered.erase(task);
  t.remove_pending(instance, task);
  t.deliver(instance, std::move(body));
}

void write(Transition& t, const Instance& instance, model::TaskId task,
           const model::PendingTask& pending) {
  std::string key = model::task_key(instance.key, task);
  std::string row = model::encode_task(key, pending);
  t.put(model::Space::kInstance, std::move(key), std::move(row));
}

void begin_activity(Transition& t, const model::ActivityToken& token) {
  Instance& instance = t.instance(token.key);
  model::PendingTask* pending = pending_activity(instance, token);
  if (pending == nullptr) return;
  ++pending->attempts;
  if (pending->attempts >= t.shard.attempts_max) {
    settle(t, instance, token.task,
           model::ActivityFailed{token.task, poisoned(fmt::format("activity '{}' (task {})",
                                                                  pending->name, token.task.value),
                                                      pending->attempts)});
    return;
  }
  write(t, instance, token.task, *pending);
  t.offer_activity_again(instance, token.task, Transition::Redelivery::kNo);
}

void begin_turn(Transition& t, const model::TurnToken& token) {
  Instance& instance = t.instance(token.key);
  if (!holds(instance, token)) return;
  model::InstanceRecord& record = instance.stored.record;
  ++record.turn_attempts;
  t.touch(instance);
  instance.turn.reset();
  instance.turn_uncounted = false;
  if (record.turn_attempts >= t.shard.attempts_max && is_entity(instance)) {
    return fail_first_operation(
        t, instance,
        poisoned(fmt::format("an operation of entity '{}'", instance.key.id),
                 record.turn_attempts));
  }
  if (record.turn_attempts >= t.shard.attempts_max) {
    t.end_now(instance, std::nullopt,
              {.ending = model::Ending::kFailed,
               .failure = poisoned(fmt::format("a turn of orchestration '{}'", record.name),
                                   record.turn_attempts)});
    return;
  }
  t.offer_turn(instance);
}

}  // namespace

void apply_command(Transition& t, model::CompleteActivity& command) {
  Instance& instance = t.instance(command.token.key);
  if (pending_activity(instance, command.token) == nullptr) return;
  const model::TaskId task = command.token.task;
  std::visit(base::Overloaded{
                 [&](model::Payload& result) {
                   if (auto large = too_large(result)) {
                     return settle(t, instance, task,
                                   model::ActivityFailed{task, *std::move(large)});
                   }
                   settle(t, instance, task, model::ActivityCompleted{task, std::move(result)});
                 },
                 [&](model::Failure& failure) {
                   model::trim_failure(failure);
                   settle(t, instance, task, model::ActivityFailed{task, std::move(failure)});
                 },
             },
             command.outcome);
}

void apply_command(Transition& t, model::ReportProgress& command) {
  if (!command.progress || command.progress->size() > model::kProgressBytesMax) return;
  Instance& instance = t.instance(command.token.key);
  model::PendingTask* pending = pending_activity(instance, command.token);
  if (pending == nullptr || pending->progress == command.progress) return;
  pending->progress = std::move(command.progress);
  write(t, instance, command.token.task, *pending);
}

void apply_command(Transition& t, model::BeginAttempt& command) {
  std::visit(base::Overloaded{
                 [&](const model::ActivityToken& token) { begin_activity(t, token); },
                 [&](const model::TurnToken& token) { begin_turn(t, token); },
             },
             command.token);
}

void apply_command(Transition& t, model::ReturnWork& command) {
  std::visit(base::Overloaded{
                 [&](const model::ActivityToken& token) {
                   Instance& instance = t.instance(token.key);
                   if (pending_activity(instance, token) == nullptr) return;
                   t.offer_activity_again(instance, token.task,
                                          command.untouched ? Transition::Redelivery::kNo
                                                            : Transition::Redelivery::kUncounted);
                 },
                 [&](const model::TurnToken& token) {
                   Instance& instance = t.instance(token.key);
                   if (!holds(instance, token)) return;
                   instance.turn.reset();
                   if (!command.untouched) instance.turn_uncounted = true;
                   t.offer_turn(instance);
                 },
             },
             command.token);
}

void apply_command(Transition& t, model::FireTimer& command) {
  Instance& instance = t.instance(command.key);
  const auto found = instance.stored.pending.find(command.task);
  const bool armed = instance.exists && instance.stored.record.execution == command.execution &&
                     found != instance.stored.pending.end() &&
                     (found->second.kind == model::TaskKind::kTimer ||
                      found->second.kind == model::TaskKind::kSignal) &&
                     found->second.fire_at == command.fire_at;
  if (command.fire_at > t.facts.now) return;  // never early, whoever asks
  if (!armed) {
    // No task waits for it: a row that outlived its task must not come due for ever.
    t.shard.timers.remove({command.fire_at, command.key, command.execution, command.task});
    t.erase(model::Space::kAgenda,
            model::timer_key(command.key, command.fire_at, command.execution, command.task));
    return;
  }
  const std::optional<model::OperationRequested> signal = std::move(found->second.signal);
  t.remove_pending(instance, command.task);
  if (signal) {
    t.enqueue(instance, *signal);
    t.go_on(instance);
  } else if (command.task == model::kTombstoneTimer) {
    instance.exists = false;
    t.shard.instances.note_absent(instance);
    instance.stored = {};
  } else if (command.task == model::kStartTimer) {
    t.stamp(instance);  // the code's clock is never behind its start, even if the wall clock is
    t.offer_turn(instance);
  } else {
    t.deliver(instance, model::TimerFired{command.task, command.fire_at});
  }
}

}  // namespace perdure::core

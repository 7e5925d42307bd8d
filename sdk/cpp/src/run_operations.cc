// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of a Run's operations: started by the code, completed by events, cancelled by the code.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/check.h"
#include "exceptions.h"
#include "model/limits.h"
#include "model/work_item.h"
#include "runner.h"

namespace perdure::internal {
namespace {

void check_limit(const Decisions& decisions) {
  if (decisions.open() < model::kActionsPerTurnMax) return;
  throw Failure(fmt::format("the code decided more than {} things without waiting; wait for some, "
                            "or use child orchestrations",
                            model::kActionsPerTurnMax))
      .type(kFailureTypeLimit)
      .non_retriable();
}

/// Of the outcome that such an operation waits for.
model::TaskKind kind_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::kActivity: return model::TaskKind::kActivity;
    case OperationKind::kChild: return model::TaskKind::kChild;
    case OperationKind::kCall: return model::TaskKind::kCall;
    case OperationKind::kLock: return model::TaskKind::kSection;
    case OperationKind::kTimer:
    case OperationKind::kEvent: return model::TaskKind::kTimer;
    case OperationKind::kGroup:
    case OperationKind::kRoutine: break;
  }
  PERDURE_CHECK(false, "an operation that waits for no task");
}

model::Tags tags_of(const Operation& operation) {
  if (!operation.speculative) return {};
  return {{std::string(model::kSpeculativeTag), std::string(model::kSpeculativeValue)}};
}

}  // namespace

// ---- Starting -----------------------------------------------------------------------------------

Operation& Run::allocate(OperationKind kind, std::string_view name) {
  Operation* operation = free_;
  if (operation != nullptr) {
    free_ = std::exchange(operation->next_free, nullptr);
  } else {
    operation = new Operation(*this);
    operation->next_allocated = std::exchange(allocated_, operation);
  }
  operation->kind = kind;
  operation->name = name;
  return *operation;
}

/// The number of the next action; its outcome goes to `operation`.
model::TaskId Run::next_task(Operation* operation) {
  const model::TaskId task{static_cast<std::int32_t>(tasks_.size())};
  tasks_.push_back(operation);
  if (operation != nullptr) {
    operation->task = task;
    // A deadline does not keep its wait alive: an event must not go to a wait without handles.
    if (operation->kind != OperationKind::kEvent) retain(*operation);
  }
  return task;
}

void Run::decide(model::Action action) {
  if (closing_) return;
  decisions_.add(std::move(action));
}

OperationRef Run::start_activity(std::string_view name, Payload input, CallOptions options) {
  check_limit(decisions_);
  Operation& operation = allocate(OperationKind::kActivity, name);
  operation.speculative = options.speculative;
  if (options.retry != nullptr) {
    operation.retry = std::make_unique<RetryState>(RetryState{
        .policy = *options.retry, .input = input, .child_id = {}, .version = {}, .started = now_});
  }
  schedule(operation, std::move(input), {}, {});
  return OperationRef(operation);
}

OperationRef Run::start_child(std::string_view name, Payload input, const ChildOptions* options) {
  check_limit(decisions_);
  if (section_) {
    throw std::logic_error(
        "perdure: a child inside a critical section could wait for it for ever; "
        "start it before the section or after");
  }
  Operation& operation = allocate(OperationKind::kChild, name);
  const std::string id = options != nullptr ? options->id() : std::string();
  const std::string version = options != nullptr ? options->version() : std::string();
  if (options != nullptr && options->retry()) {
    operation.retry = std::make_unique<RetryState>(RetryState{.policy = *options->retry(),
                                                              .input = input,
                                                              .child_id = id,
                                                              .version = version,
                                                              .started = now_});
  }
  schedule(operation, std::move(input), id, version);
  return OperationRef(operation);
}

/// One attempt of an activity or child.
void Run::schedule(Operation& operation, Payload input, std::string child_id, std::string version) {
  const model::TaskId task = next_task(&operation);
  if (operation.kind == OperationKind::kActivity) {
    decide(model::ActivityScheduled{.task = task,
                                    .name = operation.name,
                                    .version = {},
                                    .input = std::move(input),
                                    .tags = tags_of(operation),
                                    .trace_parent = {}});
  } else {
    decide(model::ChildScheduled{.task = task,
                                 .id = std::move(child_id),
                                 .name = operation.name,
                                 .version = std::move(version),
                                 .input = std::move(input),
                                 .tags = {},
                                 .trace_parent = {}});
  }
}

void Run::schedule_attempt(Operation& operation) {
  const RetryState& retry = *operation.retry;
  std::string id = retry.child_id;
  if (!id.empty()) id += fmt::format("-{}", retry.attempt);
  schedule(operation, retry.input, std::move(id), retry.version);
}

OperationRef Run::start_timer(base::Timestamp due) {
  check_limit(decisions_);
  Operation& operation = allocate(OperationKind::kTimer, {});
  const model::TaskId task = next_task(&operation);
  decide(model::TimerCreated{.task = task, .fire_at = due});
  return OperationRef(operation);
}

OperationRef Run::start_event(std::string_view name, std::optional<base::Duration> timeout) {
  check_limit(decisions_);
  OperationRef operation(allocate(OperationKind::kEvent, name));
  (*operation).event = std::make_unique<EventState>();
  if (auto arrived = inbox_.take(name)) {
    accept(*operation, *std::move(arrived));
  } else if (timeout && timeout->us <= 0) {
    (*operation).event->timed_out = true;
    (*operation).state = OperationState::kDone;
  } else {
    inbox_.wait(name, *operation);
    if (timeout) {
      const model::TaskId task = next_task(operation.get());
      decide(model::TimerCreated{.task = task, .fire_at = now_ + *timeout});
    }
  }
  return operation;
}

OperationRef Run::start_group(GroupKind kind, std::vector<Member> members) {
  if (kind == GroupKind::kAny && members.empty()) {
    throw std::invalid_argument("perdure: any() of nothing has no winner");
  }
  OperationRef keep(allocate(OperationKind::kGroup, kind == GroupKind::kAll ? "all" : "any"));
  Operation& group = *keep;
  group.group = std::make_unique<GroupState>(
      GroupState{.kind = kind, .members = std::move(members), .remaining = 0});
  GroupState& state = *group.group;
  state.remaining = state.members.size();
  if (state.members.empty()) group.state = OperationState::kDone;
  for (const Member& member : state.members) {
    if ((*member.operation).done()) continue;
    retain(group);
    (*member.operation).groups.push_back(&group);
  }
  for (std::size_t i = 0; i < state.members.size() && !group.done(); ++i) {
    const Operation& member = *state.members[i].operation;
    if (member.done()) on_member_done(group, member);
  }
  return keep;
}

OperationRef Run::start_routine(Routine routine) {
  OperationRef operation(allocate(OperationKind::kRoutine, {}));
  (*operation).routine = std::make_unique<RoutineState>(RoutineState{.routine = routine});
  retain(*operation);  // until its code has ended
  ready_.push_back({routine.coroutine, operation.get()});
  return operation;
}

void Run::send_event(std::string_view target, std::string_view name, Payload payload) {
  check_limit(decisions_);
  decide(model::EventSent{.task = next_task(nullptr),
                          .target = std::string(target),
                          .name = std::string(name),
                          .payload = std::move(payload)});
}

OperationRef Run::start_call(const EntityId& entity, std::string_view operation, Payload input) {
  check_limit(decisions_);
  if (section_ && !std::ranges::binary_search(section_entities_, entity.text())) {
    throw std::logic_error(
        fmt::format("perdure: inside a critical section only its entities can be called, and '{}' "
                    "is none of them: add it to the lock, or send it a signal",
                    entity.text()));
  }
  Operation& call = allocate(OperationKind::kCall, fmt::format("{} {}", entity.text(), operation));
  const model::TaskId task = next_task(&call);
  decide(model::OperationCalled{.task = task,
                                .target = entity.text(),
                                .operation = std::string(operation),
                                .input = std::move(input),
                                .then = {}});
  return OperationRef(call);
}

void Run::send_signal(const EntityId& entity, std::string_view operation, Payload input,
                      std::optional<base::Timestamp> due) {
  check_limit(decisions_);
  decide(model::OperationSignaled{.task = next_task(nullptr),
                                  .target = entity.text(),
                                  .operation = std::string(operation),
                                  .input = std::move(input),
                                  .fire_at = due});
}

OperationRef Run::start_lock(const std::vector<EntityId>& entities) {
  check_limit(decisions_);
  if (entities.empty()) throw std::invalid_argument("perdure: a lock names no entity");
  if (section_) {
    throw std::logic_error(
        "perdure: a critical section inside another one could wait for ever; "
        "lock all entities at once, or leave the first section before");
  }
  std::vector<std::string> ids;
  ids.reserve(entities.size());
  for (const EntityId& entity : entities) ids.push_back(entity.text());
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  Operation& lock = allocate(OperationKind::kLock, "lock");
  const model::TaskId task = next_task(&lock);
  lock.lock = std::make_unique<LockState>(LockState{.section = task});
  section_ = task;
  section_entities_ = ids;
  decide(model::LockRequested{.task = task, .entities = std::move(ids)});
  return OperationRef(lock);
}

void Run::end_section(Operation& lock) noexcept {
  if (closing_ || lock.lock->over || outcome_) return;
  lock.lock->over = true;
  section_.reset();
  decide(model::LockReleased{.task = next_task(nullptr), .section = lock.lock->section});
}

// ---- Completing ---------------------------------------------------------------------------------

OperationRef Run::take_task(model::TaskId task, model::TaskKind outcome) {
  if (outcome_) return {};  // the code has ended
  if (task.value < 0 || static_cast<std::size_t>(task.value) >= tasks_.size()) {
    violate(
        fmt::format("history event {} is the outcome of task #{}, which the code never "
                    "scheduled; the history is not of this code",
                    events_, task.value));
    return {};
  }
  Operation* operation = tasks_[static_cast<std::size_t>(task.value)];
  if (operation == nullptr) return {};  // cancelled, or known already
  const bool is_timer = operation->kind == OperationKind::kTimer ||
                        operation->kind == OperationKind::kEvent ||
                        (operation->retry && operation->retry->waiting);
  if (outcome != (is_timer ? model::TaskKind::kTimer : kind_of(operation->kind))) {
    violate(
        fmt::format("history event {} is an outcome of another kind than task #{}, which is {}; "
                    "the history is not of this code",
                    events_, task.value, label(*operation)));
    return {};
  }
  tasks_[static_cast<std::size_t>(task.value)] = nullptr;
  operation->task = model::TaskId{-1};
  OperationRef taken(*operation);
  if (operation->kind != OperationKind::kEvent) release(*operation);  // the table's reference
  return taken;
}

void Run::on_result(model::TaskId task, model::TaskKind kind, Payload result) {
  const OperationRef operation = take_task(task, kind);
  if (operation.get() == nullptr) return;
  (*operation).result = std::move(result);
  complete(*operation, OperationState::kDone);
}

void Run::on_failure(model::TaskId task, model::TaskKind kind, FailureDetails failure) {
  const OperationRef taken = take_task(task, kind);
  if (taken.get() == nullptr) return;
  Operation& operation = *taken;
  if (operation.retry) {
    RetryState& retry = *operation.retry;
    std::optional<Retry::Duration> delay;
    try {
      const Retry::Duration elapsed((now_ - retry.started).us);
      delay = retry.policy.next_delay(retry.attempt, elapsed, failure);
    } catch (...) {
      failure = details_of(std::current_exception());  // the user's filter threw
    }
    if (delay) {
      ++retry.attempt;
      if (delay->count() == 0) return schedule_attempt(operation);
      retry.waiting = true;
      const model::TaskId wait = next_task(&operation);
      return decide(
          model::TimerCreated{.task = wait, .fire_at = now_ + base::microseconds(delay->count())});
    }
  }
  operation.failure = std::make_unique<FailureDetails>(std::move(failure));
  complete(operation, OperationState::kFailed);
}

void Run::on_timer(model::TaskId task) {
  const OperationRef taken = take_task(task, model::TaskKind::kTimer);
  if (taken.get() == nullptr) return;
  Operation& operation = *taken;
  if (operation.retry) {
    operation.retry->waiting = false;
    return schedule_attempt(operation);
  }
  if (operation.kind == OperationKind::kEvent) {
    inbox_.forget(operation.name, operation);
    operation.event->timed_out = true;
  }
  complete(operation, OperationState::kDone);
}

void Run::on_event(ArrivedEvent arrived) {
  Operation* waiter = outcome_ ? nullptr : inbox_.take_waiter(arrived.event.name);
  if (waiter == nullptr) return inbox_.keep(std::move(arrived));
  accept(*waiter, std::move(arrived));
}

/// REQUIRES: the waiter is not in the inbox.
void Run::accept(Operation& waiter, ArrivedEvent arrived) {
  const OperationRef keep(waiter);
  waiter.event->arrived = true;
  waiter.event->sequence = arrived.sequence;
  waiter.event->sent_name = std::move(arrived.event.name);
  waiter.result = std::move(arrived.event.payload);
  if (waiter.task.value >= 0) give_up_task(waiter);
  complete(waiter, OperationState::kDone);
}

void Run::complete(Operation& operation, OperationState state) {
  const OperationRef keep(operation);
  operation.state = state;
  if (operation.waiter.coroutine) ready_.push_back(std::exchange(operation.waiter, {}));
  ready_.insert(ready_.end(), operation.others.begin(), operation.others.end());
  operation.others.clear();
  for (Operation* group : std::exchange(operation.groups, {})) {
    if (!group->done()) on_member_done(*group, operation);
    release(*group);
  }
}

void Run::on_member_done(Operation& group, const Operation& member) {
  GroupState& state = *group.group;
  const bool failed = member.state != OperationState::kDone;
  if (state.kind == GroupKind::kAll && !failed) {
    if (--state.remaining == 0) finish_group(group, OperationState::kDone);
    return;
  }
  const auto place = std::ranges::find(
      state.members, &member, [](const Member& candidate) { return candidate.operation.get(); });
  state.decider = static_cast<std::size_t>(place - state.members.begin());
  finish_group(group, failed ? OperationState::kFailed : OperationState::kDone);
}

void Run::finish_group(Operation& group, OperationState state) {
  const OperationRef keep(group);
  const bool losers_go =
      group.group->kind == GroupKind::kAny || state == OperationState::kCancelled;
  group.state = state;  // first: cancelling a member must not decide the group again
  for (const Member& member : group.group->members) {
    Operation& operation = *member.operation;
    const auto link = std::ranges::find(operation.groups, &group);
    if (link == operation.groups.end()) continue;
    operation.groups.erase(link);
    release(group);
  }
  if (losers_go) {
    for (const Member& member : group.group->members) cancel(*member.operation);
  }
  complete(group, state);
}

// ---- Cancelling ---------------------------------------------------------------------------------

void Run::cancel(Operation& operation) {
  if (operation.done() || closing_) return;
  const OperationRef keep(operation);
  switch (operation.kind) {
    case OperationKind::kActivity:
    case OperationKind::kChild:
    case OperationKind::kCall:
    case OperationKind::kTimer: give_up_task(operation); break;
    case OperationKind::kLock:
      operation.lock->over = true;
      section_.reset();
      give_up_task(operation);
      break;
    case OperationKind::kEvent:
      inbox_.forget(operation.name, operation);
      if (operation.task.value >= 0) give_up_task(operation);
      break;
    case OperationKind::kGroup: return finish_group(operation, OperationState::kCancelled);
    case OperationKind::kRoutine: return cancel_routine(operation);
  }
  complete(operation, OperationState::kCancelled);
}

/// REQUIRES: the operation waits for a task's outcome, and somebody holds it.
void Run::give_up_task(Operation& operation) {
  const model::TaskId cancelled = std::exchange(operation.task, model::TaskId{-1});
  tasks_[static_cast<std::size_t>(cancelled.value)] = nullptr;
  decide(model::TaskCancelled{.task = next_task(nullptr), .cancelled = cancelled});
  if (operation.kind != OperationKind::kEvent) release(operation);  // the table's reference
}

void Run::cancel_routine(Operation& operation) {
  if (running_ == &operation) {
    throw std::logic_error("perdure: spawned code can not cancel itself; co_return instead");
  }
  const auto is_its = [&](const Waiter& waiter) { return waiter.routine == &operation; };
  OperationRef awaited;
  if (Operation* waits_for = std::exchange(operation.routine->waits_for, nullptr)) {
    awaited = OperationRef(*waits_for);
    if (is_its(waits_for->waiter)) waits_for->waiter = {};
    std::erase_if(waits_for->others, is_its);
  }
  ready_.erase(std::remove_if(ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_),
                              ready_.end(), is_its),
               ready_.end());
  std::exchange(operation.routine->routine.coroutine, nullptr).destroy();
  if (awaited.get() != nullptr && !(*awaited).waiter.coroutine && (*awaited).others.empty() &&
      (*awaited).groups.empty()) {
    cancel(*awaited);
  }
  release(operation);  // what start_routine took
  complete(operation, OperationState::kCancelled);
}

// ---- Handles ------------------------------------------------------------------------------------

void Run::resume_when_done(Operation& operation, std::coroutine_handle<> coroutine) {
  const Waiter waiter{coroutine, running_};
  if (!operation.waiter.coroutine) {
    operation.waiter = waiter;
  } else {
    operation.others.push_back(waiter);
  }
  if (running_ != nullptr) running_->routine->waits_for = &operation;
}

void Run::recycle(Operation& operation) noexcept {
  if (closing_) return;  // free_operations takes them all
  if (operation.kind == OperationKind::kEvent) {
    EventState& event = *operation.event;
    if (!operation.done()) {
      inbox_.forget(operation.name, operation);
      if (operation.task.value >= 0) give_up_task(operation);
    } else if (event.arrived && !event.consumed) {
      // It never reached the code: the next who asks gets it.
      on_event({event.sequence,
                {.name = std::move(event.sent_name), .payload = std::move(operation.result)}});
    }
  }
  if (operation.routine && operation.routine->routine.coroutine) {
    std::exchange(operation.routine->routine.coroutine, nullptr).destroy();
  }
  // Granted, and nobody has asked for the section or has it any more.
  if (operation.lock && operation.done()) end_section(operation);
  operation.state = OperationState::kPending;
  operation.task = model::TaskId{-1};
  operation.speculative = false;
  operation.result.reset();
  operation.failure.reset();
  operation.retry.reset();
  operation.event.reset();
  operation.group.reset();
  operation.routine.reset();
  operation.lock.reset();
  operation.next_free = std::exchange(free_, &operation);
}

void Run::free_operations() {
  ready_.clear();
  next_ready_ = 0;
  // Destructors of the user's code may start further operations: look again until none is left.
  for (bool again = true; again;) {
    again = false;
    for (Operation* at = allocated_; at != nullptr; at = at->next_allocated) {
      if (!at->routine || !at->routine->routine.coroutine) continue;
      std::exchange(at->routine->routine.coroutine, nullptr).destroy();
      again = true;
    }
  }
  main_.reset();
  for (Operation* at = allocated_; at != nullptr; at = at->next_allocated) at->group.reset();
  while (allocated_ != nullptr) delete std::exchange(allocated_, allocated_->next_allocated);
}

}  // namespace perdure::internal

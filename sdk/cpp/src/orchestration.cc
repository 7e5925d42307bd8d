// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The public face of a Run: the context, and the handles to operations.
#include "perdure/orchestration.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/check.h"
#include "operation.h"
#include "runner.h"
#include "time_points.h"

namespace perdure {
namespace internal {

void retain(Operation& operation) noexcept { ++operation.references; }

void release(Operation& operation) noexcept {
  if (--operation.references == 0) operation.run->recycle(operation);
}

bool is_done(const Operation& operation) noexcept { return operation.done(); }

void resume_when_done(Operation& operation, std::coroutine_handle<> waiter) {
  operation.run->resume_when_done(operation, waiter);
}

std::string label(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kActivity: return "activity '" + operation.name + "'";
    case OperationKind::kChild: return "child '" + operation.name + "'";
    case OperationKind::kTimer: return "timer";
    case OperationKind::kEvent: return "event '" + operation.name + "'";
    case OperationKind::kGroup: return operation.name + "(...)";
    case OperationKind::kRoutine: return "spawned task";
    case OperationKind::kCall: return "operation '" + operation.name + "'";
    case OperationKind::kLock: return "critical section";
  }
  PERDURE_CHECK(false, "an operation without a kind");
}

namespace {

[[noreturn]] void throw_cancelled(const Operation& operation) {
  FailureDetails details;
  details.type = kFailureTypeCancelled;
  details.message = "the orchestration no longer waits for it";
  details.retriable = false;
  throw TaskFailed(label(operation), std::move(details));
}

}  // namespace

const Payload& result_of(Operation& operation) {
  if (operation.state == OperationState::kCancelled) throw_cancelled(operation);
  if (operation.failure) throw TaskFailed(label(operation), *operation.failure);
  if (operation.event) operation.event->consumed = true;
  return operation.result;
}

bool timed_out(const Operation& operation) { return operation.event->timed_out; }

void explain(const Operation& operation, DecodeError& error) {
  const char* what = operation.kind == OperationKind::kEvent ? "the payload of " : "the result of ";
  error.of(what + label(operation));
}

const std::vector<Member>& members_of(const Operation& group) { return group.group->members; }

std::size_t decider_of(const Operation& group) { return group.group->decider; }

bool group_failed(const Operation& group) {
  if (group.state == OperationState::kCancelled) throw_cancelled(group);
  return group.state == OperationState::kFailed;
}

std::coroutine_handle<> routine_of(const Operation& operation) {
  if (operation.state == OperationState::kCancelled) throw_cancelled(operation);
  return operation.routine->routine.coroutine;
}

Section get_section(Operation& operation) {
  static_cast<void>(result_of(operation));  // throws if it was cancelled
  if (std::exchange(operation.lock->taken, true)) {
    throw std::logic_error("perdure: a lock is awaited once: the section is an object");
  }
  return Section(OperationRef(operation));
}

}  // namespace internal

void Section::release() noexcept {
  if (operation_.get() == nullptr) return;
  (*operation_).run->end_section(*operation_);
  operation_ = {};
}

void ContinueAsNew::Awaiter::await_suspend(std::coroutine_handle<>) const {
  request_->run_->continue_as_new(std::move(request_->input_), std::move(request_->version_));
}

// ---- The context --------------------------------------------------------------------------------

internal::OperationRef Orchestration::start_activity(std::string_view name, Payload input,
                                                     internal::CallOptions options) {
  return run_->start_activity(name, std::move(input), options);
}

internal::OperationRef Orchestration::start_child(std::string_view name, Payload input,
                                                  const ChildOptions* options) {
  return run_->start_child(name, std::move(input), options);
}

internal::OperationRef Orchestration::start_routine(internal::Routine routine) {
  return run_->start_routine(routine);
}

internal::OperationRef Orchestration::start_event(std::string_view name,
                                                  std::optional<Duration> timeout) {
  if (!timeout) return run_->start_event(name, std::nullopt);
  return run_->start_event(name, base::microseconds(timeout->count()));
}

internal::OperationRef Orchestration::start_group(internal::GroupKind kind,
                                                  std::vector<internal::Member> members) {
  return run_->start_group(kind, std::move(members));
}

internal::OperationRef Orchestration::start_operation(const EntityId& entity,
                                                      std::string_view operation, Payload input) {
  return run_->start_call(entity, operation, std::move(input));
}

void Orchestration::send_operation(const EntityId& entity, std::string_view operation,
                                   Payload input, std::optional<TimePoint> due) {
  std::optional<base::Timestamp> fire_at;
  if (due) fire_at = internal::to_timestamp(*due);
  run_->send_signal(entity, operation, std::move(input), fire_at);
}

Future<Section> Orchestration::lock(const std::vector<EntityId>& entities) {
  return {run_->start_lock(entities), &internal::get_section};
}

void Orchestration::cancel_operation(internal::Operation& operation) { run_->cancel(operation); }

void Orchestration::send_event(std::string_view instance_id, std::string_view event_name,
                               Payload payload) {
  run_->send_event(instance_id, event_name, std::move(payload));
}

void Orchestration::set_custom_status(std::string value) {
  run_->set_custom_status(std::move(value));
}

void Orchestration::clear_status() { run_->set_custom_status(std::nullopt); }

Future<void> Orchestration::timer(Duration delay) {
  const base::Duration wait = base::microseconds(std::max(delay, Duration::zero()).count());
  return {run_->start_timer(run_->now() + wait), &internal::get_result<void>};
}

Future<void> Orchestration::timer(TimePoint due) {
  return {run_->start_timer(internal::to_timestamp(due)), &internal::get_result<void>};
}

Orchestration::TimePoint Orchestration::now() const { return internal::to_time_point(run_->now()); }

const std::string& Orchestration::id() const { return run_->key().id; }
const std::string& Orchestration::hub() const { return run_->key().hub; }
const std::string& Orchestration::name() const { return run_->name(); }
const std::string& Orchestration::version() const { return run_->version(); }
std::uint64_t Orchestration::execution() const { return run_->execution().value; }
const std::optional<std::string>& Orchestration::parent() const { return run_->parent(); }

std::string Orchestration::new_uuid() { return run_->new_uuid(); }
Random& Orchestration::random() { return run_->random(); }
void Orchestration::log(std::string_view line) { run_->log(line); }
bool Orchestration::is_replaying() const { return run_->replaying(); }

}  // namespace perdure

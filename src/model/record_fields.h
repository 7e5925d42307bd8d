// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of every stored struct, in the order of their bytes, and the stored number of every
// kind of event and message. Fields are only ever appended, and numbers are never used for anything
// else: see "How the format may evolve" in docs/reference/records.md. Private to the record codec.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "model/event.h"
#include "model/failure.h"
#include "model/instance.h"
#include "model/message.h"
#include "model/record_archive.h"

namespace perdure::model {

// ---- Kinds --------------------------------------------------------------------------------------

/// The stored number of an event's kind. An alternative without one does not compile.
template <class Body>
inline constexpr std::uint64_t kEventKind = [] {
  static_assert(sizeof(Body) == 0, "give the new kind of event a number");
  return 0;
}();
template <>
inline constexpr std::uint64_t kEventKind<ExecutionStarted> = 1;
template <>
inline constexpr std::uint64_t kEventKind<ExecutionCompleted> = 2;
template <>
inline constexpr std::uint64_t kEventKind<TurnStarted> = 3;
template <>
inline constexpr std::uint64_t kEventKind<ActivityScheduled> = 4;
template <>
inline constexpr std::uint64_t kEventKind<ActivityCompleted> = 5;
template <>
inline constexpr std::uint64_t kEventKind<ActivityFailed> = 6;
template <>
inline constexpr std::uint64_t kEventKind<TimerCreated> = 7;
template <>
inline constexpr std::uint64_t kEventKind<TimerFired> = 8;
template <>
inline constexpr std::uint64_t kEventKind<ChildScheduled> = 9;
template <>
inline constexpr std::uint64_t kEventKind<ChildCompleted> = 10;
template <>
inline constexpr std::uint64_t kEventKind<ChildFailed> = 11;
template <>
inline constexpr std::uint64_t kEventKind<EventRaised> = 12;
template <>
inline constexpr std::uint64_t kEventKind<EventSent> = 13;
template <>
inline constexpr std::uint64_t kEventKind<TaskCancelled> = 14;
template <>
inline constexpr std::uint64_t kEventKind<ExecutionSuspended> = 15;
template <>
inline constexpr std::uint64_t kEventKind<ExecutionResumed> = 16;
template <>
inline constexpr std::uint64_t kEventKind<ExecutionTerminated> = 17;
template <>
inline constexpr std::uint64_t kEventKind<ExecutionRewound> = 18;
template <>
inline constexpr std::uint64_t kEventKind<OperationCalled> = 19;
template <>
inline constexpr std::uint64_t kEventKind<OperationSignaled> = 20;
template <>
inline constexpr std::uint64_t kEventKind<OperationCompleted> = 21;
template <>
inline constexpr std::uint64_t kEventKind<OperationFailed> = 22;
template <>
inline constexpr std::uint64_t kEventKind<LockRequested> = 23;
template <>
inline constexpr std::uint64_t kEventKind<LockGranted> = 24;
template <>
inline constexpr std::uint64_t kEventKind<LockReleased> = 25;
template <>
inline constexpr std::uint64_t kEventKind<OperationRequested> = 26;
template <>
inline constexpr std::uint64_t kEventKind<LockWanted> = 27;

/// The stored number of a message's kind.
template <class Body>
inline constexpr std::uint64_t kMessageKind = [] {
  static_assert(sizeof(Body) == 0, "give the new kind of message a number");
  return 0;
}();
template <>
inline constexpr std::uint64_t kMessageKind<StartChild> = 1;
template <>
inline constexpr std::uint64_t kMessageKind<ChildEnded> = 2;
template <>
inline constexpr std::uint64_t kMessageKind<DeliverEvent> = 3;
template <>
inline constexpr std::uint64_t kMessageKind<TerminateChild> = 4;
template <>
inline constexpr std::uint64_t kMessageKind<RewindChild> = 5;
template <>
inline constexpr std::uint64_t kMessageKind<StartOrchestration> = 6;
template <>
inline constexpr std::uint64_t kMessageKind<RunOperation> = 7;
template <>
inline constexpr std::uint64_t kMessageKind<OperationEnded> = 8;
template <>
inline constexpr std::uint64_t kMessageKind<AcquireLock> = 9;
template <>
inline constexpr std::uint64_t kMessageKind<LockAcquired> = 10;
template <>
inline constexpr std::uint64_t kMessageKind<ReleaseLock> = 11;

// ---- Fields -------------------------------------------------------------------------------------

/// A `Struct`, const for Measure and Put and mutable for Take.
template <class T, class Struct>
concept Some = std::same_as<std::remove_const_t<T>, Struct>;

void fields(auto& a, Some<InstanceKey> auto& v) {
  a.text(v.hub);
  a.text(v.id);
}

void fields(auto& a, Some<Parent> auto& v) {
  a.nested(v.key);
  a.number(v.execution);
  a.number(v.task);
  a.text(v.name);
}

void fields(auto& a, Some<Caller> auto& v) {
  a.nested(v.key);
  a.number(v.execution);
  a.number(v.task);
  a.text(v.then);
}

void fields(auto& a, Some<Failure> auto& v) {
  a.text(v.type);
  a.text(v.message);
  a.text(v.stack);
  a.flag(v.retriable);
  a.inner(v.inner);
  a.tail(!v.properties.empty(), [&] { a.text(v.properties); });
}

// Events.

void fields(auto& a, Some<ExecutionStarted> auto& v) {
  a.text(v.name);
  a.text(v.version);
  a.payload(v.input);
  a.tags(v.tags);
  a.nested(v.parent);
  a.time(v.scheduled_start);
  a.text(v.trace_parent);
}

void fields(auto& a, Some<ExecutionCompleted> auto& v) {
  a.choice(v.ending, Ending::kCompleted, Ending::kTerminated);
  a.payload(v.output);
  a.nested(v.failure);
}

void fields(auto&, Some<TurnStarted> auto&) {}

void fields(auto& a, Some<ActivityScheduled> auto& v) {
  a.number(v.task);
  a.text(v.name);
  a.text(v.version);
  a.payload(v.input);
  a.tags(v.tags);
  a.text(v.trace_parent);
}

void fields(auto& a, Some<ActivityCompleted> auto& v) {
  a.number(v.task);
  a.payload(v.result);
}

void fields(auto& a, Some<ActivityFailed> auto& v) {
  a.number(v.task);
  a.nested(v.failure);
}

void fields(auto& a, Some<TimerCreated> auto& v) {
  a.number(v.task);
  a.time(v.fire_at);
}

void fields(auto& a, Some<TimerFired> auto& v) {
  a.number(v.task);
  a.time(v.fire_at);
}

void fields(auto& a, Some<ChildScheduled> auto& v) {
  a.number(v.task);
  a.text(v.id);
  a.text(v.name);
  a.text(v.version);
  a.payload(v.input);
  a.tags(v.tags);
  a.text(v.trace_parent);
  a.tail(v.start_at.has_value(), [&] { a.time(v.start_at); });
}

void fields(auto& a, Some<ChildCompleted> auto& v) {
  a.number(v.task);
  a.payload(v.result);
}

void fields(auto& a, Some<ChildFailed> auto& v) {
  a.number(v.task);
  a.nested(v.failure);
}

void fields(auto& a, Some<EventRaised> auto& v) {
  a.text(v.name);
  a.payload(v.payload);
}

void fields(auto& a, Some<EventSent> auto& v) {
  a.number(v.task);
  a.text(v.target);
  a.text(v.name);
  a.payload(v.payload);
}

void fields(auto& a, Some<TaskCancelled> auto& v) {
  a.number(v.task);
  a.number(v.cancelled);
}

void fields(auto& a, Some<ExecutionSuspended> auto& v) { a.text(v.reason); }

void fields(auto& a, Some<ExecutionResumed> auto& v) { a.text(v.reason); }

void fields(auto& a, Some<ExecutionTerminated> auto& v) {
  a.text(v.reason);
  a.flag(v.recursive);
}

void fields(auto& a, Some<ExecutionRewound> auto& v) { a.text(v.reason); }

void fields(auto& a, Some<OperationCalled> auto& v) {
  a.number(v.task);
  a.text(v.target);
  a.text(v.operation);
  a.payload(v.input);
  a.text(v.then);
  a.tail(!v.correlation.empty(), [&] { a.text(v.correlation); });
}

void fields(auto& a, Some<OperationSignaled> auto& v) {
  a.number(v.task);
  a.text(v.target);
  a.text(v.operation);
  a.payload(v.input);
  a.time(v.fire_at);
  a.tail(!v.correlation.empty(), [&] { a.text(v.correlation); });
}

void fields(auto& a, Some<OperationCompleted> auto& v) {
  a.number(v.task);
  a.payload(v.result);
}

void fields(auto& a, Some<OperationFailed> auto& v) {
  a.number(v.task);
  a.nested(v.failure);
}

void fields(auto& a, Some<LockRequested> auto& v) {
  a.number(v.task);
  a.texts(v.entities);
  a.tail(!v.correlation.empty(), [&] { a.text(v.correlation); });
}

void fields(auto& a, Some<LockGranted> auto& v) { a.number(v.task); }

void fields(auto& a, Some<LockReleased> auto& v) {
  a.number(v.task);
  a.number(v.section);
  a.tail(!v.correlation.empty() || !v.entity.empty(), [&] {
    a.text(v.correlation);
    a.text(v.entity);
  });
}

void fields(auto& a, Some<OperationRequested> auto& v) {
  a.text(v.operation);
  a.payload(v.input);
  a.nested(v.caller);
  a.nested(v.failure);
}

void fields(auto& a, Some<LockWanted> auto& v) { a.nested(v.owner); }

// Messages.

void fields(auto& a, Some<StartChild> auto& v) {
  a.nested(v.child);
  a.nested(v.started);
}

void fields(auto& a, Some<ChildEnded> auto& v) {
  a.nested(v.parent);
  a.text(v.child_id);
  a.payload(v.result);
  a.nested(v.failure);
}

void fields(auto& a, Some<DeliverEvent> auto& v) {
  a.nested(v.target);
  a.nested(v.event);
}

void fields(auto& a, Some<TerminateChild> auto& v) {
  a.nested(v.child);
  a.nested(v.parent);
  a.text(v.reason);
  a.flag(v.recursive);
  a.number(v.parent_execution);
  a.number(v.task);
}

void fields(auto& a, Some<RewindChild> auto& v) {
  a.nested(v.start);
  a.text(v.reason);
}

void fields(auto& a, Some<StartOrchestration> auto& v) {
  a.nested(v.target);
  a.nested(v.started);
}

void fields(auto& a, Some<RunOperation> auto& v) {
  a.nested(v.entity);
  a.nested(v.request);
  a.time(v.fire_at);
}

void fields(auto& a, Some<OperationEnded> auto& v) {
  a.nested(v.caller);
  a.payload(v.result);
  a.nested(v.failure);
}

void fields(auto& a, Some<AcquireLock> auto& v) {
  a.nested(v.entity);
  a.nested(v.owner);
}

void fields(auto& a, Some<LockAcquired> auto& v) { a.nested(v.owner); }

void fields(auto& a, Some<ReleaseLock> auto& v) {
  a.nested(v.entity);
  a.nested(v.owner);
}

// Rows.

void fields(auto& a, Some<HeldLock> auto& v) {
  a.nested(v.owner);
  a.number(v.until);
}

void fields(auto& a, Some<InstanceRecord> auto& v) {
  a.choice(v.status, Status::kPending, Status::kPurged);
  a.number(v.execution);
  a.text(v.name);
  a.text(v.version);
  a.tags(v.tags);
  a.nested(v.parent);
  a.text(v.trace_parent);
  a.text(v.idempotency_key);
  a.time(v.created);
  a.time(v.updated);
  a.time(v.scheduled_start);
  a.time(v.ended);
  a.choice(v.resume_to, Status::kPending, Status::kPurged);
  a.number(v.history_events);
  a.number(v.history_chain);
  a.number(v.inbox_next);
  a.number(v.turn_attempts);
  a.payload(v.custom_status);
  a.payload(v.output);
  a.nested(v.failure);
  a.nested(v.lock);
  a.tail(!v.worker_trace.empty(), [&] { a.text(v.worker_trace); });
}

void fields(auto& a, Some<PendingTask> auto& v) {
  a.choice(v.kind, TaskKind::kActivity, TaskKind::kSignal);
  a.text(v.name);
  a.text(v.version);
  a.number(v.chunk);
  a.number(v.index);
  a.number(v.attempts);
  a.time(v.fire_at);
  a.text(v.child_id);
  a.texts(v.entities);
  a.number(v.locked);
  a.nested(v.signal);
  a.tail(v.progress.has_value(), [&] { a.payload(v.progress); });
}

}  // namespace perdure::model

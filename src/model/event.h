// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The events of a history: the only truth about an orchestration. Closed: a new kind fails to
// compile wherever it is not handled. Values.
//
// The numbers of the kinds are in record.h and never change.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/entity.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

/// Who waits for the outcome of a sub-orchestration.
struct Parent {
  InstanceKey key;
  Execution execution;
  TaskId task;
  std::string name;  // of the parent's orchestration

  friend bool operator==(const Parent&, const Parent&) = default;
};

// ---- How an execution begins and ends -----------------------------------------------------------

struct ExecutionStarted {
  std::string name;
  std::string version;
  Payload input;
  Tags tags;
  std::optional<Parent> parent;
  std::optional<base::Timestamp> scheduled_start;
  std::string trace_parent;  // W3C traceparent; a space and the tracestate may follow. Opaque

  friend bool operator==(const ExecutionStarted&, const ExecutionStarted&) = default;
};

/// The last event of a history that ended. `failure` is set for kFailed, `output` otherwise.
enum class Ending : std::uint8_t { kCompleted = 1, kFailed = 2, kTerminated = 3 };

struct ExecutionCompleted {
  Ending ending = Ending::kCompleted;
  Payload output;
  std::optional<Failure> failure;

  friend bool operator==(const ExecutionCompleted&, const ExecutionCompleted&) = default;
};

// ---- What reaches the code (inbound) ------------------------------------------------------------

/// The first event of every turn; the event's time is what the code sees as "now" in that turn.
struct TurnStarted {
  friend bool operator==(const TurnStarted&, const TurnStarted&) = default;
};

struct ActivityCompleted {
  TaskId task;
  Payload result;

  friend bool operator==(const ActivityCompleted&, const ActivityCompleted&) = default;
};

struct ActivityFailed {
  TaskId task;
  Failure failure;

  friend bool operator==(const ActivityFailed&, const ActivityFailed&) = default;
};

struct TimerFired {
  TaskId task;
  base::Timestamp fire_at;

  friend bool operator==(const TimerFired&, const TimerFired&) = default;
};

struct ChildCompleted {
  TaskId task;
  Payload result;

  friend bool operator==(const ChildCompleted&, const ChildCompleted&) = default;
};

struct ChildFailed {
  TaskId task;
  Failure failure;

  friend bool operator==(const ChildFailed&, const ChildFailed&) = default;
};

struct EventRaised {
  std::string name;  // as sent; matched without regard to case
  Payload payload;

  friend bool operator==(const EventRaised&, const EventRaised&) = default;
};

/// Of an entity's operation that was called.
struct OperationCompleted {
  TaskId task;
  Payload result;

  friend bool operator==(const OperationCompleted&, const OperationCompleted&) = default;
};

struct OperationFailed {
  TaskId task;
  Failure failure;

  friend bool operator==(const OperationFailed&, const OperationFailed&) = default;
};

/// Every entity of the section is held by this orchestration now.
struct LockGranted {
  TaskId task;

  friend bool operator==(const LockGranted&, const LockGranted&) = default;
};

/// An operator asked for a failed instance to go on. It makes a turn happen; the code does not see
/// it.
struct ExecutionRewound {
  std::string reason;

  friend bool operator==(const ExecutionRewound&, const ExecutionRewound&) = default;
};

// ---- What the code decided (one per action, in the order decided) -------------------------------

struct ActivityScheduled {
  TaskId task;
  std::string name;
  std::string version;
  Payload input;
  Tags tags;
  std::string trace_parent;

  friend bool operator==(const ActivityScheduled&, const ActivityScheduled&) = default;
};

struct TimerCreated {
  TaskId task;
  base::Timestamp fire_at;

  friend bool operator==(const TimerCreated&, const TimerCreated&) = default;
};

struct ChildScheduled {
  TaskId task;
  std::string id;  // of the child, in the parent's hub; never empty here
  std::string name;
  std::string version;
  Payload input;
  Tags tags;
  std::string trace_parent;
  std::optional<base::Timestamp> start_at{};  // decided by an entity: not before

  friend bool operator==(const ChildScheduled&, const ChildScheduled&) = default;
};

/// A message to another instance of the same hub. Its receiver sees EventRaised.
struct EventSent {
  TaskId task;
  std::string target;  // instance id
  std::string name;
  Payload payload;

  friend bool operator==(const EventSent&, const EventSent&) = default;
};

/// Runs an operation of an entity and waits for its outcome.
struct OperationCalled {
  TaskId task;
  std::string target;  // entity id
  std::string operation;
  Payload input;
  /// Decided by an entity: the outcome comes back as this operation of its own.
  std::string then;
  std::string correlation{};  // what the worker calls it: it gets it back with the history

  friend bool operator==(const OperationCalled&, const OperationCalled&) = default;
};

/// The same without an outcome; not before `fire_at`, if there is one.
struct OperationSignaled {
  TaskId task;
  std::string target;  // entity id
  std::string operation;
  Payload input;
  std::optional<base::Timestamp> fire_at;
  std::string correlation{};

  friend bool operator==(const OperationSignaled&, const OperationSignaled&) = default;
};

/// A critical section over these entities is to begin.
struct LockRequested {
  TaskId task;
  std::vector<std::string> entities;  // ids, ascending, each once: the one global order
  std::string correlation{};          // what the worker calls the section

  friend bool operator==(const LockRequested&, const LockRequested&) = default;
};

/// The code left the section that `section` requested. Of no section: nothing happens.
struct LockReleased {
  TaskId task;
  TaskId section;
  // What the worker said: some report the end once for each entity.
  std::string correlation{};
  std::string entity{};

  friend bool operator==(const LockReleased&, const LockReleased&) = default;
};

/// The code no longer waits for `cancelled`: the timer is gone, the activity is withdrawn where
/// that is still possible, the child is terminated, the lock is given back. A late outcome is
/// dropped.
struct TaskCancelled {
  TaskId task;
  TaskId cancelled;

  friend bool operator==(const TaskCancelled&, const TaskCancelled&) = default;
};

// ---- What an operator did -----------------------------------------------------------------------

struct ExecutionSuspended {
  std::string reason;

  friend bool operator==(const ExecutionSuspended&, const ExecutionSuspended&) = default;
};

struct ExecutionResumed {
  std::string reason;

  friend bool operator==(const ExecutionResumed&, const ExecutionResumed&) = default;
};

struct ExecutionTerminated {
  std::string reason;
  bool recursive = false;

  friend bool operator==(const ExecutionTerminated&, const ExecutionTerminated&) = default;
};

using EventBody =
    std::variant<ExecutionStarted, ExecutionCompleted, TurnStarted, ActivityScheduled,
                 ActivityCompleted, ActivityFailed, TimerCreated, TimerFired, ChildScheduled,
                 ChildCompleted, ChildFailed, EventRaised, EventSent, TaskCancelled,
                 ExecutionSuspended, ExecutionResumed, ExecutionTerminated, ExecutionRewound,
                 OperationCalled, OperationSignaled, OperationCompleted, OperationFailed,
                 LockRequested, LockGranted, LockReleased, OperationRequested, LockWanted>;

struct Event {
  base::Timestamp at;
  EventBody body;

  friend bool operator==(const Event&, const Event&) = default;
};

/// True for what an action of the code left in the history: these are compared on replay.
bool is_action(const Event& event);
/// The task an event is about: the one an action created, or the one an outcome belongs to.
std::optional<TaskId> task_of(const Event& event);
/// "ActivityScheduled": the name of the kind, for people.
std::string_view kind_name(const EventBody& body);
/// One line: kind, task and name, without payloads: "ActivityScheduled #3 'charge'".
std::string describe(const Event& event);

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What one instance sends to another. Kept in the sender's outbox from the commit that decided it
// until the receiver's commit is acknowledged; the receiver drops what it has already seen, by
// (source shard, sequence). Values.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "model/event.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

struct StartChild {
  InstanceKey child;
  ExecutionStarted started;  // parent is set

  friend bool operator==(const StartChild&, const StartChild&) = default;
};

/// The child ended, or could not be started. Dropped unless the parent is still in
/// `parent.execution`.
struct ChildEnded {
  Parent parent;
  std::string child_id;
  Payload result;                  // when it completed
  std::optional<Failure> failure;  // when it did not

  friend bool operator==(const ChildEnded&, const ChildEnded&) = default;
};

struct DeliverEvent {
  InstanceKey target;
  EventRaised event;

  friend bool operator==(const DeliverEvent&, const DeliverEvent&) = default;
};

/// The parent ended, or no longer waits. Only obeyed by the child that this task of this execution
/// started: the parent may have wanted the same id twice.
struct TerminateChild {
  InstanceKey child;
  InstanceKey parent;
  std::string reason;
  bool recursive = false;
  Execution parent_execution;
  TaskId task;

  friend bool operator==(const TerminateChild&, const TerminateChild&) = default;
};

/// The parent was rewound and waits again. A failed child goes on under the parent's new execution;
/// one that is gone is started again; one that ended otherwise reports its end again.
struct RewindChild {
  StartChild start;
  std::string reason;

  friend bool operator==(const RewindChild&, const RewindChild&) = default;
};

/// What an entity starts: nobody waits for its end. Dropped while a live instance has the id.
struct StartOrchestration {
  InstanceKey target;
  ExecutionStarted started;  // parent is empty

  friend bool operator==(const StartOrchestration&, const StartOrchestration&) = default;
};

struct RunOperation {
  InstanceKey entity;
  OperationRequested request;
  std::optional<base::Timestamp> fire_at;  // not before

  friend bool operator==(const RunOperation&, const RunOperation&) = default;
};

/// Dropped unless `caller` still waits: its execution goes on, and the task is open.
struct OperationEnded {
  Caller caller;
  Payload result;                  // when it completed
  std::optional<Failure> failure;  // when it did not

  friend bool operator==(const OperationEnded&, const OperationEnded&) = default;
};

/// To the entities of a section one after the other, in their global order.
struct AcquireLock {
  InstanceKey entity;
  Caller owner;

  friend bool operator==(const AcquireLock&, const AcquireLock&) = default;
};

struct LockAcquired {
  Caller owner;

  friend bool operator==(const LockAcquired&, const LockAcquired&) = default;
};

/// Ends what AcquireLock began, granted or not. Sent by the very transition that ends the section
/// or its owner, behind AcquireLock on the same way: so no lock can outlive its section.
struct ReleaseLock {
  InstanceKey entity;
  Caller owner;

  friend bool operator==(const ReleaseLock&, const ReleaseLock&) = default;
};

using Message = std::variant<StartChild, ChildEnded, DeliverEvent, TerminateChild, RewindChild,
                             StartOrchestration, RunOperation, OperationEnded, AcquireLock,
                             LockAcquired, ReleaseLock>;

/// The instance a message is for.
const InstanceKey& receiver_of(const Message& message);

}  // namespace perdure::model

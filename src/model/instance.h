// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The rows that make up a stored instance, and the snapshot a client sees. Values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/entity.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

/// The numbers are stored; never change them.
enum class Status : std::uint8_t {
  kPending = 1,    // accepted; its first turn is not committed yet
  kRunning = 2,    //
  kSuspended = 3,  // an operator holds it; messages gather in the inbox
  kCompleted = 4,
  kFailed = 5,
  kTerminated = 6,
  kPurged = 7,  // a tombstone: only the execution number is kept. Clients see "not found"
};

constexpr bool is_terminal(Status status) {
  return status == Status::kCompleted || status == Status::kFailed || status == Status::kTerminated;
}
constexpr bool is_live(Status status) {
  return status == Status::kPending || status == Status::kRunning || status == Status::kSuspended;
}
/// "RUNNING", as printed and as typed in filters.
std::string_view status_name(Status status);
/// The inverse, in any case; nothing for an unknown name.
std::optional<Status> status_from_name(std::string_view name);

/// The head row of an instance: everything small about it. Rewritten by every turn.
struct InstanceRecord {
  Status status = Status::kPending;
  Execution execution;
  std::string name;
  std::string version;
  Tags tags;
  std::optional<Parent> parent;
  std::string trace_parent;
  std::string idempotency_key;  // of the start that created it; empty: none
  base::Timestamp created;
  base::Timestamp updated;
  std::optional<base::Timestamp> scheduled_start;
  std::optional<base::Timestamp> ended;
  /// The status to return to on resume: kPending or kRunning.
  Status resume_to = Status::kRunning;
  EventNumber history_events = 0;   // in the history of this execution; of an entity: batches run
  std::uint32_t history_chain = 0;  // checksum chained over them (record.h)
  std::uint64_t inbox_next = 0;     // number of the next message; never reused for this id
  Attempt turn_attempts = 0;        // hand-outs of the next turn to workers that died
  Payload custom_status;
  Payload output;                  // of a completed or terminated one
  std::optional<Failure> failure;  // of a failed one
  /// Of an entity: who holds it. Then only the operations of the holder run.
  std::optional<HeldLock> lock;
  std::string worker_trace{};  // of this execution; see TurnResult

  friend bool operator==(const InstanceRecord&, const InstanceRecord&) = default;
};

enum class TaskKind : std::uint8_t {
  kActivity = 1,
  kTimer = 2,
  kChild = 3,
  kCall = 4,     // of an entity's operation
  kSection = 5,  // a critical section, from its request to its end
  kSignal = 6    // in an entity: an operation whose time has not come
};

/// A task that was scheduled and has no outcome yet: one row each, gone with the outcome.
struct PendingTask {
  TaskKind kind = TaskKind::kActivity;
  std::string name;                            // of the activity or child; empty for a timer
  std::string version;                         //
  EventNumber chunk = 0;                       // the history row that holds the scheduling event
  std::uint32_t index = 0;                     // and the event's place in it
  Attempt attempts = 0;                        // activity: hand-outs to workers that died
  base::Timestamp fire_at{};                   // timer, signal
  std::string child_id;                        // child; of a call the entity
  std::vector<std::string> entities;           // section: ids in the global order
  std::uint32_t locked = 0;                    // section: so many of them are held
  std::optional<OperationRequested> signal{};  // signal
  Payload progress{};                          // activity: what its code reported last

  friend bool operator==(const PendingTask&, const PendingTask&) = default;
};

/// What a client sees of an entity: as the last durable commit left it.
struct EntitySnapshot {
  InstanceKey key;
  Payload state;  // absent: there is no such entity, as far as clients can tell
  base::Timestamp updated;
  std::string locked_by;    // instance id of the orchestration that holds it; empty: nobody
  std::size_t backlog = 0;  // operations that wait

  friend bool operator==(const EntitySnapshot&, const EntitySnapshot&) = default;
};

/// What a client sees of an instance.
struct InstanceSnapshot {
  InstanceKey key;
  InstanceRecord record;
  Payload input;  // only when asked for
  /// Why the instance makes no progress although it has work: a determinism violation, or no worker
  /// for it. Empty: not parked. Never stored.
  std::string parked;
  std::map<TaskId, PendingTask> pending;
  std::size_t inbox_messages = 0;

  friend bool operator==(const InstanceSnapshot&, const InstanceSnapshot&) = default;
};

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One durable operation of an orchestration in memory: an activity, child or timer under way, a
// wait for an event, a group of operations, or a coroutine that runs beside the others.
//
// Owned by its Run, which reuses it when the count of references is zero: one for each handle of
// the user's code, one while something may still complete it, one for each group it belongs to.
// Belongs to the thread of its Run.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "perdure/failure.h"
#include "perdure/orchestration.h"
#include "perdure/retry.h"

namespace perdure::internal {

enum class OperationKind : std::uint8_t {
  kActivity,
  kChild,
  kTimer,
  kEvent,
  kGroup,
  kRoutine,
  kCall,
  kLock
};
enum class OperationState : std::uint8_t { kPending, kDone, kFailed, kCancelled };

/// A coroutine that waits. `routine` is the spawned operation it is part of; nullptr: the main one.
struct Waiter {
  std::coroutine_handle<> coroutine;
  Operation* routine = nullptr;
};

/// What it takes to try again.
struct RetryState {
  Retry policy;
  Payload input;
  std::string child_id;
  std::string version;
  base::Timestamp started;
  std::int32_t attempt = 1;
  bool waiting = false;  // for the timer before the next attempt
};

/// Where the event of a finished wait came from, so that it can be given back.
struct EventState {
  std::uint64_t sequence = 0;
  std::string sent_name;
  bool arrived = false;
  bool consumed = false;  // by a co_await
  bool timed_out = false;
};

struct GroupState {
  GroupKind kind = GroupKind::kAll;
  std::vector<Member> members;
  std::size_t remaining = 0;
  std::size_t decider = 0;  // index of the member that decided it
};

/// A critical section, from its request to its end.
struct LockState {
  model::TaskId section;  // the task that requested it
  bool taken = false;     // by a co_await
  bool over = false;
};

struct RoutineState {
  Routine routine;
  Operation* waits_for = nullptr;  // while its coroutine is suspended
};

class Operation {
 public:
  explicit Operation(Run& owner) : run(&owner) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  [[nodiscard]] bool done() const { return state != OperationState::kPending; }

  Run* run;
  Operation* next_allocated = nullptr;  // of all that the run owns
  Operation* next_free = nullptr;       // of those in no use
  std::uint32_t references = 0;
  OperationKind kind = OperationKind::kTimer;
  OperationState state = OperationState::kPending;
  /// The task whose outcome it waits for now; a retry or a deadline changes it. < 0: none.
  model::TaskId task{-1};
  std::string name;          // of the activity, child or event
  bool speculative = false;  // of an activity: see perdure::Speculative
  Payload result;
  Waiter waiter;                   // the first; no coroutine: none
  std::vector<Waiter> others;      // more of them, in order
  std::vector<Operation*> groups;  // groups it belongs to; each holds a reference to the group
  std::unique_ptr<FailureDetails> failure;
  std::unique_ptr<RetryState> retry;
  std::unique_ptr<EventState> event;
  std::unique_ptr<GroupState> group;
  std::unique_ptr<RoutineState> routine;
  std::unique_ptr<LockState> lock;
};

/// "activity 'charge'".
std::string label(const Operation& operation);

}  // namespace perdure::internal

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What comes back from a turn. An action is the event it will leave in the history, so that the
// code's decision and its record cannot differ. Values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/event.h"
#include "model/failure.h"
#include "model/payload.h"

namespace perdure::model {

using Action =
    std::variant<ActivityScheduled, TimerCreated, ChildScheduled, EventSent, TaskCancelled,
                 OperationCalled, OperationSignaled, LockRequested, LockReleased>;

/// The code is not done: it waits for what it scheduled.
struct Waiting {
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

struct Completed {
  Payload output;

  friend bool operator==(const Completed&, const Completed&) = default;
};

struct Failed {
  Failure failure;

  friend bool operator==(const Failed&, const Failed&) = default;
};

/// End this execution and begin the next one under the same id, with an empty history.
struct ContinuedAsNew {
  Payload input;
  std::optional<std::string> version;  // absent: as before
  std::optional<Tags> tags;            // absent: as before
  /// Events that reached the code and that it did not consume, oldest first. They come before
  /// whatever is still in the inbox.
  std::vector<EventRaised> carried;

  friend bool operator==(const ContinuedAsNew&, const ContinuedAsNew&) = default;
};

/// An entity ran operations of its batch, from the first on, in order.
struct Operated {
  /// One for each that was run; the others come again. A failed one has changed nothing.
  std::vector<std::variant<Payload, Failure>> results;
  /// After the last of them. Absent: the entity has no state, so it is deleted.
  Payload state;

  friend bool operator==(const Operated&, const Operated&) = default;
};

using Outcome = std::variant<Waiting, Completed, Failed, ContinuedAsNew, Operated>;

struct TurnResult {
  std::vector<Action> actions;
  Outcome outcome;
  /// Absent: unchanged. Present and empty: cleared.
  std::optional<Payload> custom_status;
  /// What the worker wants to be told with the next turn of this execution, for its tracing.
  /// Absent: as before.
  std::optional<std::string> worker_trace{};

  friend bool operator==(const TurnResult&, const TurnResult&) = default;
};

}  // namespace perdure::model

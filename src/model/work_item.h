// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a worker is handed, and the token it answers with. Values; a work item owns what it carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/event.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

/// Names one hand-out of one turn. An answer under another token than the one in flight is refused.
struct TurnToken {
  InstanceKey key;
  Execution execution;
  EventNumber past_events = 0;  // the turn that continues a history of this length
  Attempt attempt = 1;

  friend auto operator<=>(const TurnToken&, const TurnToken&) = default;
};

/// Names one hand-out of one activity.
struct ActivityToken {
  InstanceKey key;
  Execution execution;
  TaskId task;
  Attempt attempt = 1;

  friend auto operator<=>(const ActivityToken&, const ActivityToken&) = default;
};

/// A turn, or a batch of an entity: run the code over `new_events`, on top of a history of
/// `token.past_events` events that the worker either still holds in memory or reads from the
/// engine.
struct TurnItem {
  TurnToken token;
  std::string name;
  std::string version;
  std::vector<Event> new_events;  // TurnStarted first; never empty
  /// Of an entity: what its operations, the other events, work on. `name` is then "@name".
  Payload state;
  /// It may have been handed out before, to a worker that died: the hand-out must be counted
  /// durably first (BeginAttempt).
  bool uncounted_redelivery = false;
  std::string worker_trace{};  // see TurnResult

  friend bool operator==(const TurnItem&, const TurnItem&) = default;
};

/// Where the input of an activity is, if it does not travel with the item.
struct EventReference {
  EventNumber chunk = 0;    // the history row
  std::uint32_t index = 0;  // the event in it

  friend bool operator==(const EventReference&, const EventReference&) = default;
};

/// A tag of a scheduled activity. With the value "true" it is declared to be safe to repeat and to
/// run in vain: its first hand-out need not wait until the turn that scheduled it is durable.
inline constexpr std::string_view kSpeculativeTag = "perdure.speculative";
inline constexpr std::string_view kSpeculativeValue = "true";

struct ActivityItem {
  ActivityToken token;
  std::string name;
  std::string version;
  std::variant<Payload, EventReference> input;  // with a reference, the two below come later too
  bool uncounted_redelivery = false;            // as in TurnItem
  Tags tags{};
  std::string trace_parent{};
  Payload progress{};  // what an earlier attempt reported last

  friend bool operator==(const ActivityItem&, const ActivityItem&) = default;
};

/// This hand-out need not wait: it is declared so, and none went before it.
bool is_speculative(const ActivityItem& item);

using WorkItem = std::variant<TurnItem, ActivityItem>;
using WorkToken = std::variant<TurnToken, ActivityToken>;

}  // namespace perdure::model

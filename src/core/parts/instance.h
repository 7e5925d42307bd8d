// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One instance as the shard holds it: what is stored, and what only this process knows.
// Owned by Instances; not thread-safe, like everything of the core.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/instance.h"
#include "model/limits.h"
#include "model/work_item.h"

namespace perdure::core {

struct InboxMessage {
  std::uint64_t number = 0;
  model::Event event;

  friend bool operator==(const InboxMessage&, const InboxMessage&) = default;
};

/// The part that the store holds too: reading it back gives an equal value.
struct StoredInstance {
  model::InstanceRecord record;
  /// What the next turn begins with, before the inbox: ExecutionStarted and the events carried over
  /// by a continue-as-new, or ExecutionRewound.
  std::vector<model::Event> prologue;
  std::deque<InboxMessage> inbox;
  /// Scheduled, without an outcome. After the end of an orchestration only children remain here,
  /// so that a recursive terminate still finds them.
  std::map<model::TaskId, model::PendingTask> pending;
  model::Payload state;  // of an entity

  friend bool operator==(const StoredInstance&, const StoredInstance&) = default;
};

/// What clients see of an entity, and what they will see when later commits are durable.
struct Publication {
  struct Settling {
    std::uint64_t version = 0;
    model::EntitySnapshot view;
  };
  model::EntitySnapshot view;
  std::vector<Settling> settling;  // oldest first; few, and no memory while there are none
  std::uint64_t version = 0;       // of the newest
};

/// When the next turn of an orchestration waits for more outcomes, to take in many at once. A
/// worker that replays the whole history in every turn, as those of the official SDKs do, would
/// spend a fan-out on replaying; so the turn waits if the history is long, the last turn took its
/// time, and outcomes come faster than turns. Whoever keeps the orchestration in memory between
/// turns is too fast to be kept waiting.
struct GatherRules {
  model::EventNumber history_events_min = model::kGatherHistoryEventsMin;
  base::Duration turn_min = model::kGatherTurnMin;
  base::Duration wait_max = model::kGatherWaitMax;
};

struct Instance {
  model::InstanceKey key;
  bool exists = false;  // there is a head row
  StoredInstance stored;

  // ---- only in memory ----
  struct TurnInFlight {
    model::TurnToken token;
    base::Timestamp at;
    base::Timestamp offered_at{};
    std::size_t messages = 0;               // of the inbox, from its front
    std::vector<std::uint64_t> operations;  // of an entity instead: their numbers in the inbox
    bool counted = true;  // false: nobody may run it before BeginAttempt, so nobody answers it
  };
  std::optional<TurnInFlight> turn;
  /// The next turn may have been handed out, to a worker that died. Its token could be the same and
  /// its messages fewer, so a late answer must not be taken for one to the turn of now.
  bool turn_uncounted = false;
  model::Attempt refusals = 0;  // of the next turn: each asks for a token of its own
  /// Of the last turn: from its offer to its answer, and what it took in.
  base::Duration turn_took;
  std::size_t turn_messages = 0;
  /// The turn is due, and waits for more outcomes: a GatherTurn says until when.
  bool gathers = false;
  std::string parked;               // why no turn is offered; empty: it is
  std::set<model::TaskId> offered;  // pending activities that are queued or running
  std::size_t activities_pending = 0;
  std::size_t work_pending = 0;  // activities, and whatever else is_work
  std::size_t inbox_bytes = 0;
  std::size_t from_holder = 0;  // messages of the inbox that the holder of the lock sent
  bool ready_row = false;       // the agenda holds the instance
  bool head_row = false;        // the store holds the head
  bool dirty = false;           // the head must be written
  std::list<Instance*>::iterator recency;

  // ---- of an entity, only in memory ----
  std::map<std::uint64_t, model::RequestId> callers;  // who waits for an operation of the inbox
  Publication publication;
};

inline bool is_entity(const Instance& instance) { return model::is_entity_id(instance.key.id); }

/// The instance as who sends: `task` waits for the outcome; negative: none does.
inline model::Caller caller_of(const Instance& instance, model::TaskId task) {
  return {.key = instance.key, .execution = instance.stored.record.execution, .task = task};
}

/// Computes what follows from `stored` and is kept beside it. After loading.
void count(Instance& instance);

/// The instance has work that must be found again after a restart: exactly then the agenda has a
/// row for it.
bool owes_work(const Instance& instance);

/// There is something for the next turn to take in, and it need not wait for its start.
bool has_turn(const Instance& instance);

/// A turn could run now.
bool turn_is_due(const Instance& instance);

/// Work: activities, children, calls of entities. Somebody else does it and brings the outcome.
bool is_work(const model::PendingTask& pending);
bool is_outcome_of_work(const model::EventBody& body);

/// The turn, which is due, should wait for more outcomes.
bool is_worth_gathering(const Instance& instance, const GatherRules& rules);

/// Nothing more is expected, or one turn takes no more.
bool has_gathered(const Instance& instance);

/// The operations that the next batch of an entity runs, as places in the inbox: from the front up
/// to a request for the lock; while it is locked, those of the holder. One alone after a worker
/// died with a batch, so that the next death is counted against that one.
std::vector<std::size_t> operations_for_batch(const Instance& instance);

/// The message was sent by the holder of the entity's lock, before it left the section.
bool is_from_holder(const Instance& instance, const InboxMessage& message);

/// An entity that nothing is left of.
bool has_vanished(const Instance& instance);

/// How many messages of the inbox, from its front, the next turn takes in: what one commit can
/// hold, and at least enough to go on.
std::size_t messages_for_turn(const Instance& instance);

/// A rough count of the memory that holding the instance takes.
std::size_t memory_bytes(const Instance& instance);

/// Forgetting the instance loses nothing that the store does not have.
bool is_evictable(const Instance& instance);

}  // namespace perdure::core

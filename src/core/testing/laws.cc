// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/testing/laws.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "model/key.h"
#include "model/limits.h"
#include "model/record.h"

namespace perdure::core::testing {
namespace {

using model::InstanceKey;
using model::Space;
using model::Status;
using model::TaskKind;

/// Gathers what is wrong with one instance.
struct Judge {
  const InstanceKey& key;
  Broken& broken;

  void require(bool holds, std::string_view law) const {
    if (!holds) broken.push_back(fmt::format("instance '{}': {}", key.id, law));
  }
};

// ---- history and pending ------------------------------------------------------------------------

/// What a history says about its tasks.
struct Tasks {
  struct Open {
    model::EventNumber number = 0;
    const model::Event* event = nullptr;
  };
  std::map<model::TaskId, Open> open;
  std::set<model::TaskId> cancelled;
  bool outcome_without_task = false;
};

bool is_outcome(const model::EventBody& body) {
  return std::holds_alternative<model::ActivityCompleted>(body) ||
         std::holds_alternative<model::ActivityFailed>(body) ||
         std::holds_alternative<model::TimerFired>(body) ||
         std::holds_alternative<model::ChildCompleted>(body) ||
         std::holds_alternative<model::ChildFailed>(body) ||
         std::holds_alternative<model::OperationCompleted>(body) ||
         std::holds_alternative<model::OperationFailed>(body);
}

bool creates_task(const model::EventBody& body) {
  return std::holds_alternative<model::ActivityScheduled>(body) ||
         std::holds_alternative<model::TimerCreated>(body) ||
         std::holds_alternative<model::ChildScheduled>(body) ||
         std::holds_alternative<model::OperationCalled>(body) ||
         std::holds_alternative<model::LockRequested>(body);
}

void take_outcome(Tasks& tasks, const model::Event& event) {
  const model::TaskId task = *model::task_of(event);
  if (tasks.open.erase(task) == 0 && !tasks.cancelled.contains(task)) {
    tasks.outcome_without_task = true;
  }
}

Tasks tasks_of(const std::vector<model::Event>& events) {
  Tasks tasks;
  for (model::EventNumber number = 0; number < events.size(); ++number) {
    const model::Event& event = events[number];
    if (const auto* cancel = std::get_if<model::TaskCancelled>(&event.body)) {
      tasks.open.erase(cancel->cancelled);
      tasks.cancelled.insert(cancel->cancelled);
    } else if (const auto* released = std::get_if<model::LockReleased>(&event.body)) {
      // A section is pending from its request to its end: the grant is on the way.
      const auto open = tasks.open.find(released->section);
      const bool is_section =
          open != tasks.open.end() &&
          std::holds_alternative<model::LockRequested>(open->second.event->body);
      if (is_section) tasks.open.erase(open);
    } else if (creates_task(event.body)) {
      tasks.open[*model::task_of(event)] = {number, &event};
    } else if (is_outcome(event.body)) {
      take_outcome(tasks, event);
    }
  }
  return tasks;
}

TaskKind kind_of(const model::EventBody& body) {
  if (std::holds_alternative<model::ActivityScheduled>(body)) return TaskKind::kActivity;
  if (std::holds_alternative<model::TimerCreated>(body)) return TaskKind::kTimer;
  if (std::holds_alternative<model::OperationCalled>(body)) return TaskKind::kCall;
  if (std::holds_alternative<model::LockRequested>(body)) return TaskKind::kSection;
  return TaskKind::kChild;
}

void check_pending(const Judge& judge, const StoredInstance& stored,
                   const std::vector<model::Event>& events) {
  Tasks tasks = tasks_of(events);
  for (const InboxMessage& message : stored.inbox) {
    if (is_outcome(message.event.body)) take_outcome(tasks, message.event);
  }
  judge.require(!tasks.outcome_without_task, "an outcome without a task, or a second one");
  const bool live = model::is_live(stored.record.status);
  std::set<model::TaskId> found;
  for (const auto& [task, pending] : stored.pending) {
    if (task.value < 0) {
      judge.require(task == model::kStartTimer ? live : stored.record.status == Status::kPurged,
                    "a timer of the instance that does not fit its status");
      continue;
    }
    found.insert(task);
    const auto open = tasks.open.find(task);
    if (open == tasks.open.end()) {
      judge.require(false, fmt::format("task {} is pending, but its history is over", task.value));
      continue;
    }
    judge.require(pending.chunk + pending.index == open->second.number,
                  fmt::format("task {} points to another event than its own", task.value));
    judge.require(pending.kind == kind_of(open->second.event->body),
                  fmt::format("task {} is pending as another kind", task.value));
    judge.require(live || pending.kind == TaskKind::kChild,
                  "an ended instance has a pending activity or timer");
  }
  if (!live) return;
  for (const auto& [task, open] : tasks.open) {
    judge.require(
        found.contains(task),
        fmt::format("task {} was scheduled, has no outcome and is not pending", task.value));
  }
}

void check_shape(const Judge& judge, const model::InstanceRecord& record,
                 const std::vector<model::Event>& events) {
  std::size_t begins = 0;
  std::size_t ends = 0;
  base::Timestamp turn_at{INT64_MIN};
  for (const model::Event& event : events) {
    if (std::holds_alternative<model::ExecutionStarted>(event.body)) ++begins;
    if (std::holds_alternative<model::ExecutionCompleted>(event.body)) ++ends;
    if (std::holds_alternative<model::TurnStarted>(event.body)) {
      judge.require(event.at >= turn_at, "the clock of its code went back");
      turn_at = event.at;
    }
  }
  const bool ended = model::is_terminal(record.status);
  judge.require(ends == (ended ? 1U : 0U), "its history ends when it does not, or the reverse");
  if (events.empty()) return;
  judge.require(begins == 1, "its history does not have exactly one beginning");
  const std::size_t first = std::holds_alternative<model::TurnStarted>(events[0].body) ? 1 : 0;
  judge.require(
      first < events.size() && std::holds_alternative<model::ExecutionStarted>(events[first].body),
      "its history does not begin with its beginning");
  judge.require(!ended || std::holds_alternative<model::ExecutionCompleted>(events.back().body),
                "something follows the end of its history");
}

std::vector<model::Event> check_history(const RowMap& rows, const Judge& judge,
                                        const model::InstanceRecord& record) {
  std::vector<model::Event> events;
  std::uint32_t chain = 0;
  for (const auto& [row_key, row] :
       rows.with_prefix(Space::kHistory, model::history_prefix(judge.key, record.execution))) {
    const auto chunk = model::decode_chunk(row_key, row);
    if (!chunk) {
      judge.require(false, chunk.error().message);
      return events;
    }
    judge.require(model::parse_history_first(row_key) == events.size(), "a gap in its history");
    judge.require(!chunk->events.empty(), "an empty row in its history");
    judge.require(chunk->chain_before == chain, "the chain of its history is broken");
    chain = chunk->chain_after;
    events.insert(events.end(), chunk->events.begin(), chunk->events.end());
  }
  judge.require(events.size() == record.history_events, "its head counts other events");
  judge.require(chain == record.history_chain, "its head has another chain");
  check_shape(judge, record, events);
  return events;
}

void check_limits(const Judge& judge, const StoredInstance& stored) {
  judge.require(stored.pending.size() <= model::kPendingTasksMax, "too many pending tasks");
  // Outcomes are never refused, and neither is the resume that ends a suspension.
  judge.require(stored.inbox.size() <= model::kInboxMessagesMax + model::kPendingTasksMax + 1,
                "too many messages in its inbox");
  judge.require(
      model::is_live(stored.record.status) || (stored.inbox.empty() && stored.prologue.empty()),
      "an ended instance keeps messages");
}

bool is_given_back(const model::InstanceRecord& entity) {
  return entity.lock && entity.lock->until != 0;
}

/// What is handed out is in the inbox, in its order; under a lock, the holder sent it.
void check_batch(const Judge& judge, const Instance& live) {
  std::size_t place = 0;
  const auto& inbox = live.stored.inbox;
  for (const std::uint64_t number : live.turn->operations) {
    while (place < inbox.size() && inbox[place].number != number) ++place;
    if (place == inbox.size()) return judge.require(false, "its batch is not in its inbox");
    judge.require(!live.stored.record.lock || is_from_holder(live, inbox[place]),
                  "a batch runs what the holder of the lock did not send");
  }
  judge.require(live.turn->operations.size() <= model::kOperationsPerBatchMax,
                "a batch has too many operations");
}

void check_entity(const Judge& judge, const Instance& entity) {
  const StoredInstance& stored = entity.stored;
  judge.require(stored.prologue.empty(), "an entity has a prologue");
  judge.require(!has_vanished(entity), "an entity that nothing is left of keeps its head");
  for (const auto& [task, pending] : stored.pending) {
    judge.require(pending.kind == TaskKind::kSignal && pending.signal.has_value(),
                  "an entity has a pending task that is no signal");
  }
  for (const InboxMessage& message : stored.inbox) {
    judge.require(std::holds_alternative<model::OperationRequested>(message.event.body) ||
                      std::holds_alternative<model::LockWanted>(message.event.body),
                  "an entity has a message that is not for entities");
  }
  const bool wanted = !stored.inbox.empty() &&
                      std::holds_alternative<model::LockWanted>(stored.inbox.front().event.body);
  judge.require(stored.record.lock.has_value() || !wanted,
                "a free entity lets its next owner wait");
  judge.require(!is_given_back(stored.record) || entity.from_holder > 0,
                "a lock that was given back is held for nothing");
}

// ---- recovery -----------------------------------------------------------------------------------

void check_memory(const Judge& judge, const Instance& live, const Instance& stored) {
  judge.require(live.exists == stored.exists, "it is there in memory or in the rows, not in both");
  judge.require(live.stored == stored.stored, "its rows say something else than memory");
  judge.require(live.head_row == live.exists, "memory is wrong about its head row");
  judge.require(!live.dirty, "its writes were not taken");
  judge.require(live.activities_pending == stored.activities_pending,
                "its count of activities is wrong");
  judge.require(live.work_pending == stored.work_pending, "its count of work is wrong");
  judge.require(live.inbox_bytes == stored.inbox_bytes, "its count of inbox bytes is wrong");
  judge.require(live.from_holder == stored.from_holder,
                "its count of the lock holder's messages is wrong");
  for (const model::TaskId task : live.offered) {
    const auto found = live.stored.pending.find(task);
    judge.require(found != live.stored.pending.end() && found->second.kind == TaskKind::kActivity,
                  "an activity is offered that is not pending");
  }
  if (live.turn) {
    judge.require(live.turn->token.execution == live.stored.record.execution &&
                      live.turn->token.past_events == live.stored.record.history_events,
                  "its turn in flight is of another time");
    judge.require(live.turn->messages <= live.stored.inbox.size(),
                  "its turn in flight has more messages than there are");
    if (is_entity(live)) check_batch(judge, live);
  }
  judge.require(turn_is_due(live) == live.gathers,
                "a turn is due and neither offered nor gathers, or the reverse");
}

// ---- agenda -------------------------------------------------------------------------------------

struct Agenda {
  std::set<InstanceKey> ready;
  std::set<Timer> timers;
  std::set<std::pair<InstanceKey, model::Execution>> garbage;
  std::size_t messages = 0;
};

Agenda agenda_of(const RowMap& rows, const Shard& shard, Broken& broken) {
  Agenda agenda;
  const std::string from = model::slot_prefix(model::Slot{shard.slots.first});
  const std::string to = model::prefix_end(model::slot_prefix(model::Slot{shard.slots.last}));
  for (const auto& [key, value] : rows.scan(Space::kAgenda, from, to)) {
    const auto row = model::parse_agenda_row(key);
    if (!row) {
      broken.push_back("an agenda row with an unknown key");
      continue;
    }
    switch (row->kind) {
      case model::AgendaKind::kReady: agenda.ready.insert(row->instance); break;
      case model::AgendaKind::kTimer:
        agenda.timers.insert({row->fire_at, row->instance, row->execution, row->task});
        break;
      case model::AgendaKind::kOutbox: ++agenda.messages; break;
      case model::AgendaKind::kGarbage:
        agenda.garbage.emplace(row->instance, row->execution);
        break;
      case model::AgendaKind::kSent:
      case model::AgendaKind::kTaken: break;
    }
  }
  return agenda;
}

void add_timers(const Instance& instance, std::set<Timer>& timers) {
  for (const auto& [task, pending] : instance.stored.pending) {
    if (pending.kind != TaskKind::kTimer && pending.kind != TaskKind::kSignal) continue;
    timers.insert({pending.fire_at, instance.key, instance.stored.record.execution, task});
  }
}

/// Every instance that has a row.
std::set<InstanceKey> instances_in(const RowMap& rows, Broken& broken) {
  std::set<InstanceKey> keys;
  for (const auto& [key, value] : rows.of(Space::kInstance)) {
    const auto row = model::parse_instance_row(key);
    if (row) {
      keys.insert(row->instance);
    } else {
      broken.push_back("an instance row with an unknown key");
    }
  }
  return keys;
}

}  // namespace

// ---- locks --------------------------------------------------------------------------------------

/// The lock messages that were sent and not taken, with the owner and, where there is one, the
/// entity.
struct UnderWay {
  struct Lock {
    std::string entity;
    model::Caller owner;

    friend bool operator==(const Lock&, const Lock&) = default;
  };
  std::vector<Lock> wanted;
  std::vector<Lock> released;
  std::vector<model::Caller> granted;
};

template <class List, class Value>
bool has(const List& list, const Value& value) {
  return std::ranges::find(list, value) != list.end();
}

void add_message(const model::Message& message, UnderWay& way) {
  if (const auto* wanted = std::get_if<model::AcquireLock>(&message)) {
    way.wanted.push_back({wanted->entity.id, wanted->owner});
  } else if (const auto* released = std::get_if<model::ReleaseLock>(&message)) {
    way.released.push_back({released->entity.id, released->owner});
  } else if (const auto* granted = std::get_if<model::LockAcquired>(&message)) {
    way.granted.push_back(granted->owner);
  }
}

UnderWay locks_under_way(const RowMap& rows, const std::vector<Shard>& shards) {
  UnderWay way;
  for (const auto& [key, value] : rows.of(Space::kAgenda)) {
    const auto row = model::parse_agenda_row(key);
    if (!row || row->kind != model::AgendaKind::kOutbox) continue;
    const model::ShardId source =
        model::shard_of(row->slot, static_cast<std::uint32_t>(shards.size()));
    if (row->sequence <= shards[row->shard.value].taken.last(source)) continue;
    const auto message = model::decode_message(key, value);
    if (message) add_message(*message, way);
  }
  return way;
}

/// The section that a lock or a request for one belongs to, if its owner is still inside.
const model::PendingTask* section_of(const std::map<InstanceKey, Instance>& instances,
                                     const model::Caller& owner) {
  const auto found = instances.find(owner.key);
  if (found == instances.end()) return nullptr;
  const StoredInstance& stored = found->second.stored;
  const auto task = stored.pending.find(owner.task);
  const bool inside = model::is_live(stored.record.status) &&
                      stored.record.execution == owner.execution && task != stored.pending.end() &&
                      task->second.kind == TaskKind::kSection;
  return inside ? &task->second : nullptr;
}

bool is_next(const model::PendingTask& section, const std::string& entity) {
  return section.locked < section.entities.size() && section.entities[section.locked] == entity;
}

/// Whoever holds an entity, or waits for it, is in a section that knows, or has left it and says
/// so.
void check_holders(const Judge& judge, const std::map<InstanceKey, Instance>& instances,
                   const Instance& entity, const UnderWay& way) {
  const std::string& id = entity.key.id;
  if (entity.stored.record.lock && !is_given_back(entity.stored.record)) {
    const model::Caller& owner = entity.stored.record.lock->owner;
    const model::PendingTask* section = section_of(instances, owner);
    bool counted = false;
    for (std::size_t i = 0; section != nullptr && i < section->locked; ++i) {
      counted |= section->entities[i] == id;
    }
    const bool told = section != nullptr && is_next(*section, id) && has(way.granted, owner);
    judge.require(counted || told || has(way.released, UnderWay::Lock{id, owner}),
                  "it is locked for a section that is over, or does not know");
  }
  for (const InboxMessage& message : entity.stored.inbox) {
    const auto* wanted = std::get_if<model::LockWanted>(&message.event.body);
    if (wanted == nullptr) continue;
    const model::PendingTask* section = section_of(instances, wanted->owner);
    judge.require((section != nullptr && is_next(*section, id)) ||
                      has(way.released, UnderWay::Lock{id, wanted->owner}),
                  "a section that is over, or does not want it yet, is in line for it");
  }
}

bool is_in_line(const Instance& entity, const model::Caller& owner) {
  return std::ranges::any_of(entity.stored.inbox, [&](const InboxMessage& message) {
    const auto* wanted = std::get_if<model::LockWanted>(&message.event.body);
    return wanted != nullptr && wanted->owner == owner;
  });
}

/// A section holds what it counts, and is in line for the next.
void check_section(const Judge& judge, const std::map<InstanceKey, Instance>& instances,
                   const model::Caller& owner, const model::PendingTask& section,
                   const UnderWay& way) {
  judge.require(section.locked <= section.entities.size(), "a section holds more than it wants");
  for (std::size_t i = 0; i < section.entities.size() && i <= section.locked; ++i) {
    const auto found = instances.find({owner.key.hub, section.entities[i]});
    const bool there = found != instances.end();
    const bool holds = there && found->second.stored.record.lock == model::HeldLock{owner};
    if (i < section.locked) {
      judge.require(holds, "a section does not hold what it counts");
      continue;
    }
    judge.require((holds && has(way.granted, owner)) ||
                      (there && is_in_line(found->second, owner)) ||
                      has(way.wanted, UnderWay::Lock{section.entities[i], owner}),
                  "a section waits for an entity that does not know");
  }
}

void check_locks(const RowMap& rows, const std::vector<Shard>& shards,
                 const std::map<InstanceKey, Instance>& instances, Broken& broken) {
  const UnderWay way = locks_under_way(rows, shards);
  for (const auto& [key, instance] : instances) {
    const Judge judge{key, broken};
    if (model::is_entity_id(key.id)) {
      check_holders(judge, instances, instance, way);
      continue;
    }
    for (const auto& [task, pending] : instance.stored.pending) {
      if (pending.kind != TaskKind::kSection) continue;
      const model::Caller owner{
          .key = key, .execution = instance.stored.record.execution, .task = task, .then = {}};
      check_section(judge, instances, owner, pending, way);
    }
  }
}

// ---- what others use ----------------------------------------------------------------------------

std::vector<model::Event> history_in(const RowMap& rows, const InstanceKey& key) {
  Broken ignored;
  const Instance instance = instance_in(rows, key, ignored);
  std::vector<model::Event> events;
  for (const auto& [row_key, row] : rows.with_prefix(
           Space::kHistory, model::history_prefix(key, instance.stored.record.execution))) {
    const auto chunk = model::decode_chunk(row_key, row);
    if (chunk) events.insert(events.end(), chunk->events.begin(), chunk->events.end());
  }
  return events;
}

Instance instance_in(const RowMap& rows, const InstanceKey& key, Broken& broken) {
  Instance instance;
  instance.key = key;
  const Rows found = rows.with_prefix(Space::kInstance, model::instance_prefix(key));
  instance.exists = !found.empty();
  auto stored = decode_instance(key, found);
  if (!stored) {
    broken.push_back(fmt::format("instance '{}': {}", key.id, stored.error().message));
    return instance;
  }
  instance.stored = *std::move(stored);
  count(instance);
  return instance;
}

void check_instance(const RowMap& rows, const Shard& shard, const InstanceKey& key,
                    Broken& broken) {
  const Judge judge{key, broken};
  const Instance stored = instance_in(rows, key, broken);
  if (const Instance* live = shard.instances.find(key)) check_memory(judge, *live, stored);
  const bool ready = rows.find(Space::kAgenda, model::ready_key(key)) != nullptr;
  judge.require(ready == owes_work(stored), "the agenda is wrong about what it owes");
  if (!stored.exists) return;
  check_limits(judge, stored.stored);
  if (stored.stored.record.status == Status::kPurged) {
    // Its history is garbage, under the number that the tombstone keeps.
    return judge.require(stored.stored.record.history_events == 0, "a tombstone has a history");
  }
  if (model::is_entity_id(key.id)) return check_entity(judge, stored);
  check_pending(judge, stored.stored, check_history(rows, judge, stored.stored.record));
}

void check_shard(const RowMap& rows, const Shard& shard, Broken& broken) {
  const auto require = [&](bool holds, std::string_view law) {
    if (!holds) broken.push_back(fmt::format("shard {}: {}", shard.id.value, law));
  };
  const Agenda agenda = agenda_of(rows, shard, broken);
  require(agenda.timers == shard.timers.all(), "its timers are not those of the agenda");
  require(agenda.messages == shard.outbox.unacknowledged(),
          "its unacknowledged messages are not those of the agenda");
  require(shard.waiters.size() <= model::kWaitersMax, "too many calls wait");
  require(shard.writes.empty() && shard.dirty.empty(), "its writes were not taken");
  std::size_t bytes = 0;
  for (const Instance* instance : shard.instances.by_recency()) {
    bytes += memory_bytes(*instance);
    const bool owes = agenda.ready.contains(instance->key);
    require(owes == owes_work(*instance), "the agenda is wrong about what an instance owes");
    for (const auto& [task, pending] : instance->stored.pending) {
      if (pending.kind != TaskKind::kTimer && pending.kind != TaskKind::kSignal) continue;
      const Timer timer{pending.fire_at, instance->key, instance->stored.record.execution, task};
      require(agenda.timers.contains(timer), "a pending timer has no row");
    }
  }
  require(bytes == shard.instances.bytes(), "its count of bytes is wrong");
  std::set<InstanceKey> parked;
  for (const Instance* instance : shard.instances.by_recency()) {
    if (!instance->parked.empty()) parked.insert(instance->key);
  }
  require(parked == shard.parked, "its list of parked instances is wrong");
}

void check_everything(const RowMap& rows, const std::vector<Shard>& shards, Broken& broken) {
  std::set<Timer> timers;
  std::set<InstanceKey> owing;
  std::set<std::pair<InstanceKey, model::Execution>> histories;
  std::map<InstanceKey, Instance> instances;
  for (const InstanceKey& key : instances_in(rows, broken)) {
    const model::ShardId shard =
        model::shard_of(model::slot_of(key), static_cast<std::uint32_t>(shards.size()));
    check_instance(rows, shards[shard.value], key, broken);
    const Instance stored = instance_in(rows, key, broken);
    add_timers(stored, timers);
    if (owes_work(stored)) owing.insert(key);
    if (stored.stored.record.status == Status::kPurged) continue;
    histories.emplace(key, stored.stored.record.execution);
    instances.emplace(key, stored);
  }
  check_locks(rows, shards, instances, broken);
  Agenda all;
  for (const Shard& shard : shards) {
    check_shard(rows, shard, broken);
    Agenda one = agenda_of(rows, shard, broken);
    all.ready.merge(one.ready);
    all.timers.merge(one.timers);
    all.garbage.merge(one.garbage);
  }
  if (all.timers != timers) broken.push_back("timer rows are not the pending timers");
  if (all.ready != owing) broken.push_back("ready rows are not the instances that owe work");
  for (const auto& [name, execution] : all.garbage) {
    if (histories.contains({name, execution})) broken.push_back("a living history is garbage");
  }
  std::set<std::string, std::less<>> prefixes;
  for (const auto* known : {&histories, &all.garbage}) {
    for (const auto& [name, execution] : *known) {
      prefixes.insert(model::history_prefix(name, execution));
    }
  }
  for (const auto& [key, value] : rows.of(Space::kHistory)) {
    const auto above = prefixes.upper_bound(key);
    const bool known = above != prefixes.begin() && key.starts_with(*std::prev(above));
    if (!known) broken.push_back("a history row that nobody knows");
  }
}

}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// RewindInstance: let a failed orchestration go on.
//
// The rule: failures that arrived after the last thing the code decided are undone, and their tasks
// are pending again; everything before stands. The code made no decision based on what is undone,
// so replaying what is left can not contradict the history. A failure the code did react to (a
// retry, a compensation) is part of the past and stays.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "core/commands/commands.h"

namespace perdure::core {
namespace {

constexpr std::size_t kEventsPerRewrittenRow = 500;

bool is_failure(const model::Event& event) {
  return std::holds_alternative<model::ActivityFailed>(event.body) ||
         std::holds_alternative<model::ChildFailed>(event.body) ||
         std::holds_alternative<model::OperationFailed>(event.body);
}

/// Leaves no task behind that could have an outcome.
bool is_done_at_once(const model::EventBody& body) {
  return std::holds_alternative<model::EventSent>(body) ||
         std::holds_alternative<model::OperationSignaled>(body);
}

std::vector<model::Event> undo_unhandled_failures(const Prefetched& prefetched) {
  std::vector<model::Event> events;
  for (const Prefetched::Chunk& row : prefetched.history) {
    events.insert(events.end(), row.chunk.events.begin(), row.chunk.events.end());
  }
  PERDURE_CHECK(
      !events.empty() && std::holds_alternative<model::ExecutionCompleted>(events.back().body),
      "a failed history does not end with its end");
  events.pop_back();
  std::size_t undecided = events.size();
  while (undecided > 0 && !model::is_action(events[undecided - 1])) --undecided;
  const auto tail = events.begin() + static_cast<std::ptrdiff_t>(undecided);
  events.erase(std::remove_if(tail, events.end(), is_failure), events.end());
  return events;
}

/// The numbers of the scheduling events whose tasks have no outcome.
std::map<model::TaskId, std::size_t> open_tasks(const std::vector<model::Event>& events) {
  std::map<model::TaskId, std::size_t> open;
  for (std::size_t number = 0; number < events.size(); ++number) {
    const model::EventBody& body = events[number].body;
    if (const auto* cancelled = std::get_if<model::TaskCancelled>(&body)) {
      open.erase(cancelled->cancelled);
    } else if (const auto* released = std::get_if<model::LockReleased>(&body)) {
      // Maybe before it was granted.
      const auto section = open.find(released->section);
      const bool is_section = section != open.end() && std::holds_alternative<model::LockRequested>(
                                                           events[section->second].body);
      if (is_section) open.erase(section);
    } else if (is_done_at_once(body)) {
      continue;
    } else if (const auto task = model::task_of(events[number])) {
      if (model::is_action(events[number])) {
        open[*task] = number;
      } else {
        open.erase(*task);
      }
    }
  }
  return open;
}

model::PendingTask pending_of(const model::Event& event, model::EventNumber chunk,
                              std::uint32_t index) {
  model::PendingTask pending{.chunk = chunk, .index = index};
  if (const auto* activity = std::get_if<model::ActivityScheduled>(&event.body)) {
    pending.kind = model::TaskKind::kActivity;
    pending.name = activity->name;
    pending.version = activity->version;
  } else if (const auto* timer = std::get_if<model::TimerCreated>(&event.body)) {
    pending.kind = model::TaskKind::kTimer;
    pending.fire_at = timer->fire_at;
  } else if (const auto* call = std::get_if<model::OperationCalled>(&event.body)) {
    pending.kind = model::TaskKind::kCall;
    pending.name = call->operation;
    pending.child_id = call->target;
  } else if (const auto* lock = std::get_if<model::LockRequested>(&event.body)) {
    pending.kind = model::TaskKind::kSection;
    pending.entities = lock->entities;
  } else {
    const auto& child = std::get<model::ChildScheduled>(event.body);
    pending.kind = model::TaskKind::kChild;
    pending.name = child.name;
    pending.version = child.version;
    pending.child_id = child.id;
  }
  return pending;
}

void reopen(Transition& t, Instance& instance, const model::Event& event, std::size_t number,
            const std::string& reason) {
  const std::size_t row = number / kEventsPerRewrittenRow;
  const model::TaskId task = *model::task_of(event);
  t.add_pending(instance, task,
                pending_of(event, row * kEventsPerRewrittenRow,
                           static_cast<std::uint32_t>(number % kEventsPerRewrittenRow)));
  if (const auto* activity = std::get_if<model::ActivityScheduled>(&event.body)) {
    t.offer_activity(instance, *activity);
  } else if (const auto* call = std::get_if<model::OperationCalled>(&event.body)) {
    t.send(instance.key, call_of(instance, *call));
  } else if (std::holds_alternative<model::LockRequested>(event.body)) {
    t.acquire_next(instance, task);
  } else if (const auto* child = std::get_if<model::ChildScheduled>(&event.body)) {
    t.send(instance.key, model::RewindChild{.start = start_of(instance, *child), .reason = reason});
  }
}

}  // namespace

bool ends_inside_a_section(const Prefetched& prefetched) {
  // A section can be left while its grant is on the way: then the grant comes last.
  std::set<model::TaskId> granted;
  std::set<model::TaskId> over;
  for (const Prefetched::Chunk& row : prefetched.history) {
    for (const model::Event& event : row.chunk.events) {
      if (const auto* grant = std::get_if<model::LockGranted>(&event.body)) {
        granted.insert(grant->task);
      } else if (const auto* released = std::get_if<model::LockReleased>(&event.body)) {
        over.insert(released->section);
      } else if (const auto* cancelled = std::get_if<model::TaskCancelled>(&event.body)) {
        over.insert(cancelled->cancelled);
      }
    }
  }
  return !std::ranges::includes(over, granted);
}

void rewind(Transition& t, Instance& instance, const std::string& reason) {
  model::InstanceRecord& record = instance.stored.record;
  const std::vector<model::Event> events = undo_unhandled_failures(t.prefetched);
  t.drop_contents(instance);
  record.execution = t.execution_after(record.execution);
  record.history_events = 0;
  record.history_chain = 0;
  record.status = model::Status::kRunning;
  record.resume_to = model::Status::kRunning;
  t.stamp(instance);
  record.ended.reset();
  record.output.reset();
  record.failure.reset();
  t.touch(instance);
  for (std::size_t at = 0; at < events.size(); at += kEventsPerRewrittenRow) {
    const std::size_t end = std::min(events.size(), at + kEventsPerRewrittenRow);
    t.append_history(instance, {events.begin() + static_cast<std::ptrdiff_t>(at),
                                events.begin() + static_cast<std::ptrdiff_t>(end)});
  }
  for (const auto& [task, number] : open_tasks(events)) {
    reopen(t, instance, events[number], number, reason);
  }
  t.put_prologue(instance, {{t.facts.now, model::ExecutionRewound{reason}}});
  t.offer_turn(instance);
}

void apply_command(Transition& t, model::RewindInstance& command) {
  Instance* instance = t.visible(command.request, command.key);
  if (instance == nullptr) return;
  const model::Status status = instance->stored.record.status;
  if (status != model::Status::kFailed) {
    return t.reject(command.request, base::ErrorCode::kFailedPrecondition,
                    fmt::format("rewind is not allowed: instance '{}' is {}; only a failed one can "
                                "be rewound",
                                command.key.id, model::status_name(status)));
  }
  if (ends_inside_a_section(t.prefetched)) {
    return t.reject(command.request, base::ErrorCode::kFailedPrecondition,
                    fmt::format("rewind is not allowed: instance '{}' failed inside a critical "
                                "section, which is over; restart it instead",
                                command.key.id));
  }
  rewind(t, *instance, command.reason);
  t.reply(command.request, model::Done{});
}

}  // namespace perdure::core

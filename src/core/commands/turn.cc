// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CompleteTurn, RefuseTurn: the step of an orchestration. Everything a turn did (its events, its
// tasks and timers, its messages, its end) is in the writes of this one transition.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "core/commands/commands.h"
#include "model/checks.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

using model::Status;
using model::TaskKind;

bool holds(const Instance& instance, const model::TurnToken& token) {
  return instance.turn && instance.turn->token == token;
}

std::optional<model::TaskId> task_created_by(const model::Action& action) {
  return std::visit(
      base::Overloaded{
          [](const model::EventSent&) -> std::optional<model::TaskId> { return std::nullopt; },
          [](const model::TaskCancelled&) -> std::optional<model::TaskId> { return std::nullopt; },
          [](const model::OperationSignaled&) -> std::optional<model::TaskId> {
            return std::nullopt;
          },
          [](const model::LockReleased&) -> std::optional<model::TaskId> { return std::nullopt; },
          [](const auto& a) -> std::optional<model::TaskId> { return a.task; },
      },
      action);
}

/// Follows a turn's actions, and finds the first that could wait for ever because of a critical
/// section: a second section inside one, and what would wait for an entity from outside of it.
class SectionRules {
 public:
  explicit SectionRules(const StoredInstance& stored) {
    for (const auto& [task, pending] : stored.pending) {
      if (pending.kind == TaskKind::kSection) open_ = {task, &pending.entities};
    }
  }

  /// Nothing: it is allowed.
  std::optional<std::string> objection(const model::Action& action) {
    return std::visit(
        base::Overloaded{
            [&](const model::LockRequested& a) -> std::optional<std::string> {
              if (open_) {
                return "a critical section inside another one could wait for ever; lock all "
                       "entities at once, or leave the first section before";
              }
              open_ = {a.task, &a.entities};
              return std::nullopt;
            },
            [&](const model::LockReleased& a) { return close(a.section); },
            [&](const model::TaskCancelled& a) { return close(a.cancelled); },
            [&](const model::OperationCalled& a) -> std::optional<std::string> {
              if (!open_ || std::ranges::binary_search(*open_->entities, a.target)) {
                return std::nullopt;
              }
              return fmt::format(
                  "inside a critical section only its entities can be called, and "
                  "'{}' is none; add it to the lock, or send a signal",
                  a.target);
            },
            [&](const model::ChildScheduled& a) -> std::optional<std::string> {
              if (!open_) return std::nullopt;
              return fmt::format(
                  "the sub-orchestration '{}' inside a critical section could wait "
                  "for it for ever; start it before or after",
                  a.name);
            },
            [](const auto&) -> std::optional<std::string> { return std::nullopt; },
        },
        action);
  }

 private:
  struct Open {
    model::TaskId task;
    const std::vector<std::string>* entities = nullptr;
  };

  std::optional<std::string> close(model::TaskId task) {
    if (open_ && open_->task == task) open_.reset();
    return std::nullopt;
  }

  std::optional<Open> open_;
};

/// What is wrong with an answer that no correct worker gives, or that would break a limit.
std::optional<model::Failure> objection(const Instance& instance, const model::TurnResult& result) {
  if (const auto checked = model::check_turn(result); !checked) {
    return model::Failure{
        .type = model::kFailureLimit, .message = checked.error().message, .retriable = false};
  }
  const StoredInstance& stored = instance.stored;
  if (std::holds_alternative<model::Operated>(result.outcome)) {
    return model::Failure{.type = model::kFailureInvalidTurn,
                          .message = "the worker answered a turn as if it was a batch",
                          .retriable = false};
  }
  std::set<model::TaskId> created;
  SectionRules sections(stored);
  for (const model::Action& action : result.actions) {
    if (auto why = sections.objection(action)) {
      return model::Failure{
          .type = model::kFailureInvalidTurn, .message = *std::move(why), .retriable = false};
    }
    const auto task = task_created_by(action);
    if (!task) continue;
    if (task->value < 0 || stored.pending.contains(*task) || !created.insert(*task).second) {
      return model::Failure{.type = model::kFailureInvalidTurn,
                            .message = fmt::format("the worker scheduled task {} twice, or under a "
                                                   "negative number",
                                                   task->value),
                            .retriable = false};
    }
  }
  if (stored.pending.size() + created.size() > model::kPendingTasksMax) {
    return model::Failure{
        .type = model::kFailureLimit,
        .message = fmt::format("more than {} tasks would be pending; fan out in groups, or through "
                               "sub-orchestrations",
                               model::kPendingTasksMax),
        .retriable = false};
  }
  if (stored.record.history_events > model::kHistoryEventsMax) {
    return model::Failure{
        .type = model::kFailureLimit,
        .message = fmt::format("the history has more than {} events; use continue-as-new",
                               model::kHistoryEventsMax),
        .retriable = false};
  }
  return std::nullopt;
}

/// The events of a turn in the order of the history: its start, what it took in, what it decided.
std::vector<model::Event> events_of(const Instance& instance, const Instance::TurnInFlight& turn,
                                    std::vector<model::Action> actions) {
  const StoredInstance& stored = instance.stored;
  std::vector<model::Event> events;
  events.reserve(2 + stored.prologue.size() + turn.messages + actions.size());
  events.push_back({turn.at, model::TurnStarted{}});
  events.insert(events.end(), stored.prologue.begin(), stored.prologue.end());
  for (std::size_t i = 0; i < turn.messages; ++i) events.push_back(stored.inbox[i].event);
  for (model::Action& action : actions) {
    std::visit([&](auto& body) { events.push_back({turn.at, std::move(body)}); }, action);
  }
  return events;
}

std::string default_child_id(const Instance& instance, model::TaskId task) {
  // The execution is part of it: the children of two executions are different instances.
  return fmt::format("{}:{:x}:{:04x}", instance.key.id, instance.stored.record.execution.value,
                     task.value);
}

/// Where an action's event is in the history.
struct Place {
  model::EventNumber chunk = 0;
  std::uint32_t index = 0;
};

/// `ends`: the execution ends with this turn, so only what outlives it happens.
struct ApplyAction {
  Transition& t;
  Instance& instance;
  Place place;
  bool ends;

  void operator()(const model::ActivityScheduled& scheduled) const {
    if (ends) return;
    t.add_pending(instance, scheduled.task,
                  {.kind = TaskKind::kActivity,
                   .name = scheduled.name,
                   .version = scheduled.version,
                   .chunk = place.chunk,
                   .index = place.index});
    t.offer_activity(instance, scheduled);
  }

  void operator()(const model::TimerCreated& created) const {
    if (ends) return;
    t.add_pending(instance, created.task,
                  {.kind = TaskKind::kTimer,
                   .chunk = place.chunk,
                   .index = place.index,
                   .fire_at = created.fire_at});
  }

  void operator()(const model::ChildScheduled& scheduled) const {
    t.add_pending(instance, scheduled.task,
                  {.kind = TaskKind::kChild,
                   .name = scheduled.name,
                   .version = scheduled.version,
                   .chunk = place.chunk,
                   .index = place.index,
                   .child_id = scheduled.id});
    t.send(instance.key, start_of(instance, scheduled));
  }

  void operator()(const model::EventSent& sent) const {
    t.send(instance.key,
           model::DeliverEvent{.target = {instance.key.hub, sent.target},
                               .event = {.name = sent.name, .payload = sent.payload}});
  }

  void operator()(const model::OperationCalled& called) const {
    if (!ends) {
      t.add_pending(instance, called.task,
                    {.kind = TaskKind::kCall,
                     .name = called.operation,
                     .chunk = place.chunk,
                     .index = place.index,
                     .child_id = called.target});
    }
    t.send(instance.key, call_of(instance, called));
  }

  void operator()(const model::OperationSignaled& signaled) const {
    t.send(instance.key,
           model::RunOperation{.entity = {instance.key.hub, signaled.target},
                               .request = {.operation = signaled.operation,
                                           .input = signaled.input,
                                           .caller = caller_of(instance, model::TaskId{-1})},
                               .fire_at = signaled.fire_at});
  }

  void operator()(const model::LockRequested& requested) const {
    if (ends) return;
    t.add_pending(instance, requested.task,
                  {.kind = TaskKind::kSection,
                   .chunk = place.chunk,
                   .index = place.index,
                   .entities = requested.entities});
    t.acquire_next(instance, requested.task);
  }

  void operator()(const model::LockReleased& released) const {
    const auto found = instance.stored.pending.find(released.section);
    if (found == instance.stored.pending.end() || found->second.kind != TaskKind::kSection) return;
    t.cancel_pending(instance, released.section);
  }

  void operator()(const model::TaskCancelled& cancelled) const {
    t.cancel_pending(instance, cancelled.cancelled);
  }
};

void apply_actions(Transition& t, Instance& instance, const std::vector<model::Action>& actions,
                   Place first, bool ends) {
  for (const model::Action& action : actions) {
    std::visit(ApplyAction{t, instance, first, ends}, action);
    ++first.index;
  }
}

void count_as_started(Transition& t, Instance& instance, base::Timestamp at) {
  model::InstanceRecord& record = instance.stored.record;
  if (record.status == Status::kPending) record.status = Status::kRunning;
  record.resume_to = Status::kRunning;
  record.updated = std::max({record.updated, t.facts.now, at});
  record.turn_attempts = 0;
  instance.turn_uncounted = false;
  instance.refusals = 0;
  t.touch(instance);
}

void go_on(Transition& t, Instance& instance, const Instance::TurnInFlight& turn,
           const std::vector<model::Action>& actions) {
  const bool was_pending = instance.stored.record.status == Status::kPending;
  std::vector<model::Event> events = events_of(instance, turn, actions);
  const auto index = static_cast<std::uint32_t>(events.size() - actions.size());
  const model::EventNumber chunk = t.append_history(instance, std::move(events));
  t.clear_prologue(instance);
  t.consume_inbox(instance, turn.messages);
  count_as_started(t, instance, turn.at);
  apply_actions(t, instance, actions, {chunk, index}, /*ends=*/false);
  instance.turn_took = t.facts.now - turn.offered_at;
  instance.turn_messages = turn.messages;
  if (was_pending) t.notify_waiters(instance);
  t.gather_turn(instance);
}

void finish(Transition& t, Instance& instance, const Instance::TurnInFlight& turn,
            const std::vector<model::Action>& actions, model::ExecutionCompleted completed) {
  std::vector<model::Event> events = events_of(instance, turn, actions);
  const Place first{instance.stored.record.history_events,
                    static_cast<std::uint32_t>(events.size() - actions.size())};
  apply_actions(t, instance, actions, first, /*ends=*/true);
  // A rewind goes on from here: its clock must not be behind this turn's, even if the wall clock
  // is.
  model::InstanceRecord& record = instance.stored.record;
  record.updated = std::max(record.updated, turn.at);
  t.end(instance, std::move(events), std::move(completed));
}

/// Never empty: an empty text means that the instance is not parked.
std::string parked_text(std::string why) {
  if (why.empty()) return "the worker refused the turn and gave no reason";
  model::Failure failure{.message = std::move(why)};
  model::trim_failure(failure);
  return std::move(failure.message);
}

/// Messages that belong to the instance stay; outcomes of the old execution's tasks go with it.
void keep_only_events(Transition& t, Instance& instance) {
  std::deque<InboxMessage> kept;
  for (InboxMessage& message : instance.stored.inbox) {
    const bool is_outcome = model::task_of(message.event).has_value();
    if (is_outcome) {
      instance.inbox_bytes -= model::encoded_size(message.event);
      t.erase(model::Space::kInstance, model::inbox_key(instance.key, message.number));
    } else {
      kept.push_back(std::move(message));
    }
  }
  instance.stored.inbox = std::move(kept);
}

void continue_as_new(Transition& t, Instance& instance, const Instance::TurnInFlight& turn,
                     const std::vector<model::Action>& actions, model::ContinuedAsNew next) {
  model::InstanceRecord& record = instance.stored.record;
  apply_actions(t, instance, actions, {}, /*ends=*/true);
  t.clear_prologue(instance);
  t.consume_inbox(instance, turn.messages);
  keep_only_events(t, instance);
  t.remove_all_pending(instance, Children::kForget);
  t.drop_history(instance);
  record.execution = t.execution_after(record.execution);
  record.history_events = 0;
  record.history_chain = 0;
  record.worker_trace.clear();
  if (next.version) record.version = *std::move(next.version);
  if (next.tags) record.tags = *std::move(next.tags);
  count_as_started(t, instance, turn.at);
  std::vector<model::Event> prologue;
  prologue.push_back(Transition::begin_event(instance, {.name = record.name,
                                                        .version = record.version,
                                                        .input = std::move(next.input),
                                                        .tags = record.tags,
                                                        .parent = record.parent,
                                                        .trace_parent = record.trace_parent}));
  for (model::EventRaised& carried : next.carried) {
    prologue.push_back({t.facts.now, std::move(carried)});
  }
  t.put_prologue(instance, std::move(prologue));
  t.notify_waiters(instance);
  t.offer_turn(instance);
}

}  // namespace

model::StartChild start_of(const Instance& instance, const model::ChildScheduled& scheduled) {
  const model::InstanceRecord& record = instance.stored.record;
  return {.child = {instance.key.hub, scheduled.id},
          .started = {.name = scheduled.name,
                      .version = scheduled.version,
                      .input = scheduled.input,
                      .tags = scheduled.tags,
                      .parent = model::Parent{.key = instance.key,
                                              .execution = record.execution,
                                              .task = scheduled.task,
                                              .name = record.name},
                      .trace_parent = scheduled.trace_parent}};
}

model::RunOperation call_of(const Instance& instance, const model::OperationCalled& called) {
  return {.entity = {instance.key.hub, called.target},
          .request = {.operation = called.operation,
                      .input = called.input,
                      .caller = caller_of(instance, called.task)}};
}

void apply_command(Transition& t, model::CompleteTurn& command) {
  Instance& instance = t.instance(command.token.key);
  // A stale attempt's answer changes nothing.
  if (!holds(instance, command.token) || !instance.turn->counted) return;
  const Instance::TurnInFlight turn = *std::exchange(instance.turn, std::nullopt);
  if (is_entity(instance)) return complete_batch(t, instance, turn, std::move(command.result));
  model::TurnResult& result = command.result;
  if (auto failure = objection(instance, result)) {
    result = {.actions = {}, .outcome = model::Failed{*std::move(failure)}, .custom_status = {}};
  }
  for (model::Action& action : result.actions) {
    auto* child = std::get_if<model::ChildScheduled>(&action);
    if (child != nullptr && child->id.empty()) child->id = default_child_id(instance, child->task);
  }
  if (result.custom_status) {
    instance.stored.record.custom_status = *std::move(result.custom_status);
  }
  if (result.worker_trace) {
    instance.stored.record.worker_trace = *std::move(result.worker_trace);
  }
  std::visit(
      base::Overloaded{
          [&](model::Waiting&) { go_on(t, instance, turn, result.actions); },
          [&](model::Completed& outcome) {
            finish(t, instance, turn, result.actions,
                   {.ending = model::Ending::kCompleted, .output = std::move(outcome.output)});
          },
          [&](model::Failed& outcome) {
            model::trim_failure(outcome.failure);
            finish(t, instance, turn, result.actions,
                   {.ending = model::Ending::kFailed, .failure = std::move(outcome.failure)});
          },
          [&](model::ContinuedAsNew& outcome) {
            continue_as_new(t, instance, turn, result.actions, std::move(outcome));
          },
          [](const model::Operated&) { PERDURE_CHECK(false, "a result that was objected to"); },
      },
      result.outcome);
}

void apply_command(Transition& t, model::RefuseTurn& command) {
  Instance& instance = t.instance(command.token.key);
  if (!holds(instance, command.token)) return;
  instance.turn.reset();
  ++instance.refusals;
  t.park(instance, parked_text(std::move(command.why)));
}

}  // namespace perdure::core

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// CallEntity, SignalEntity, PurgeEntity, GetEntity, and the end of a batch: entities as clients and
// workers meet them. What instances send them is in messages.cc.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "core/commands/commands.h"
#include "model/checks.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

/// Answers RESOURCE_EXHAUSTED if no further message fits.
bool has_room(Transition& t, model::RequestId request, const Instance& entity) {
  const std::size_t waiting = entity.stored.inbox.size() + entity.stored.pending.size();
  if (waiting < model::kInboxMessagesMax) return true;
  t.reject(request, base::ErrorCode::kResourceExhausted,
           fmt::format("{} operations of entity '{}' wait already, the limit; try again later",
                       waiting, entity.key.id));
  return false;
}

model::Failure invalid_batch(std::string message) {
  return {.type = model::kFailureInvalidTurn, .message = std::move(message), .retriable = false};
}

bool is_for_entities(const model::Action& action) {
  const auto* called = std::get_if<model::OperationCalled>(&action);
  return (called != nullptr && !called->then.empty()) ||
         std::holds_alternative<model::OperationSignaled>(action) ||
         std::holds_alternative<model::EventSent>(action) ||
         std::holds_alternative<model::ChildScheduled>(action);
}

/// Why every operation of the batch fails; nothing: none does because of that.
std::optional<model::Failure> objection(const Instance::TurnInFlight& turn,
                                        const model::TurnResult& result) {
  if (const auto* failed = std::get_if<model::Failed>(&result.outcome)) return failed->failure;
  const auto* operated = std::get_if<model::Operated>(&result.outcome);
  if (operated == nullptr) return invalid_batch("the worker answered a batch as if it was a turn");
  if (const auto checked = model::check_turn(result); !checked) {
    return model::Failure{
        .type = model::kFailureLimit, .message = checked.error().message, .retriable = false};
  }
  if (operated->results.empty() || operated->results.size() > turn.operations.size()) {
    return invalid_batch(fmt::format("the worker answered {} of {} operations",
                                     operated->results.size(), turn.operations.size()));
  }
  if (!std::ranges::all_of(result.actions, is_for_entities)) {
    return invalid_batch("an entity can not do what only an orchestration can");
  }
  return std::nullopt;
}

/// The operations of the batch, from the first on; they are in the inbox in the order of `turn`.
void settle(Transition& t, Instance& entity, const Instance::TurnInFlight& turn,
            std::vector<std::variant<model::Payload, model::Failure>> results) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    while (entity.stored.inbox[place].number != turn.operations[i]) ++place;
    auto& outcome = results[i];
    if (auto* failure = std::get_if<model::Failure>(&outcome)) model::trim_failure(*failure);
    t.settle_operation(entity, place, std::move(outcome));
  }
}

void set_state(Transition& t, Instance& entity, model::Payload state) {
  if (entity.stored.state == state) return;
  std::string key = model::state_key(entity.key);
  if (state) {
    std::string row = model::encode_state(key, *state);
    if (entity.stored.state) {
      t.put(model::Space::kInstance, std::move(key), std::move(row));
    } else {
      t.put_new(model::Space::kInstance, std::move(key), std::move(row));
    }
  } else {
    t.erase(model::Space::kInstance, std::move(key));
  }
  entity.stored.state = std::move(state);
}

/// What the operations decided. Their messages carry who sent them, so that the outcome of a call
/// finds its way back.
struct CarryOut {
  Transition& t;
  const Instance& entity;
  std::uint64_t batch;

  [[nodiscard]] model::InstanceKey at(const std::string& id) const { return {entity.key.hub, id}; }
  [[nodiscard]] model::Caller self(std::string then) const {
    return {
        .key = entity.key, .execution = entity.stored.record.execution, .then = std::move(then)};
  }

  void operator()(model::OperationCalled& called) const {
    t.send(entity.key, model::RunOperation{.entity = at(called.target),
                                           .request = {.operation = std::move(called.operation),
                                                       .input = std::move(called.input),
                                                       .caller = self(std::move(called.then))}});
  }
  void operator()(model::OperationSignaled& signaled) const {
    t.send(entity.key, model::RunOperation{.entity = at(signaled.target),
                                           .request = {.operation = std::move(signaled.operation),
                                                       .input = std::move(signaled.input),
                                                       .caller = self({})},
                                           .fire_at = signaled.fire_at});
  }
  void operator()(model::EventSent& sent) const {
    t.send(entity.key,
           model::DeliverEvent{.target = at(sent.target),
                               .event = {std::move(sent.name), std::move(sent.payload)}});
  }
  void operator()(model::ChildScheduled& start) const {
    // Without the '@': it is no entity.
    if (start.id.empty()) {
      start.id = fmt::format("{}:{:x}:{:x}:{:04x}", std::string_view(entity.key.id).substr(1),
                             entity.stored.record.execution.value, batch, start.task.value);
    }
    t.send(entity.key,
           model::StartOrchestration{.target = at(start.id),
                                     .started = {.name = std::move(start.name),
                                                 .version = std::move(start.version),
                                                 .input = std::move(start.input),
                                                 .tags = std::move(start.tags),
                                                 .scheduled_start = start.start_at,
                                                 .trace_parent = std::move(start.trace_parent)}});
  }
  void operator()(const auto&) const { PERDURE_CHECK(false, "an action that was objected to"); }
};

}  // namespace

void complete_batch(Transition& t, Instance& entity, const Instance::TurnInFlight& turn,
                    model::TurnResult result) {
  model::InstanceRecord& record = entity.stored.record;
  const std::uint64_t batch = record.history_events++;
  record.updated = std::max({record.updated, t.facts.now, turn.at});
  record.turn_attempts = 0;
  entity.turn_uncounted = false;
  entity.refusals = 0;
  t.touch(entity);
  if (const auto why = objection(turn, result)) {
    settle(t, entity, turn, {turn.operations.size(), *why});
  } else {
    auto& operated = std::get<model::Operated>(result.outcome);
    settle(t, entity, turn, std::move(operated.results));
    set_state(t, entity, std::move(operated.state));
    for (model::Action& action : result.actions) std::visit(CarryOut{t, entity, batch}, action);
    t.show(entity);
  }
  t.go_on(entity);
}

void fail_first_operation(Transition& t, Instance& entity, model::Failure failure) {
  const std::vector<std::size_t> places = operations_for_batch(entity);
  PERDURE_CHECK(!places.empty(), "a batch without operations was handed out");
  ++entity.stored.record.history_events;
  entity.stored.record.turn_attempts = 0;
  t.settle_operation(entity, places.front(), std::move(failure));
  t.go_on(entity);
}

void apply_command(Transition& t, model::CallEntity& command) {
  Instance& known = t.instance(command.key);
  if (!has_room(t, command.request, known)) return;
  Instance& entity = t.entity(command.key);
  const std::uint64_t number =
      t.enqueue(entity, model::OperationRequested{.operation = std::move(command.operation),
                                                  .input = std::move(command.input)});
  entity.callers.emplace(number, command.request);
  t.go_on(entity);
}

void apply_command(Transition& t, model::SignalEntity& command) {
  Instance& known = t.instance(command.key);
  if (!has_room(t, command.request, known)) return;
  Instance& entity = t.entity(command.key);
  model::OperationRequested request{.operation = std::move(command.operation),
                                    .input = std::move(command.input)};
  if (command.fire_at && *command.fire_at > t.facts.now) {
    t.enqueue_later(entity, std::move(request), *command.fire_at);
  } else {
    t.enqueue(entity, std::move(request));
    t.go_on(entity);
  }
  t.reply(command.request, model::Done{});
}

void apply_command(Transition& t, model::PurgeEntity& command) {
  Instance& entity = t.instance(command.key);
  if (!entity.exists) {
    return t.reject(command.request, base::ErrorCode::kNotFound,
                    fmt::format("no entity '{}' in hub '{}'", command.key.id, command.key.hub));
  }
  t.forget_turn(entity);
  t.drop_operations(entity,
                    model::Failure{.type = model::kFailurePurged,
                                   .message = fmt::format("entity '{}' was purged", command.key.id),
                                   .retriable = false});
  set_state(t, entity, std::nullopt);
  t.stamp(entity);
  t.touch(entity);
  t.show(entity);
  t.go_on(entity);
  t.reply(command.request, model::Done{});
}

void apply_command(Transition& t, model::GetEntity& command) {
  const Instance& entity = t.instance(command.key);
  model::EntitySnapshot view = entity.publication.view;
  view.key = command.key;
  view.backlog = entity.stored.inbox.size();
  t.reply(command.request, std::move(view));
}

}  // namespace perdure::core

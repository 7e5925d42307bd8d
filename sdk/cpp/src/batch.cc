// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <utility>
#include <variant>

#include "base/check.h"
#include "exceptions.h"
#include "time_points.h"

namespace perdure::internal {
namespace {

EntityBatch batch_of(model::TurnItem& item) {
  EntityBatch batch{.id = *EntityId::parse(item.token.key.id),
                    .hub = item.token.key.hub,
                    .now = to_time_point(item.new_events.front().at),
                    .state = std::move(item.state),
                    .operations = {},
                    .results = {},
                    .actions = {}};
  batch.operations.reserve(item.new_events.size() - 1);
  batch.results.reserve(item.new_events.size() - 1);
  for (model::Event& event : item.new_events) {
    auto* request = std::get_if<model::OperationRequested>(&event.body);
    if (request == nullptr) continue;  // TurnStarted
    EntityOperation operation{
        .name = std::move(request->operation), .input = std::move(request->input), .failure = {}};
    if (request->failure) operation.failure = from_model(*std::move(request->failure));
    batch.operations.push_back(std::move(operation));
  }
  return batch;
}

model::Action action_of(EntityAction action, model::TaskId task) {
  using Kind = EntityAction::Kind;
  switch (action.kind) {
    case Kind::kSignal: {
      model::OperationSignaled signal{.task = task,
                                      .target = std::move(action.target),
                                      .operation = std::move(action.name),
                                      .input = std::move(action.payload),
                                      .fire_at = {}};
      if (action.at) signal.fire_at = to_timestamp(*action.at);
      return signal;
    }
    case Kind::kCall:
      return model::OperationCalled{.task = task,
                                    .target = std::move(action.target),
                                    .operation = std::move(action.name),
                                    .input = std::move(action.payload),
                                    .then = std::move(action.then)};
    case Kind::kStart:
      return model::ChildScheduled{.task = task,
                                   .id = std::move(action.target),
                                   .name = std::move(action.name),
                                   .version = {},
                                   .input = std::move(action.payload),
                                   .tags = {},
                                   .trace_parent = {}};
    case Kind::kEvent:
      return model::EventSent{.task = task,
                              .target = std::move(action.target),
                              .name = std::move(action.name),
                              .payload = std::move(action.payload)};
  }
  PERDURE_CHECK(false, "an entity decided something without a kind");
}

model::TurnResult result_of(EntityBatch batch) {
  model::TurnResult result;
  result.actions.reserve(batch.actions.size());
  for (EntityAction& action : batch.actions) {
    const model::TaskId task{static_cast<std::int32_t>(result.actions.size())};
    result.actions.push_back(action_of(std::move(action), task));
  }
  model::Operated operated;
  operated.results.reserve(batch.results.size());
  for (auto& outcome : batch.results) {
    if (auto* failure = std::get_if<FailureDetails>(&outcome)) {
      operated.results.emplace_back(to_model(std::move(*failure)));
    } else {
      operated.results.emplace_back(std::get<Payload>(std::move(outcome)));
    }
  }
  operated.state = std::move(batch.state);
  result.outcome = std::move(operated);
  return result;
}

}  // namespace

model::TurnResult run_batch(const EntityFunction& function, model::TurnItem& item) {
  EntityBatch batch = batch_of(item);
  try {
    function(batch);
  } catch (...) {
    // Before any operation: the state can not be read by this class.
    model::TurnResult failed;
    failed.outcome = model::Failed{to_model(current_failure())};
    return failed;
  }
  return result_of(std::move(batch));
}

}  // namespace perdure::internal

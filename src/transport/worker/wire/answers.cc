// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a worker answers.
#include <optional>
#include <vector>

#include "base/overloaded.h"
#include "model/checks.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_wire {
namespace {

using base::ErrorCode;
using base::Result;

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

// ---- actions ------------------------------------------------------------------------------------

std::vector<model::Event> as_events(std::vector<model::Action> actions) {
  std::vector<model::Event> events(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    std::visit([&](auto& action) { events[i].body = std::move(action); }, actions[i]);
  }
  return events;
}

Result<std::vector<model::Action>> as_actions(std::vector<model::Event> events) {
  std::vector<model::Action> actions;
  actions.reserve(events.size());
  for (model::Event& event : events) {
    const bool is_action = std::visit(
        [&]<class Body>(Body& body) {
          if constexpr (std::is_constructible_v<model::Action, Body>) {
            actions.emplace_back(std::move(body));
            return true;
          }
          return false;
        },
        event.body);
    if (!is_action) return wrong("an action of a turn is an event that no code decides");
  }
  return actions;
}

// ---- outcomes -----------------------------------------------------------------------------------

void put_continued(model::ContinuedAsNew& outcome, v1::ContinuedAsNew& out) {
  model::ExecutionStarted started;
  started.input = std::move(outcome.input);
  if (outcome.version) started.version = *std::move(outcome.version);
  out.set_with_version(outcome.version.has_value());
  if (outcome.tags) started.tags = *std::move(outcome.tags);
  out.set_with_tags(outcome.tags.has_value());
  out.set_started(one_to_wire(std::move(started)));
  std::vector<model::Event> carried(outcome.carried.size());
  for (std::size_t i = 0; i < carried.size(); ++i) carried[i].body = std::move(outcome.carried[i]);
  out.set_carried(to_wire(carried));
}

Result<model::ContinuedAsNew> continued_from(const v1::ContinuedAsNew& wire) {
  PERDURE_ASSIGN_OR_RETURN(
      auto started, one_from<model::ExecutionStarted>("what continues as new", wire.started()));
  PERDURE_ASSIGN_OR_RETURN(auto events, events_from("what is carried on", wire.carried()));
  model::ContinuedAsNew outcome;
  outcome.input = std::move(started.input);
  if (wire.with_version()) outcome.version = std::move(started.version);
  if (wire.with_tags()) outcome.tags = std::move(started.tags);
  for (model::Event& event : events) {
    auto* raised = std::get_if<model::EventRaised>(&event.body);
    if (raised == nullptr) return wrong("only events that were raised are carried on");
    outcome.carried.push_back(std::move(*raised));
  }
  return outcome;
}

void put_operated(model::Operated& outcome, v1::Operated& out) {
  std::vector<model::Event> results(outcome.results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (auto* failure = std::get_if<model::Failure>(&outcome.results[i])) {
      results[i].body = model::OperationFailed{.task = {}, .failure = std::move(*failure)};
    } else {
      results[i].body = model::OperationCompleted{
          .task = {}, .result = std::get<model::Payload>(std::move(outcome.results[i]))};
    }
  }
  out.set_results(to_wire(results));
  if (outcome.state) out.set_state(*std::move(outcome.state));
}

Result<model::Operated> operated_from(v1::Operated& wire) {
  PERDURE_ASSIGN_OR_RETURN(auto events, events_from("the results of a batch", wire.results()));
  model::Operated outcome;
  outcome.results.reserve(events.size());
  for (model::Event& event : events) {
    if (auto* completed = std::get_if<model::OperationCompleted>(&event.body)) {
      outcome.results.emplace_back(std::move(completed->result));
    } else if (auto* failed = std::get_if<model::OperationFailed>(&event.body)) {
      outcome.results.emplace_back(std::move(failed->failure));
    } else {
      return wrong("a result of a batch is not one of an operation");
    }
  }
  if (wire.has_state()) outcome.state = std::move(*wire.mutable_state());
  return outcome;
}

Result<model::Outcome> ended_from(const std::string& wire) {
  PERDURE_ASSIGN_OR_RETURN(auto ended, one_from<model::ExecutionCompleted>("an end", wire));
  if (ended.ending == model::Ending::kCompleted) return model::Completed{std::move(ended.output)};
  if (ended.ending == model::Ending::kFailed && ended.failure) {
    return model::Failed{*std::move(ended.failure)};
  }
  return wrong("a turn ends completed, or failed with a failure");
}

Result<model::Outcome> turn_outcome_from(v1::TurnResult& wire) {
  switch (wire.outcome_case()) {
    case v1::TurnResult::kWaiting: return model::Waiting{};
    case v1::TurnResult::kEnded: return ended_from(wire.ended());
    case v1::TurnResult::kContinued: return continued_from(wire.continued());
    case v1::TurnResult::kOperated: return operated_from(*wire.mutable_operated());
    case v1::TurnResult::OUTCOME_NOT_SET: break;
  }
  return wrong("a turn has no outcome");
}

/// The encoding stops the process for what no row may hold, so what code of a user decided is
/// brought into the limits first; the server would object to it in the same words.
void bring_into_limits(model::TurnResult& result) {
  if (auto* failed = std::get_if<model::Failed>(&result.outcome)) {
    model::trim_failure(failed->failure);
  } else if (auto* operated = std::get_if<model::Operated>(&result.outcome)) {
    for (auto& one : operated->results) {
      if (auto* failure = std::get_if<model::Failure>(&one)) model::trim_failure(*failure);
    }
  }
  if (const auto checked = model::check_turn(result); !checked) {
    result = {.actions = {},
              .outcome = model::Failed{{.type = model::kFailureLimit,
                                        .message = checked.error().message,
                                        .retriable = false}},
              .custom_status = {}};
  }
}

}  // namespace

void to_wire(model::TurnResult& result, v1::TurnResult& out) {
  bring_into_limits(result);
  out.set_actions(to_wire(as_events(std::move(result.actions))));
  std::visit(
      base::Overloaded{
          [&](model::Waiting&) { out.mutable_waiting(); },
          [&](model::Completed& outcome) {
            out.set_ended(one_to_wire(model::ExecutionCompleted{.ending = model::Ending::kCompleted,
                                                                .output = std::move(outcome.output),
                                                                .failure = std::nullopt}));
          },
          [&](model::Failed& outcome) {
            out.set_ended(
                one_to_wire(model::ExecutionCompleted{.ending = model::Ending::kFailed,
                                                      .output = std::nullopt,
                                                      .failure = std::move(outcome.failure)}));
          },
          [&](model::ContinuedAsNew& outcome) { put_continued(outcome, *out.mutable_continued()); },
          [&](model::Operated& outcome) { put_operated(outcome, *out.mutable_operated()); },
      },
      result.outcome);
  if (result.worker_trace) out.set_worker_trace(*std::move(result.worker_trace));
  if (!result.custom_status) return;
  auto* status = out.mutable_custom_status();
  if (*result.custom_status) status->set_value(std::move(**result.custom_status));
}

Result<model::TurnResult> result_from(v1::TurnResult& wire) {
  model::TurnResult result;
  PERDURE_ASSIGN_OR_RETURN(auto events, events_from("the actions of a turn", wire.actions()));
  PERDURE_ASSIGN_OR_RETURN(result.actions, as_actions(std::move(events)));
  PERDURE_ASSIGN_OR_RETURN(result.outcome, turn_outcome_from(wire));
  if (wire.has_worker_trace()) result.worker_trace = std::move(*wire.mutable_worker_trace());
  if (wire.has_custom_status()) {
    auto* status = wire.mutable_custom_status();
    result.custom_status.emplace();
    if (status->has_value()) *result.custom_status = std::move(*status->mutable_value());
  }
  return result;
}

std::string to_wire(ActivityOutcome outcome) {
  if (auto* failure = std::get_if<model::Failure>(&outcome)) {
    model::trim_failure(*failure);
    return one_to_wire(model::ActivityFailed{.task = {}, .failure = std::move(*failure)});
  }
  return one_to_wire(
      model::ActivityCompleted{.task = {}, .result = std::get<model::Payload>(std::move(outcome))});
}

Result<ActivityOutcome> outcome_from(std::string_view wire) {
  PERDURE_ASSIGN_OR_RETURN(auto events, events_from("the outcome of an activity", wire));
  if (events.size() == 1) {
    if (auto* completed = std::get_if<model::ActivityCompleted>(&events.front().body)) {
      return ActivityOutcome(std::move(completed->result));
    }
    if (auto* failed = std::get_if<model::ActivityFailed>(&events.front().body)) {
      return ActivityOutcome(std::move(failed->failure));
    }
  }
  return wrong("the outcome of an activity is not the one event that belongs there");
}

void to_wire(const base::Error& error, v1::Problem& out) {
  out.set_code(static_cast<std::uint32_t>(error.code));
  out.set_message(error.message);
}

base::Error error_from(const v1::Problem& wire) {
  switch (wire.code()) {
#define PERDURE_ERROR(name, number, retry, rpc, web, sentence) \
  case number: return {ErrorCode::name, wire.message()};
#include "errors.def"
#undef PERDURE_ERROR
    default: return {ErrorCode::kInternal, wire.message()};
  }
}

}  // namespace perdure::worker_wire

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Short ways to say commands, actions and outcomes, so that a test reads like what happens. All in
// the hub "hub". Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/action.h"
#include "model/command.h"
#include "model/ids.h"

namespace perdure::core::testing {

inline model::InstanceKey key(std::string id) { return {"hub", std::move(id)}; }

// ---- commands -----------------------------------------------------------------------------------

inline model::StartInstance start(std::string id, std::string name = "code",
                                  model::Payload input = std::nullopt) {
  return {.request = {},
          .key = key(std::move(id)),
          .started = {.name = std::move(name), .input = std::move(input)}};
}

inline model::RaiseEvent raise(std::string id, std::string name,
                               model::Payload payload = std::nullopt) {
  return {.request = {},
          .key = key(std::move(id)),
          .event = {.name = std::move(name), .payload = std::move(payload)}};
}

inline model::TerminateInstance terminate(std::string id, std::string reason = "stop") {
  return {.request = {}, .key = key(std::move(id)), .reason = std::move(reason)};
}

inline model::TerminateInstance terminate_tree(std::string id) {
  return {.request = {}, .key = key(std::move(id)), .reason = "stop", .recursive = true};
}

inline model::SuspendInstance suspend(std::string id) {
  return {.request = {}, .key = key(std::move(id)), .reason = "hold"};
}

inline model::ResumeInstance resume(std::string id) {
  return {.request = {}, .key = key(std::move(id)), .reason = "go"};
}

inline model::RewindInstance rewind(std::string id) {
  return {.request = {}, .key = key(std::move(id)), .reason = "again"};
}

inline model::RestartInstance restart(std::string id) {
  return {.request = {}, .key = key(std::move(id))};
}

inline model::PurgeInstance purge(std::string id) {
  return {.request = {}, .key = key(std::move(id))};
}

inline model::GetInstance get(std::string id) { return {.request = {}, .key = key(std::move(id))}; }

inline model::AwaitInstance await(std::string id, model::Until until = model::Until::kEnded) {
  return {.request = {}, .key = key(std::move(id)), .until = until};
}

inline model::CallEntity call_entity(std::string id, std::string operation,
                                     model::Payload input = std::nullopt) {
  return {.request = {},
          .key = key(std::move(id)),
          .operation = std::move(operation),
          .input = std::move(input)};
}

inline model::SignalEntity signal_entity(std::string id, std::string operation,
                                         model::Payload input = std::nullopt,
                                         std::optional<base::Timestamp> fire_at = std::nullopt) {
  return {.request = {},
          .key = key(std::move(id)),
          .operation = std::move(operation),
          .input = std::move(input),
          .fire_at = fire_at};
}

inline model::GetEntity get_entity(std::string id) {
  return {.request = {}, .key = key(std::move(id))};
}

// ---- actions ------------------------------------------------------------------------------------

inline model::Action activity(int task, std::string name = "work",
                              model::Payload input = std::nullopt) {
  return model::ActivityScheduled{
      .task = {task}, .name = std::move(name), .input = std::move(input)};
}

inline model::Action timer(int task, base::Timestamp fire_at) {
  return model::TimerCreated{.task = {task}, .fire_at = fire_at};
}

inline model::Action child(int task, std::string id = "", std::string name = "child") {
  return model::ChildScheduled{.task = {task}, .id = std::move(id), .name = std::move(name)};
}

inline model::Action send_event(int task, std::string target, std::string name,
                                model::Payload payload = std::nullopt) {
  return model::EventSent{.task = {task},
                          .target = std::move(target),
                          .name = std::move(name),
                          .payload = std::move(payload)};
}

inline model::Action cancel(int task, int cancelled) {
  return model::TaskCancelled{.task = {task}, .cancelled = {cancelled}};
}

inline model::Action call(int task, std::string target, std::string operation,
                          model::Payload input = std::nullopt, std::string then = "") {
  return model::OperationCalled{.task = {task},
                                .target = std::move(target),
                                .operation = std::move(operation),
                                .input = std::move(input),
                                .then = std::move(then)};
}

inline model::Action signal(int task, std::string target, std::string operation,
                            model::Payload input = std::nullopt,
                            std::optional<base::Timestamp> fire_at = std::nullopt) {
  return model::OperationSignaled{.task = {task},
                                  .target = std::move(target),
                                  .operation = std::move(operation),
                                  .input = std::move(input),
                                  .fire_at = fire_at};
}

/// REQUIRES: the ids ascend.
inline model::Action lock(int task, std::vector<std::string> entities) {
  return model::LockRequested{.task = {task}, .entities = std::move(entities)};
}

inline model::Action unlock(int task, int section) {
  return model::LockReleased{.task = {task}, .section = {section}};
}

// ---- outcomes -----------------------------------------------------------------------------------

inline model::Failure failure(std::string message, std::string type = "Error") {
  return {.type = std::move(type), .message = std::move(message)};
}

inline model::Outcome completed(model::Payload output = std::nullopt) {
  return model::Completed{std::move(output)};
}

inline model::Outcome failed(std::string message = "broken") {
  return model::Failed{failure(std::move(message))};
}

inline model::Outcome as_new(model::Payload input = std::nullopt,
                             std::vector<model::EventRaised> carried = {}) {
  return model::ContinuedAsNew{.input = std::move(input), .carried = std::move(carried)};
}

/// Of a batch: what its operations answered, from the first on, and the state after the last.
inline model::Outcome operated(std::vector<std::variant<model::Payload, model::Failure>> results,
                               model::Payload state) {
  return model::Operated{.results = std::move(results), .state = std::move(state)};
}

}  // namespace perdure::core::testing

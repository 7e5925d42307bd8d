// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <fmt/format.h>

#include "base/overloaded.h"

namespace perdure::model {

bool is_action(const Event& event) {
  return std::holds_alternative<ActivityScheduled>(event.body) ||
         std::holds_alternative<TimerCreated>(event.body) ||
         std::holds_alternative<ChildScheduled>(event.body) ||
         std::holds_alternative<EventSent>(event.body) ||
         std::holds_alternative<TaskCancelled>(event.body) ||
         std::holds_alternative<OperationCalled>(event.body) ||
         std::holds_alternative<OperationSignaled>(event.body) ||
         std::holds_alternative<LockRequested>(event.body) ||
         std::holds_alternative<LockReleased>(event.body);
}

std::optional<TaskId> task_of(const Event& event) {
  return std::visit(
      [](const auto& body) -> std::optional<TaskId> {
        if constexpr (requires { body.task; }) {
          return body.task;
        } else {
          return std::nullopt;
        }
      },
      event.body);
}

std::string_view kind_name(const EventBody& body) {
  return std::visit(base::Overloaded{
                        [](const ExecutionStarted&) { return "ExecutionStarted"; },
                        [](const ExecutionCompleted&) { return "ExecutionCompleted"; },
                        [](const TurnStarted&) { return "TurnStarted"; },
                        [](const ActivityScheduled&) { return "ActivityScheduled"; },
                        [](const ActivityCompleted&) { return "ActivityCompleted"; },
                        [](const ActivityFailed&) { return "ActivityFailed"; },
                        [](const TimerCreated&) { return "TimerCreated"; },
                        [](const TimerFired&) { return "TimerFired"; },
                        [](const ChildScheduled&) { return "ChildScheduled"; },
                        [](const ChildCompleted&) { return "ChildCompleted"; },
                        [](const ChildFailed&) { return "ChildFailed"; },
                        [](const EventRaised&) { return "EventRaised"; },
                        [](const EventSent&) { return "EventSent"; },
                        [](const TaskCancelled&) { return "TaskCancelled"; },
                        [](const ExecutionSuspended&) { return "ExecutionSuspended"; },
                        [](const ExecutionResumed&) { return "ExecutionResumed"; },
                        [](const ExecutionTerminated&) { return "ExecutionTerminated"; },
                        [](const ExecutionRewound&) { return "ExecutionRewound"; },
                        [](const OperationCalled&) { return "OperationCalled"; },
                        [](const OperationSignaled&) { return "OperationSignaled"; },
                        [](const OperationCompleted&) { return "OperationCompleted"; },
                        [](const OperationFailed&) { return "OperationFailed"; },
                        [](const LockRequested&) { return "LockRequested"; },
                        [](const LockGranted&) { return "LockGranted"; },
                        [](const LockReleased&) { return "LockReleased"; },
                        [](const OperationRequested&) { return "OperationRequested"; },
                        [](const LockWanted&) { return "LockWanted"; },
                    },
                    body);
}

std::string describe(const Event& event) {
  std::string line(kind_name(event.body));
  if (const auto task = task_of(event)) line += fmt::format(" #{}", task->value);
  std::visit(
      [&](const auto& body) {
        if constexpr (requires { body.name; }) line += fmt::format(" '{}'", body.name);
        if constexpr (requires { body.operation; }) line += fmt::format(" '{}'", body.operation);
        if constexpr (requires { body.target; }) line += fmt::format(" to '{}'", body.target);
        if constexpr (requires { body.id; }) line += fmt::format(" as '{}'", body.id);
        if constexpr (requires { body.cancelled; }) {
          line += fmt::format(" of #{}", body.cancelled.value);
        }
        if constexpr (requires { body.section; })
          line += fmt::format(" of #{}", body.section.value);
        if constexpr (requires { body.entities; }) {
          for (const std::string& entity : body.entities) line += fmt::format(" '{}'", entity);
        }
      },
      event.body);
  return line;
}

}  // namespace perdure::model

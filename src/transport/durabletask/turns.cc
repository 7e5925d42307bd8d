// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "base/overloaded.h"
#include "transport/durabletask/history.h"
#include "transport/durabletask/legacy.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

using base::ErrorCode;
using base::Result;

model::ActivityScheduled to_action(model::TaskId task, const ::ScheduleTaskAction& wire) {
  return {.task = task,
          .name = wire.name(),
          .version = wire.version().value(),
          .input = from_wire(wire.has_input(), wire.input()),
          .tags = from_wire(wire.tags()),
          .trace_parent = from_wire(wire.parenttracecontext())};
}

model::ChildScheduled to_action(const model::TurnToken& token, model::TaskId task,
                                const ::CreateSubOrchestrationAction& wire) {
  std::string id = wire.instanceid();
  // As the SDKs that leave it out expect to find it.
  if (id.empty()) id = fmt::format("{}:{:04x}", token.key.id, task.value);
  return {.task = task,
          .id = std::move(id),
          .name = wire.name(),
          .version = wire.version().value(),
          .input = from_wire(wire.has_input(), wire.input()),
          .tags = from_wire(wire.tags()),
          .trace_parent = from_wire(wire.parenttracecontext())};
}

model::OperationCalled to_action(model::TaskId task, const ::EntityOperationCalledEvent& wire) {
  return {.task = task,
          .target = wire.targetinstanceid().value(),
          .operation = wire.operation(),
          .input = from_wire(wire.has_input(), wire.input()),
          .then = {},
          .correlation = wire.requestid()};
}

model::OperationSignaled to_action(model::TaskId task, const ::EntityOperationSignaledEvent& wire) {
  model::OperationSignaled signal{.task = task,
                                  .target = wire.targetinstanceid().value(),
                                  .operation = wire.operation(),
                                  .input = from_wire(wire.has_input(), wire.input()),
                                  .correlation = wire.requestid()};
  if (wire.has_scheduledtime()) signal.fire_at = from_wire(wire.scheduledtime());
  return signal;
}

model::LockRequested to_action(model::TaskId task, const ::EntityLockRequestedEvent& wire) {
  // The SDKs sort by rules of their own: only one order for all of them is free of deadlocks.
  model::LockRequested lock{.task = task,
                            .entities = {wire.lockset().begin(), wire.lockset().end()},
                            .correlation = wire.criticalsectionid()};
  std::ranges::sort(lock.entities);
  const auto [first, last] = std::ranges::unique(lock.entities);
  lock.entities.erase(first, last);
  return lock;
}

/// The answer to one turn, action by action.
class Turn {
 public:
  Turn(const model::TurnToken& token, Earlier earlier)
      : token_(token), sections_(std::move(earlier.sections)), sent_(std::move(earlier.sent)) {}

  Result<> add(const ::OrchestratorAction& action) {
    const model::TaskId task{action.id()};
    switch (action.orchestratorActionType_case()) {
      case ::OrchestratorAction::kScheduleTask: return add(to_action(task, action.scheduletask()));
      case ::OrchestratorAction::kCreateSubOrchestration:
        return add(to_action(token_, task, action.createsuborchestration()));
      case ::OrchestratorAction::kCreateTimer:
        return add(model::TimerCreated{task, from_wire(action.createtimer().fireat())});
      case ::OrchestratorAction::kSendEvent: {
        // Java says it again with every turn.
        if (!sent_.insert(task).second) return {};
        const ::SendEventAction& send = action.sendevent();
        if (is_legacy(send)) {
          PERDURE_ASSIGN_OR_RETURN(model::Action message, from_legacy(task, send, sections_));
          return add(std::move(message));
        }
        return add(model::EventSent{.task = task,
                                    .target = send.instance().instanceid(),
                                    .name = send.name(),
                                    .payload = from_wire(send.has_data(), send.data())});
      }
      case ::OrchestratorAction::kSendEntityMessage: return add(task, action.sendentitymessage());
      case ::OrchestratorAction::kCompleteOrchestration:
        // More than one may come; the first counts.
        if (!ended_) end(action.completeorchestration());
        ended_ = true;
        return {};
      case ::OrchestratorAction::kTerminateOrchestration: return refuse("terminateOrchestration");
      case ::OrchestratorAction::kRewindOrchestration: return refuse("rewindOrchestration");
      case ::OrchestratorAction::ORCHESTRATORACTIONTYPE_NOT_SET: break;
    }
    return refuse("none that this version knows");
  }

  model::TurnResult result;

 private:
  Result<> add(model::Action action) {
    result.actions.push_back(std::move(action));
    return {};
  }

  Result<> add(model::TaskId task, const ::SendEntityMessageAction& message) {
    switch (message.EntityMessageType_case()) {
      case ::SendEntityMessageAction::kEntityOperationSignaled:
        return add(to_action(task, message.entityoperationsignaled()));
      case ::SendEntityMessageAction::kEntityOperationCalled:
        return add(to_action(task, message.entityoperationcalled()));
      case ::SendEntityMessageAction::kEntityLockRequested: {
        model::LockRequested lock = to_action(task, message.entitylockrequested());
        sections_[lock.correlation] = task;
        return add(std::move(lock));
      }
      case ::SendEntityMessageAction::kEntityUnlockSent: {
        // One for each entity; the first ends the section. One of a section that nobody knows is
        // recorded, because the worker looks for it in the history, and does nothing.
        const ::EntityUnlockSentEvent& unlock = message.entityunlocksent();
        const auto found = sections_.find(unlock.criticalsectionid());
        return add(model::LockReleased{.task = task,
                                       .section = found == sections_.end() ? task : found->second,
                                       .correlation = unlock.criticalsectionid(),
                                       .entity = unlock.targetinstanceid().value()});
      }
      case ::SendEntityMessageAction::ENTITYMESSAGETYPE_NOT_SET: break;
    }
    return refuse("an empty sendEntityMessage");
  }

  void end(const ::CompleteOrchestrationAction& wire) {
    model::Payload output = from_wire(wire.has_result(), wire.result());
    switch (wire.orchestrationstatus()) {
      case ORCHESTRATION_STATUS_COMPLETED:
        result.outcome = model::Completed{std::move(output)};
        return;
      case ORCHESTRATION_STATUS_CONTINUED_AS_NEW: {
        model::ContinuedAsNew next{.input = std::move(output)};
        if (wire.has_newversion()) next.version = wire.newversion().value();
        if (!wire.tags().empty()) next.tags = from_wire(wire.tags());
        for (const ::HistoryEvent& event : wire.carryoverevents()) {
          if (!event.has_eventraised()) continue;
          next.carried.push_back(
              {event.eventraised().name(),
               from_wire(event.eventraised().has_input(), event.eventraised().input())});
        }
        result.outcome = std::move(next);
        return;
      }
      default: break;
    }
    model::Failure failure;
    if (wire.has_failuredetails()) {
      failure = from_wire(wire.failuredetails());
    } else {
      const bool terminated = wire.orchestrationstatus() == ORCHESTRATION_STATUS_TERMINATED;
      failure.type = terminated ? model::kFailureTerminated : "OrchestrationFailed";
      failure.message = wire.details().value();
      if (failure.message.empty()) failure.message = output.value_or("");
    }
    result.outcome = model::Failed{std::move(failure)};
  }

  Result<> refuse(std::string_view what) const {
    return base::fail(ErrorCode::kInvalidArgument,
                      fmt::format("the worker of instance '{}' answered with an action that this "
                                  "server does not take: {}",
                                  token_.key.id, what));
  }

  const model::TurnToken& token_;
  Sections sections_;
  std::set<model::TaskId> sent_;
  bool ended_ = false;
};

}  // namespace

Result<model::TurnResult> to_result(const model::TurnToken& token, Earlier earlier,
                                    ::OrchestratorResponse response) {
  // Go sends them in the order of a hash table. What completes may have the number -1; what has the
  // same number stays in the order sent.
  std::vector<std::tuple<bool, std::int32_t, int>> order;
  for (int i = 0; i < response.actions_size(); ++i) {
    order.emplace_back(response.actions(i).has_completeorchestration(), response.actions(i).id(),
                       i);
  }
  std::ranges::sort(order);
  Turn turn(token, std::move(earlier));
  for (const auto& [completes, id, index] : order) {
    PERDURE_RETURN_IF_ERROR(turn.add(response.actions(index)));
  }
  if (response.has_customstatus()) {
    const std::string& status = response.customstatus().value();
    turn.result.custom_status = status.empty() ? model::Payload() : model::Payload(status);
  }
  if (response.has_orchestrationtracecontext()) {
    turn.result.worker_trace = from_wire(response.orchestrationtracecontext());
  }
  return std::move(turn.result);
}

void fill(model::TurnItem item, ::EntityRequest* request) {
  const model::TurnToken& token = item.token;
  request->set_instanceid(token.key.id);
  request->set_executionid(execution_text(token.key, token.execution));
  set_payload(item.state, request, &::EntityRequest::mutable_entitystate);
  for (std::size_t i = 0; i < item.new_events.size(); ++i) {
    const auto* operation = std::get_if<model::OperationRequested>(&item.new_events[i].body);
    if (operation == nullptr) continue;
    ::HistoryEvent* event = request->add_operationrequests();
    event->set_eventid(-1);
    set_time(item.new_events[i].at, event->mutable_timestamp());
    // Unique in the batch, which is all that anybody looks at: results come back in order.
    const std::string id = fmt::format("{}-{}", token.past_events, i);
    if (operation->caller && operation->caller->task.value >= 0) {
      auto* called = event->mutable_entityoperationcalled();
      called->set_requestid(id);
      called->set_operation(operation->operation);
      set_payload(operation->input, called, &::EntityOperationCalledEvent::mutable_input);
      called->mutable_parentinstanceid()->set_value(operation->caller->key.id);
      called->mutable_parentexecutionid()->set_value(
          execution_text(operation->caller->key, operation->caller->execution));
      called->mutable_targetinstanceid()->set_value(token.key.id);
    } else {
      auto* signaled = event->mutable_entityoperationsignaled();
      signaled->set_requestid(id);
      signaled->set_operation(operation->operation);
      set_payload(operation->input, signaled, &::EntityOperationSignaledEvent::mutable_input);
      signaled->mutable_targetinstanceid()->set_value(token.key.id);
    }
  }
}

namespace {

model::OperationSignaled to_action(model::TaskId task, const ::SendSignalAction& wire) {
  model::OperationSignaled signal{.task = task,
                                  .target = wire.instanceid(),
                                  .operation = wire.name(),
                                  .input = from_wire(wire.has_input(), wire.input())};
  if (wire.has_scheduledtime()) signal.fire_at = from_wire(wire.scheduledtime());
  return signal;
}

model::ChildScheduled to_action(model::TaskId task, const ::StartNewOrchestrationAction& wire) {
  model::ChildScheduled start{.task = task,
                              .id = wire.instanceid(),
                              .name = wire.name(),
                              .version = wire.version().value(),
                              .input = from_wire(wire.has_input(), wire.input()),
                              .trace_parent = from_wire(wire.parenttracecontext())};
  if (wire.has_scheduledtime()) start.start_at = from_wire(wire.scheduledtime());
  return start;
}

}  // namespace

model::TurnResult to_result(::EntityBatchResult wire) {
  if (wire.has_failuredetails()) {
    return {.actions = {}, .outcome = model::Failed{from_wire(wire.failuredetails())}};
  }
  model::TurnResult result;
  model::Operated operated{.results = {},
                           .state = from_wire(wire.has_entitystate(), wire.entitystate())};
  for (const ::OperationResult& one : wire.results()) {
    if (one.has_failure()) {
      operated.results.emplace_back(from_wire(one.failure().failuredetails()));
    } else {
      operated.results.emplace_back(from_wire(one.success().has_result(), one.success().result()));
    }
  }
  std::int32_t number = 0;
  for (const ::OperationAction& action : wire.actions()) {
    const model::TaskId task{number++};
    if (action.has_sendsignal()) {
      result.actions.emplace_back(to_action(task, action.sendsignal()));
    } else if (action.has_startneworchestration()) {
      result.actions.emplace_back(to_action(task, action.startneworchestration()));
    }
  }
  result.outcome = std::move(operated);
  return result;
}

void fill(model::ActivityItem item, ::ActivityRequest* request) {
  const model::ActivityToken& token = item.token;
  request->set_name(item.name);
  set_text(item.version, request, &::ActivityRequest::mutable_version);
  set_payload(std::get<model::Payload>(item.input), request, &::ActivityRequest::mutable_input);
  request->mutable_orchestrationinstance()->set_instanceid(token.key.id);
  request->mutable_orchestrationinstance()->mutable_executionid()->set_value(
      execution_text(token.key, token.execution));
  request->set_taskid(token.task.value);
  set_trace(item.trace_parent, request, &::ActivityRequest::mutable_parenttracecontext);
  set_tags(item.tags, request->mutable_tags());
}

std::variant<model::Payload, model::Failure> to_outcome(::ActivityResponse response) {
  if (response.has_failuredetails()) return from_wire(response.failuredetails());
  return from_wire(response.has_result(), response.result());
}

}  // namespace perdure::durabletask

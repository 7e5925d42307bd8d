// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/overloaded.h"
#include "base/utf8.h"
#include "model/limits.h"
#include "model/record.h"

namespace perdure::model {
namespace {

using base::ErrorCode;
using base::Result;

std::unexpected<base::Error> invalid(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

Result<> check_size(std::string_view what, std::size_t size, std::size_t bytes_max) {
  if (size <= bytes_max) return {};
  return invalid(fmt::format("{} is {} bytes; at most {} are allowed", what, size, bytes_max));
}

/// Prose: any characters, maybe none.
Result<> check_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
  PERDURE_RETURN_IF_ERROR(check_size(what, text.size(), bytes_max));
  if (const auto bad = base::first_bad_utf8(text))
    return invalid(fmt::format("{} is not valid UTF-8 at byte {}", what, *bad));
  return {};
}

/// As check_name, but may be empty.
Result<> check_label(std::string_view what, std::string_view label, std::size_t bytes_max) {
  PERDURE_RETURN_IF_ERROR(check_text(what, label, bytes_max));
  const auto control =
      std::ranges::find_if(label, [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; });
  if (control == label.end()) return {};
  return invalid(fmt::format("{} has the control character 0x{:02x} at byte {}; remove it", what,
                             static_cast<unsigned char>(*control), control - label.begin()));
}

Result<> check_instance_id(std::string_view what, std::string_view id) {
  PERDURE_RETURN_IF_ERROR(check_name(what, id, kInstanceIdBytesMax));
  if (id.front() == '@') {
    return invalid(fmt::format(
        "{} '{}' begins with '@', which is kept for entities; begin it with another character",
        what, id));
  }
  return {};
}

Result<> check_operation(std::string_view operation, const Payload& input) {
  PERDURE_RETURN_IF_ERROR(check_name("operation name", operation, kOperationNameBytesMax));
  return check_payload("input", input, kPayloadBytesMax);
}

// ---- Parts of commands and turns ----------------------------------------------------------------

Result<> check_function(std::string_view name, std::string_view version) {
  PERDURE_RETURN_IF_ERROR(check_name("function name", name, kFunctionNameBytesMax));
  return check_label("version", version, kVersionBytesMax);
}

Result<> check_event(const EventRaised& event) {
  PERDURE_RETURN_IF_ERROR(check_name("event name", event.name, kEventNameBytesMax));
  return check_payload("event payload", event.payload, kPayloadBytesMax);
}

Result<> check_reason(std::string_view reason) {
  return check_text("reason", reason, kReasonBytesMax);
}

/// Of what begins a task or an execution, in this order of fields everywhere.
template <class Start>
Result<> check_start(const Start& start) {
  PERDURE_RETURN_IF_ERROR(check_function(start.name, start.version));
  PERDURE_RETURN_IF_ERROR(check_payload("input", start.input, kPayloadBytesMax));
  PERDURE_RETURN_IF_ERROR(check_tags(start.tags));
  return check_label("trace parent", start.trace_parent, kTraceParentBytesMax);
}

Result<> check(const StartInstance& command) {
  PERDURE_RETURN_IF_ERROR(check_instance_key(command.key));
  if (command.started.parent)
    return invalid("a start from a client has a parent; only a sub-orchestration has one");
  PERDURE_RETURN_IF_ERROR(
      check_label("idempotency key", command.idempotency_key, kIdempotencyKeyBytesMax));
  return check_start(command.started);
}

Result<> check(const RaiseEvent& command) {
  PERDURE_RETURN_IF_ERROR(check_instance_key(command.key));
  return check_event(command.event);
}

Result<> check(const TerminateInstance& command) {
  PERDURE_RETURN_IF_ERROR(check_instance_key(command.key));
  PERDURE_RETURN_IF_ERROR(check_reason(command.reason));
  return check_payload("output", command.output, kPayloadBytesMax);
}

template <class Command>
Result<> check_with_reason(const Command& command) {
  PERDURE_RETURN_IF_ERROR(check_instance_key(command.key));
  return check_reason(command.reason);
}

Result<> check_entity_key(const InstanceKey& key) {
  PERDURE_RETURN_IF_ERROR(check_name("task hub name", key.hub, kHubNameBytesMax));
  return check_entity_id("entity id", key.id);
}

Result<> check(const CallEntity& command) {
  PERDURE_RETURN_IF_ERROR(check_entity_key(command.key));
  return check_operation(command.operation, command.input);
}

Result<> check(const SignalEntity& command) {
  PERDURE_RETURN_IF_ERROR(check_entity_key(command.key));
  return check_operation(command.operation, command.input);
}

// ---- Actions ------------------------------------------------------------------------------------

Result<> check(const ActivityScheduled& action) { return check_start(action); }

Result<> check(const TimerCreated&) { return {}; }

Result<> check(const ChildScheduled& action) {
  // Empty: the core makes one.
  if (!action.id.empty()) PERDURE_RETURN_IF_ERROR(check_instance_id("child id", action.id));
  return check_start(action);
}

Result<> check(const EventSent& action) {
  PERDURE_RETURN_IF_ERROR(check_instance_id("target id", action.target));
  PERDURE_RETURN_IF_ERROR(check_name("event name", action.name, kEventNameBytesMax));
  return check_payload("event payload", action.payload, kPayloadBytesMax);
}

Result<> check(const TaskCancelled& action) {
  if (action.cancelled.value >= 0) return {};
  return invalid(
      fmt::format("the cancelled task has the id {}; ids begin at 0", action.cancelled.value));
}

Result<> check_correlation(std::string_view correlation) {
  return check_label("correlation id", correlation, kCorrelationBytesMax);
}

Result<> check(const OperationCalled& action) {
  PERDURE_RETURN_IF_ERROR(check_entity_id("target id", action.target));
  PERDURE_RETURN_IF_ERROR(
      check_label("operation for the outcome", action.then, kOperationNameBytesMax));
  PERDURE_RETURN_IF_ERROR(check_correlation(action.correlation));
  return check_operation(action.operation, action.input);
}

Result<> check(const OperationSignaled& action) {
  PERDURE_RETURN_IF_ERROR(check_entity_id("target id", action.target));
  PERDURE_RETURN_IF_ERROR(check_correlation(action.correlation));
  return check_operation(action.operation, action.input);
}

Result<> check(const LockRequested& action) {
  PERDURE_RETURN_IF_ERROR(check_correlation(action.correlation));
  if (action.entities.empty()) return invalid("a critical section names no entity");
  if (action.entities.size() > kSectionEntitiesMax) {
    return invalid(fmt::format("a critical section names {} entities; at most {} are allowed",
                               action.entities.size(), kSectionEntitiesMax));
  }
  for (std::size_t i = 0; i < action.entities.size(); ++i) {
    PERDURE_RETURN_IF_ERROR(check_entity_id("locked entity", action.entities[i]));
    if (i > 0 && action.entities[i - 1] >= action.entities[i]) {
      return invalid("the entities of a critical section are not in ascending order, each once");
    }
  }
  return {};
}

Result<> check(const LockReleased& action) {
  PERDURE_RETURN_IF_ERROR(check_correlation(action.correlation));
  PERDURE_RETURN_IF_ERROR(check_label("released entity", action.entity, kInstanceIdBytesMax));
  if (action.section.value >= 0) return {};
  return invalid(
      fmt::format("the section that ends has the id {}; ids begin at 0", action.section.value));
}

Result<> check_action(const Action& action) {
  return std::visit(
      [](const auto& body) -> Result<> {
        if (body.task.value < 0)
          return invalid(fmt::format("the task has the id {}; ids begin at 0", body.task.value));
        return check(body);
      },
      action);
}

// ---- Outcomes -----------------------------------------------------------------------------------

Result<> check(const Waiting&) { return {}; }

Result<> check(const Completed& outcome) {
  return check_payload("output", outcome.output, kPayloadBytesMax);
}

/// A failure is never too large to be told: trim_failure makes it fit.
Result<> check(const Failed&) { return {}; }

Result<> check(const ContinuedAsNew& outcome) {
  PERDURE_RETURN_IF_ERROR(check_payload("input", outcome.input, kPayloadBytesMax));
  if (outcome.version)
    PERDURE_RETURN_IF_ERROR(check_label("version", *outcome.version, kVersionBytesMax));
  if (outcome.tags) PERDURE_RETURN_IF_ERROR(check_tags(*outcome.tags));
  if (outcome.carried.size() > kInboxMessagesMax) {
    return invalid(
        fmt::format("{} events are carried to the next execution; at most {} are allowed",
                    outcome.carried.size(), kInboxMessagesMax));
  }
  for (const EventRaised& event : outcome.carried) PERDURE_RETURN_IF_ERROR(check_event(event));
  return {};
}

Result<> check(const Operated& outcome) {
  if (outcome.results.size() > kOperationsPerBatchMax) {
    return invalid(fmt::format("the batch has {} results; at most {} operations are handed out",
                               outcome.results.size(), kOperationsPerBatchMax));
  }
  return check_payload("state", outcome.state, kPayloadBytesMax);
}

std::size_t payload_bytes(const Payload& payload) { return payload ? payload->size() : 0; }

std::size_t text_bytes(const Failure& failure) {
  return failure.type.size() + failure.message.size() + failure.stack.size() +
         failure.properties.size();
}

/// At most what is left of it when it is trimmed.
std::size_t failure_bytes(const Failure& failure) {
  std::size_t bytes = 0;
  int levels = 0;
  for (const Failure* at = &failure; at != nullptr && levels < kFailureDepthMax; ++levels) {
    bytes += text_bytes(*at);
    at = at->inner.empty() ? nullptr : at->inner.data();
  }
  return std::min(bytes, kFailureBytesMax);
}

std::size_t outcome_bytes(const Outcome& outcome) {
  return std::visit(base::Overloaded{
                        [](const Waiting&) { return std::size_t{0}; },
                        [](const Completed& o) { return payload_bytes(o.output); },
                        [](const Failed&) { return kFailureBytesMax; },
                        [](const ContinuedAsNew& o) {
                          std::size_t bytes = payload_bytes(o.input);
                          for (const EventRaised& event : o.carried)
                            bytes += event.name.size() + payload_bytes(event.payload);
                          return bytes;
                        },
                        [](const Operated& o) {
                          std::size_t bytes = payload_bytes(o.state);
                          for (const auto& result : o.results) {
                            const auto* failure = std::get_if<Failure>(&result);
                            bytes += failure == nullptr ? payload_bytes(std::get<Payload>(result))
                                                        : failure_bytes(*failure);
                          }
                          return bytes;
                        },
                    },
                    outcome);
}

// ---- Trimming -----------------------------------------------------------------------------------

/// Cuts between characters; what remains, with the note, is at most `bytes_max` bytes.
void trim_text(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  const auto note = [&](std::size_t kept) {
    return fmt::format("... ({} bytes cut)", text.size() - kept);
  };
  // The note for keeping nothing is the longest one.
  const std::size_t room = note(0).size();
  std::size_t kept = bytes_max > room ? bytes_max - room : 0;
  while (kept > 0 && continues(text[kept])) --kept;
  const std::string suffix = note(kept);
  text.resize(kept);
  text += suffix;
}

void trim_texts(Failure& failure, std::size_t bytes_max) {
  if (text_bytes(failure) <= bytes_max) return;
  // Half of a JSON object is none.
  failure.properties.clear();
  trim_text(failure.type, bytes_max / 8);
  // The message and the stack share the rest; what one leaves over, the other has.
  const std::size_t rest = bytes_max - failure.type.size();
  const std::size_t beside_stack = rest - std::min(rest, failure.stack.size());
  trim_text(failure.message, std::max(rest / 2, beside_stack));
  trim_text(failure.stack, rest - failure.message.size());
}

}  // namespace

Result<> check_name(std::string_view what, std::string_view name, std::size_t bytes_max) {
  if (name.empty()) return invalid(fmt::format("{} is empty; give it a name", what));
  return check_label(what, name, bytes_max);
}

Result<> check_instance_key(const InstanceKey& key) {
  PERDURE_RETURN_IF_ERROR(check_name("task hub name", key.hub, kHubNameBytesMax));
  return check_instance_id("instance id", key.id);
}

Result<> check_entity_id(std::string_view what, std::string_view id) {
  PERDURE_RETURN_IF_ERROR(check_name(what, id, kInstanceIdBytesMax));
  const auto parsed = parse_entity_id(id);
  if (!parsed) {
    return invalid(fmt::format("{} '{}' is no id of an entity; write '@name@key'", what, id));
  }
  return check_name("entity name", parsed->name, kEntityNameBytesMax);
}

Result<> check_payload(std::string_view what, const Payload& payload, std::size_t bytes_max) {
  if (payload_bytes(payload) <= bytes_max) return {};
  return base::fail(
      ErrorCode::kPayloadTooLarge,
      fmt::format("{} is {} bytes; at most {} are allowed; pass larger data by reference", what,
                  payload->size(), bytes_max));
}

Result<> check_tags(const Tags& tags) {
  if (tags.size() > kTagsMax)
    return invalid(fmt::format("there are {} tags; at most {} are allowed", tags.size(), kTagsMax));
  for (const auto& [key, value] : tags) {
    PERDURE_RETURN_IF_ERROR(check_name("tag name", key, kTagBytesMax));
    PERDURE_RETURN_IF_ERROR(check_label("tag value", value, kTagBytesMax));
  }
  return {};
}

Result<> check_command(const Command& command) {
  return std::visit(base::Overloaded{
                        [](const StartInstance& c) { return check(c); },
                        [](const RaiseEvent& c) { return check(c); },
                        [](const TerminateInstance& c) { return check(c); },
                        [](const SuspendInstance& c) { return check_with_reason(c); },
                        [](const ResumeInstance& c) { return check_with_reason(c); },
                        [](const RewindInstance& c) { return check_with_reason(c); },
                        [](const RestartInstance& c) { return check_instance_key(c.key); },
                        [](const PurgeInstance& c) { return check_instance_key(c.key); },
                        [](const GetInstance& c) { return check_instance_key(c.key); },
                        [](const AwaitInstance& c) { return check_instance_key(c.key); },
                        [](const CancelAwait&) { return Result<>{}; },
                        [](const CallEntity& c) { return check(c); },
                        [](const SignalEntity& c) { return check(c); },
                        [](const PurgeEntity& c) { return check_entity_key(c.key); },
                        [](const GetEntity& c) { return check_entity_key(c.key); },
                        [](const CompleteTurn&) { return Result<>{}; },
                        [](const RefuseTurn&) { return Result<>{}; },
                        [](const CompleteActivity&) { return Result<>{}; },
                        [](const ReportProgress&) { return Result<>{}; },
                        [](const BeginAttempt&) { return Result<>{}; },
                        [](const ReturnWork&) { return Result<>{}; },
                        [](const FireTimer&) { return Result<>{}; },
                        [](const Deliver&) { return Result<>{}; },
                        [](const Acknowledge&) { return Result<>{}; },
                        [](const Recover&) { return Result<>{}; },
                        [](const OfferGathered&) { return Result<>{}; },
                        [](const CollectGarbage&) { return Result<>{}; },
                    },
                    command);
}

Result<> check_turn(const TurnResult& result) {
  if (result.actions.size() > kActionsPerTurnMax) {
    return invalid(fmt::format("the turn has {} actions; at most {} are allowed",
                               result.actions.size(), kActionsPerTurnMax));
  }
  std::size_t bytes = outcome_bytes(result.outcome);
  for (std::size_t i = 0; i < result.actions.size(); ++i) {
    if (auto checked = check_action(result.actions[i]); !checked) {
      return base::fail(checked.error().code,
                        fmt::format("action {} of the turn: {}", i + 1, checked.error().message));
    }
    bytes += encoded_size(result.actions[i]);
  }
  PERDURE_RETURN_IF_ERROR(
      std::visit([](const auto& outcome) { return check(outcome); }, result.outcome));
  if (result.custom_status) {
    PERDURE_RETURN_IF_ERROR(
        check_payload("custom status", *result.custom_status, kCustomStatusBytesMax));
    bytes += payload_bytes(*result.custom_status);
  }
  if (result.worker_trace) {
    PERDURE_RETURN_IF_ERROR(check_label("trace", *result.worker_trace, kWorkerTraceBytesMax));
  }
  if (bytes > kTurnBytesMax) {
    return base::fail(ErrorCode::kPayloadTooLarge,
                      fmt::format("the turn's actions and outcome are {} bytes; at most {} are "
                                  "allowed; do less in one turn or pass data by reference",
                                  bytes, kTurnBytesMax));
  }
  return {};
}

void trim_failure(Failure& failure) {
  std::size_t bytes = 0;
  std::size_t levels = 0;
  for (Failure* at = &failure; at != nullptr; at = at->inner.empty() ? nullptr : &at->inner[0]) {
    bytes += text_bytes(*at);
    ++levels;
    if (levels == static_cast<std::size_t>(kFailureDepthMax)) at->inner.clear();
    if (at->inner.size() > 1) at->inner.resize(1);
  }
  if (bytes <= kFailureBytesMax) return;
  // Each level has an equal share of what the levels above it left over.
  std::size_t left = kFailureBytesMax;
  for (Failure* at = &failure; at != nullptr; at = at->inner.empty() ? nullptr : &at->inner[0]) {
    trim_texts(*at, left / levels);
    left -= text_bytes(*at);
    --levels;
  }
}

}  // namespace perdure::model

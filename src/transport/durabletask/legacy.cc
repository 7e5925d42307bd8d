// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/legacy.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "model/entity.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::string_view kMark = "legacy ";
constexpr std::string_view kRelease = "release";
constexpr const char* kLockGranted = "Lock Acquisition Completed";

std::unexpected<base::Error> malformed(const ::SendEventAction& action, std::string_view what) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("the event '{}' to entity '{}' {}", action.name(),
                                action.instance().instanceid(), what));
}

const Value* find(const Struct& json, const char* name) {
  const auto found = json.fields().find(name);
  return found == json.fields().end() ? nullptr : &found->second;
}

std::string text_of(const Struct& json, const char* name) {
  const Value* value = find(json, name);
  return value != nullptr && value->has_string_value() ? value->string_value() : std::string();
}

model::Payload payload_of(const Struct& json, const char* name) {
  const Value* value = find(json, name);
  if (value == nullptr || !value->has_string_value()) return std::nullopt;
  return value->string_value();
}

std::string correlation_for(const std::string& id, const ::SendEventAction& action) {
  return fmt::format("{}{} {} {}", kMark, id, action.name(), action.instance().instanceid());
}

/// When a delayed operation is due: in the JSON, or behind the name of the event.
std::optional<base::Timestamp> due_of(const ::SendEventAction& action, const Struct& json) {
  std::string text = text_of(json, "due");
  const std::size_t at = action.name().find('@');
  if (text.empty() && at != std::string::npos) text = action.name().substr(at + 1);
  google::protobuf::Timestamp time;
  if (text.empty() || !google::protobuf::util::TimeUtil::FromString(text, &time)) {
    return std::nullopt;
  }
  return from_wire(time);
}

std::vector<std::string> lock_set(const Value& list) {
  std::vector<std::string> ids;
  for (const Value& entry : list.list_value().values()) {
    const Struct& entity = entry.struct_value();
    ids.push_back(model::entity_id(text_of(entity, "name"), text_of(entity, "key")));
  }
  // One order for all SDKs, as for the newer messages.
  std::ranges::sort(ids);
  const auto [first, last] = std::ranges::unique(ids);
  ids.erase(first, last);
  return ids;
}

std::string to_json(const Struct& json) {
  std::string text;
  // Texts, flags and nested objects of them: nothing here that JSON could not say.
  static_cast<void>(google::protobuf::util::MessageToJsonString(json, &text));
  return text;
}

void set(Struct& json, const char* name, std::string text) {
  (*json.mutable_fields())[name].set_string_value(std::move(text));
}

void tell_sent(const LegacyNames& names, const Struct& json, ::HistoryEvent* event) {
  ::EventSentEvent* sent = event->mutable_eventsent();
  sent->set_instanceid(names.target);
  sent->set_name(names.event);
  sent->mutable_input()->set_value(to_json(json));
}

void tell_raised(const LegacyNames& names, const Struct& json, ::HistoryEvent* event) {
  ::EventRaisedEvent* raised = event->mutable_eventraised();
  raised->set_name(names.id);
  raised->mutable_input()->set_value(to_json(json));
}

Struct operation_json(const LegacyNames& names, const std::string& operation,
                      const model::Payload& input, bool is_signal) {
  Struct json;
  set(json, "op", operation);
  (*json.mutable_fields())["signal"].set_bool_value(is_signal);
  if (input) set(json, "input", *input);
  set(json, "id", names.id);
  return json;
}

/// With the names that .NET gives them.
Struct failure_json(const model::Failure& failure) {
  Struct json;
  set(json, "ErrorType", failure.type);
  set(json, "ErrorMessage", failure.message);
  if (!failure.stack.empty()) set(json, "StackTrace", failure.stack);
  (*json.mutable_fields())["IsNonRetriable"].set_bool_value(!failure.retriable);
  if (!failure.inner.empty()) {
    *(*json.mutable_fields())["InnerFailure"].mutable_struct_value() =
        failure_json(failure.inner.front());
  }
  return json;
}

}  // namespace

bool is_legacy(const ::SendEventAction& action) {
  return model::is_entity_id(action.instance().instanceid());
}

base::Result<model::Action> from_legacy(model::TaskId task, const ::SendEventAction& action,
                                        Sections& sections) {
  Struct json;
  if (!google::protobuf::util::JsonStringToMessage(action.data().value(), &json).ok()) {
    return malformed(action, "holds no JSON object");
  }
  const std::string& target = action.instance().instanceid();
  const std::string id = text_of(json, "id");
  const std::string correlation = correlation_for(id, action);
  if (action.name() == kRelease) {
    const auto found = sections.find(id);
    return model::LockReleased{.task = task,
                               .section = found == sections.end() ? task : found->second,
                               .correlation = correlation,
                               .entity = target};
  }
  const Value* locks = find(json, "lockset");
  if (locks != nullptr && locks->has_list_value()) {
    sections[id] = task;
    return model::LockRequested{
        .task = task, .entities = lock_set(*locks), .correlation = correlation};
  }
  const std::string operation = text_of(json, "op");
  if (operation.empty()) return malformed(action, "names no operation");
  const Value* is_signal = find(json, "signal");
  if (is_signal != nullptr && is_signal->bool_value()) {
    return model::OperationSignaled{.task = task,
                                    .target = target,
                                    .operation = operation,
                                    .input = payload_of(json, "input"),
                                    .fire_at = due_of(action, json),
                                    .correlation = correlation};
  }
  return model::OperationCalled{.task = task,
                                .target = target,
                                .operation = operation,
                                .input = payload_of(json, "input"),
                                .then = {},
                                .correlation = correlation};
}

std::optional<LegacyNames> legacy_names(std::string_view correlation) {
  if (!correlation.starts_with(kMark)) return std::nullopt;
  correlation.remove_prefix(kMark.size());
  const std::size_t id_end = correlation.find(' ');
  const std::size_t event_end =
      id_end == std::string_view::npos ? id_end : correlation.find(' ', id_end + 1);
  if (event_end == std::string_view::npos) return std::nullopt;
  return LegacyNames{.id = std::string(correlation.substr(0, id_end)),
                     .event = std::string(correlation.substr(id_end + 1, event_end - id_end - 1)),
                     .target = std::string(correlation.substr(event_end + 1))};
}

void tell_legacy(const LegacyNames& names, const model::OperationCalled& called,
                 ::HistoryEvent* event) {
  tell_sent(names, operation_json(names, called.operation, called.input, false), event);
}

void tell_legacy(const LegacyNames& names, const model::OperationSignaled& signaled,
                 ::HistoryEvent* event) {
  tell_sent(names, operation_json(names, signaled.operation, signaled.input, true), event);
}

void tell_legacy(const LegacyNames& names, const model::LockRequested& requested,
                 ::HistoryEvent* event) {
  Struct json;
  set(json, "id", names.id);
  auto* list = (*json.mutable_fields())["lockset"].mutable_list_value();
  for (const std::string& text : requested.entities) {
    const auto entity = model::parse_entity_id(text);
    if (!entity) continue;
    Struct* entry = list->add_values()->mutable_struct_value();
    set(*entry, "name", std::string(entity->name));
    set(*entry, "key", std::string(entity->key));
  }
  tell_sent(names, json, event);
}

void tell_legacy(const LegacyNames& names, const model::LockReleased&, ::HistoryEvent* event) {
  Struct json;
  set(json, "id", names.id);
  tell_sent(names, json, event);
}

void tell_legacy(const LegacyNames& names, const model::OperationCompleted& completed,
                 ::HistoryEvent* event) {
  Struct json;
  if (completed.result) set(json, "result", *completed.result);
  tell_raised(names, json, event);
}

void tell_legacy(const LegacyNames& names, const model::OperationFailed& failed,
                 ::HistoryEvent* event) {
  Struct json;
  set(json, "result", failed.failure.message);
  set(json, "exceptionType", failed.failure.type);
  *(*json.mutable_fields())["failureDetails"].mutable_struct_value() = failure_json(failed.failure);
  tell_raised(names, json, event);
}

void tell_legacy(const LegacyNames& names, const model::LockGranted&, ::HistoryEvent* event) {
  Struct json;
  set(json, "result", kLockGranted);
  tell_raised(names, json, event);
}

}  // namespace perdure::durabletask

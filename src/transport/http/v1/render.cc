// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/v1/render.h"

#include "base/overloaded.h"
#include "model/ids.h"
#include "transport/http/json.h"
#include "transport/http/text.h"

namespace perdure::transport::http::v1 {
namespace {

std::string moment(base::Timestamp at) { return json_text(show_moment(at)); }

std::string tags_of(const model::Tags& tags) {
  JsonObject object;
  for (const auto& [name, value] : tags) object.text(name, value);
  return object.finish();
}

std::string ids_of(const std::vector<std::string>& ids) {
  JsonArray array;
  for (const std::string& id : ids) array.add(json_text(id));
  return array.finish();
}

void add_payload(JsonObject& object, std::string_view name, const model::Payload& payload) {
  if (payload) object.payload(name, payload);
}

void add_moment(JsonObject& object, std::string_view name,
                const std::optional<base::Timestamp>& at) {
  if (at) object.raw(name, moment(*at));
}

void add_tags(JsonObject& object, const model::Tags& tags) {
  if (!tags.empty()) object.raw("tags", tags_of(tags));
}

std::string ending_name(model::Ending ending) {
  switch (ending) {
    case model::Ending::kCompleted: return "COMPLETED";
    case model::Ending::kFailed: return "FAILED";
    case model::Ending::kTerminated: return "TERMINATED";
  }
  return "FAILED";
}

std::string parent_of(const model::Parent& parent) {
  return JsonObject()
      .text("id", parent.key.id)
      .text("name", parent.name)
      .number("execution", parent.execution.value)
      .finish();
}

/// What a worker added to a failure is opaque.
bool is_json_object(std::string_view text) { return text.starts_with('{') && is_json(text); }

/// Adds to `json` what an event of each kind says.
struct Describe {
  JsonObject& json;

  void task(model::TaskId id) const { json.raw("task", std::to_string(id.value)); }
  void call(const auto& event) const {
    task(event.task);
    json.text("target", event.target).text("operation", event.operation);
    add_payload(json, "input", event.input);
  }
  void success(const auto& event) const {
    task(event.task);
    add_payload(json, "result", event.result);
  }
  void failure(const auto& event) const {
    task(event.task);
    json.raw("failure", render(event.failure));
  }

  void operator()(const model::ExecutionStarted& event) const {
    json.text("name", event.name).text_if_any("version", event.version);
    add_payload(json, "input", event.input);
    add_tags(json, event.tags);
    if (event.parent) json.raw("parent", parent_of(*event.parent));
    add_moment(json, "fire_at", event.scheduled_start);
  }
  void operator()(const model::ExecutionCompleted& event) const {
    json.text("status", ending_name(event.ending));
    add_payload(json, "result", event.output);
    if (event.failure) json.raw("failure", render(*event.failure));
  }
  void operator()(const model::TurnStarted&) const {}
  void operator()(const model::ActivityCompleted& event) const { success(event); }
  void operator()(const model::ChildCompleted& event) const { success(event); }
  void operator()(const model::OperationCompleted& event) const { success(event); }
  void operator()(const model::ActivityFailed& event) const { failure(event); }
  void operator()(const model::ChildFailed& event) const { failure(event); }
  void operator()(const model::OperationFailed& event) const { failure(event); }
  void operator()(const model::TimerFired& event) const {
    task(event.task);
    json.raw("fire_at", moment(event.fire_at));
  }
  void operator()(const model::EventRaised& event) const {
    json.text("name", event.name);
    add_payload(json, "input", event.payload);
  }
  void operator()(const model::LockGranted& event) const { task(event.task); }
  void operator()(const model::ExecutionRewound& event) const { json.text("reason", event.reason); }
  void operator()(const model::ActivityScheduled& event) const {
    task(event.task);
    json.text("name", event.name).text_if_any("version", event.version);
    add_payload(json, "input", event.input);
    add_tags(json, event.tags);
  }
  void operator()(const model::TimerCreated& event) const {
    task(event.task);
    json.raw("fire_at", moment(event.fire_at));
  }
  void operator()(const model::ChildScheduled& event) const {
    task(event.task);
    json.text("target", event.id).text("name", event.name).text_if_any("version", event.version);
    add_payload(json, "input", event.input);
    add_tags(json, event.tags);
    add_moment(json, "fire_at", event.start_at);
  }
  void operator()(const model::EventSent& event) const {
    task(event.task);
    json.text("target", event.target).text("name", event.name);
    add_payload(json, "input", event.payload);
  }
  void operator()(const model::OperationCalled& event) const { call(event); }
  void operator()(const model::OperationSignaled& event) const {
    call(event);
    add_moment(json, "fire_at", event.fire_at);
  }
  void operator()(const model::LockRequested& event) const {
    task(event.task);
    json.raw("entities", ids_of(event.entities));
  }
  void operator()(const model::LockReleased& event) const {
    task(event.task);
    json.raw("section", std::to_string(event.section.value));
  }
  void operator()(const model::TaskCancelled& event) const {
    task(event.task);
    json.raw("cancelled", std::to_string(event.cancelled.value));
  }
  void operator()(const model::ExecutionSuspended& event) const {
    json.text("reason", event.reason);
  }
  void operator()(const model::ExecutionResumed& event) const { json.text("reason", event.reason); }
  void operator()(const model::ExecutionTerminated& event) const {
    json.text("reason", event.reason).boolean("recursive", event.recursive);
  }
  // Only in the inbox of an entity, which has no history.
  void operator()(const model::OperationRequested& event) const {
    json.text("operation", event.operation);
  }
  void operator()(const model::LockWanted&) const {}
};

}  // namespace

std::string render(const model::Failure& failure) {
  JsonObject object;
  object.text("type", failure.type).text("message", failure.message);
  object.text_if_any("stack", failure.stack).boolean("retriable", failure.retriable);
  if (is_json_object(failure.properties)) object.raw("properties", failure.properties);
  if (!failure.inner.empty()) object.raw("cause", render(failure.inner.front()));
  return object.finish();
}

std::string render(const model::InstanceSnapshot& instance) {
  const model::InstanceRecord& record = instance.record;
  JsonObject object;
  object.text("id", instance.key.id)
      .text("name", record.name)
      .text_if_any("version", record.version)
      .text("status", model::status_name(record.status))
      .number("execution", record.execution.value)
      .raw("created", moment(record.created))
      .raw("updated", moment(record.updated));
  add_moment(object, "ended", record.ended);
  add_moment(object, "start_at", record.scheduled_start);
  add_tags(object, record.tags);
  if (record.parent) object.raw("parent", parent_of(*record.parent));
  add_payload(object, "input", instance.input);
  add_payload(object, "output", record.output);
  add_payload(object, "custom_status", record.custom_status);
  if (record.failure) object.raw("failure", render(*record.failure));
  object.text_if_any("parked", instance.parked)
      .number("history_events", record.history_events)
      .number("pending_tasks", instance.pending.size())
      .number("inbox_messages", instance.inbox_messages);
  return object.finish();
}

std::string render(model::EventNumber number, const model::Event& event) {
  JsonObject object;
  object.number("number", number)
      .raw("at", moment(event.at))
      .text("kind", model::kind_name(event.body));
  std::visit(Describe{object}, event.body);
  return object.finish();
}

std::string render(const model::EntitySnapshot& entity, State state) {
  const auto name = model::parse_entity_id(entity.key.id);
  JsonObject object;
  object.text("id", entity.key.id)
      .text("name", name ? name->name : std::string_view())
      .text("key", name ? name->key : std::string_view())
      .boolean("exists", entity.state.has_value())
      .raw("updated", moment(entity.updated))
      .text_if_any("locked_by", entity.locked_by)
      .number("backlog", entity.backlog);
  if (state == State::kInclude) add_payload(object, "state", entity.state);
  return object.finish();
}

}  // namespace perdure::transport::http::v1

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/functions/payloads.h"

#include <optional>
#include <variant>

#include "transport/http/text.h"

namespace perdure::transport::http::functions {

std::string_view runtime_status(model::Status status) {
  switch (status) {
    case model::Status::kPending: return "Pending";
    case model::Status::kRunning: return "Running";
    case model::Status::kSuspended: return "Suspended";
    case model::Status::kCompleted: return "Completed";
    case model::Status::kFailed: return "Failed";
    case model::Status::kTerminated: return "Terminated";
    case model::Status::kPurged: break;
  }
  return "Unknown";
}

std::string output_of(const model::InstanceRecord& record) {
  if (record.failure) return json_text(record.failure->message);
  return json_payload(record.output);
}

std::string status_payload(const model::InstanceSnapshot& instance, std::string_view history) {
  const model::InstanceRecord& record = instance.record;
  JsonObject payload;
  payload.text("name", record.name)
      .text("instanceId", instance.key.id)
      .text("runtimeStatus", runtime_status(record.status))
      .payload("input", instance.input)
      .payload("customStatus", record.custom_status)
      .raw("output", output_of(record))
      .text("createdTime", show_second(record.created))
      .text("lastUpdatedTime", show_second(record.updated));
  if (!history.empty()) payload.raw("historyEvents", history);
  return payload.finish();
}

std::string entity_payload(const model::EntitySnapshot& entity, Outputs state) {
  const auto name = model::parse_entity_id(entity.key.id);
  const auto id = JsonObject()
                      .text("name", name ? name->name : std::string_view())
                      .text("key", name ? name->key : std::string_view())
                      .finish();
  JsonObject payload;
  payload.raw("entityId", id).text("lastOperationTime", show_second(entity.updated));
  if (state == Outputs::kInclude) payload.payload("state", entity.state);
  return payload.finish();
}

std::string error_body(std::string_view message, std::string_view type, std::string_view detail) {
  return JsonObject()
      .text("Message", message)
      .text("ExceptionMessage", detail)
      .text("ExceptionType", type)
      .text("StackTrace", "")
      .finish();
}

// ---- History ------------------------------------------------------------------------------------

void HistoryView::push(const JsonObject& row) {
  rows_.push_back(row.finish());
  bytes_ += rows_.back().size();
}

struct HistoryView::Describe {
  HistoryView& view;
  const model::Event& event;

  [[nodiscard]] JsonObject row(std::string_view type) const {
    return JsonObject().text("EventType", type).text("Timestamp", show_moment(event.at));
  }
  void add_output(JsonObject& object, std::string_view name, const model::Payload& payload) const {
    if (view.outputs_ == Outputs::kInclude && payload) object.payload(name, payload);
  }
  void open(model::TaskId task, std::string_view name, const JsonObject& object) const {
    view.push(object);
    view.open_[task] = {view.rows_.size() - 1, std::string(name), event.at};
  }
  /// The outcome takes the place of what was scheduled, and its name.
  void close(model::TaskId task, JsonObject object) const {
    if (const auto found = view.open_.find(task); found != view.open_.end()) {
      view.bytes_ -= view.rows_[found->second.row].size();
      view.rows_[found->second.row].clear();
      object.text("ScheduledTime", show_moment(found->second.at))
          .text_if_any("FunctionName", found->second.name);
      view.open_.erase(found);
    }
    view.push(object);
  }
  void success(std::string_view type, const auto& outcome) const {
    JsonObject object = row(type);
    add_output(object, "Result", outcome.result);
    close(outcome.task, std::move(object));
  }
  void failure(std::string_view type, const auto& outcome) const {
    close(outcome.task,
          row(type).text("Reason", outcome.failure.message).text("Details", outcome.failure.stack));
  }
  void operation(std::string_view type, const auto& sent) const {
    JsonObject object = row(type).text("InstanceId", sent.target).text("Name", sent.operation);
    add_output(object, "Input", sent.input);
    open(sent.task, sent.operation, object);
  }

  void operator()(const model::ExecutionStarted& e) const {
    JsonObject object = row("ExecutionStarted").text("FunctionName", e.name);
    add_output(object, "Input", e.input);
    view.push(object);
  }
  void operator()(const model::ExecutionCompleted& e) const {
    const auto status = e.ending == model::Ending::kCompleted ? model::Status::kCompleted
                        : e.ending == model::Ending::kFailed  ? model::Status::kFailed
                                                              : model::Status::kTerminated;
    JsonObject object =
        row("ExecutionCompleted").text("OrchestrationStatus", runtime_status(status));
    if (e.failure) object.text("Reason", e.failure->message).text("Details", e.failure->stack);
    add_output(object, "Result", e.output);
    view.push(object);
  }
  void operator()(const model::TurnStarted&) const {}
  void operator()(const model::ActivityScheduled& e) const {
    JsonObject object = row("TaskScheduled").text("FunctionName", e.name);
    add_output(object, "Input", e.input);
    open(e.task, e.name, object);
  }
  void operator()(const model::ActivityCompleted& e) const { success("TaskCompleted", e); }
  void operator()(const model::ActivityFailed& e) const { failure("TaskFailed", e); }
  void operator()(const model::TimerCreated& e) const {
    open(e.task, {}, row("TimerCreated").text("FireAt", show_moment(e.fire_at)));
  }
  void operator()(const model::TimerFired& e) const {
    close(e.task, row("TimerFired").text("FireAt", show_moment(e.fire_at)));
  }
  void operator()(const model::ChildScheduled& e) const {
    JsonObject object = row("SubOrchestrationInstanceCreated")
                            .text("FunctionName", e.name)
                            .text("InstanceId", e.id);
    add_output(object, "Input", e.input);
    open(e.task, e.name, object);
  }
  void operator()(const model::ChildCompleted& e) const {
    success("SubOrchestrationInstanceCompleted", e);
  }
  void operator()(const model::ChildFailed& e) const {
    failure("SubOrchestrationInstanceFailed", e);
  }
  void operator()(const model::EventRaised& e) const {
    JsonObject object = row("EventRaised").text("Name", e.name);
    add_output(object, "Input", e.payload);
    view.push(object);
  }
  void operator()(const model::EventSent& e) const {
    JsonObject object = row("EventSent").text("InstanceId", e.target).text("Name", e.name);
    add_output(object, "Input", e.payload);
    view.push(object);
  }
  void operator()(const model::OperationCalled& e) const { operation("EntityOperationCalled", e); }
  void operator()(const model::OperationSignaled& e) const {
    operation("EntityOperationSignaled", e);
  }
  void operator()(const model::OperationCompleted& e) const {
    success("EntityOperationCompleted", e);
  }
  void operator()(const model::OperationFailed& e) const { failure("EntityOperationFailed", e); }
  void operator()(const model::LockRequested& e) const {
    open(e.task, {}, row("EntityLockRequested"));
  }
  void operator()(const model::LockGranted& e) const { close(e.task, row("EntityLockGranted")); }
  void operator()(const model::LockReleased&) const { view.push(row("EntityUnlockSent")); }
  void operator()(const model::ExecutionSuspended& e) const {
    view.push(row("ExecutionSuspended").text("Reason", e.reason));
  }
  void operator()(const model::ExecutionResumed& e) const {
    view.push(row("ExecutionResumed").text("Reason", e.reason));
  }
  void operator()(const model::ExecutionTerminated& e) const {
    view.push(row("ExecutionTerminated").text("Reason", e.reason));
  }
  void operator()(const model::ExecutionRewound& e) const {
    view.push(row("ExecutionRewound").text("Reason", e.reason));
  }
  // There is no word for it: what was given up shows as scheduled.
  void operator()(const model::TaskCancelled&) const {}
  // Never in the history of an orchestration.
  void operator()(const model::OperationRequested&) const {}
  void operator()(const model::LockWanted&) const {}
};

bool HistoryView::add(const model::Event& event) {
  std::visit(Describe{*this, event}, event.body);
  return bytes_ <= kHistoryViewBytesMax;
}

std::string HistoryView::finish() const {
  JsonArray array;
  for (const std::string& row : rows_) {
    if (!row.empty()) array.add(row);
  }
  return array.finish();
}

}  // namespace perdure::transport::http::functions

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "convert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "decisions.h"
#include "exceptions.h"
#include "model/key.h"
#include "time_points.h"

namespace perdure::internal {
namespace {

Waiting waiting_for(model::TaskId task, const model::PendingTask& pending) {
  Waiting waiting{
      .kind = {}, .name = pending.name, .detail = {}, .task = task.value, .progress = {}};
  switch (pending.kind) {
    case model::TaskKind::kActivity:
      waiting.kind = "activity";
      waiting.progress = pending.progress;
      if (pending.attempts > 0) waiting.detail = fmt::format("attempt {}", pending.attempts + 1);
      break;
    case model::TaskKind::kTimer:
      waiting.kind = task == model::kStartTimer ? "start" : "timer";
      waiting.detail = "due at " + utc(pending.fire_at);
      break;
    case model::TaskKind::kChild:
      waiting.kind = "child";
      waiting.detail = pending.child_id;
      break;
    case model::TaskKind::kCall:
      waiting.kind = "operation";
      waiting.detail = pending.child_id;
      break;
    case model::TaskKind::kSection:
      waiting.kind = pending.locked < pending.entities.size() ? "lock" : "section";
      waiting.detail = fmt::format("{} of {} entities", pending.locked, pending.entities.size());
      break;
    case model::TaskKind::kSignal:
      waiting.kind = "signal";
      waiting.detail = "due at " + utc(pending.fire_at);
      break;
  }
  return waiting;
}

/// Fills what is particular about a kind of event.
struct Describe {
  HistoryEvent& out;

  void operator()(const model::ExecutionStarted& e) const {
    out.name = e.name;
    out.payload = e.input;
    if (e.parent) out.detail = fmt::format("child of '{}'", e.parent->key.id);
  }
  void operator()(const model::ExecutionCompleted& e) const {
    switch (e.ending) {
      case model::Ending::kCompleted: out.detail = "COMPLETED"; break;
      case model::Ending::kFailed: out.detail = "FAILED"; break;
      case model::Ending::kTerminated: out.detail = "TERMINATED"; break;
    }
    out.payload = e.output;
    if (e.failure) out.failure = from_model(*e.failure);
  }
  void operator()(const model::TurnStarted&) const {}
  void operator()(const model::ActivityScheduled& e) const {
    out.name = e.name;
    out.payload = e.input;
  }
  void operator()(const model::ActivityCompleted& e) const { out.payload = e.result; }
  void operator()(const model::ActivityFailed& e) const { out.failure = from_model(e.failure); }
  void operator()(const model::TimerCreated& e) const { due(e.fire_at); }
  void operator()(const model::TimerFired& e) const { due(e.fire_at); }
  void operator()(const model::ChildScheduled& e) const {
    out.name = e.name;
    out.detail = e.id;
    out.payload = e.input;
  }
  void operator()(const model::ChildCompleted& e) const { out.payload = e.result; }
  void operator()(const model::ChildFailed& e) const { out.failure = from_model(e.failure); }
  void operator()(const model::EventRaised& e) const {
    out.name = e.name;
    out.payload = e.payload;
  }
  void operator()(const model::EventSent& e) const {
    out.name = e.name;
    out.detail = fmt::format("to '{}'", e.target);
    out.payload = e.payload;
  }
  void operator()(const model::TaskCancelled& e) const {
    out.detail = fmt::format("task {}", e.cancelled.value);
  }
  void operator()(const model::OperationCalled& e) const { operation(e); }
  void operator()(const model::OperationSignaled& e) const { operation(e); }
  void operator()(const model::OperationCompleted& e) const { out.payload = e.result; }
  void operator()(const model::OperationFailed& e) const { out.failure = from_model(e.failure); }
  void operator()(const model::LockRequested& e) const {
    out.detail = fmt::format("'{}'", fmt::join(e.entities, "', '"));
  }
  void operator()(const model::LockGranted&) const {}
  void operator()(const model::LockReleased& e) const {
    out.detail = fmt::format("section of task {}", e.section.value);
  }
  void operator()(const model::OperationRequested& e) const { out.name = e.operation; }
  void operator()(const model::LockWanted& e) const {
    out.detail = fmt::format("by '{}'", e.owner.key.id);
  }
  void operator()(const model::ExecutionSuspended& e) const { out.detail = e.reason; }
  void operator()(const model::ExecutionResumed& e) const { out.detail = e.reason; }
  void operator()(const model::ExecutionTerminated& e) const { out.detail = e.reason; }
  void operator()(const model::ExecutionRewound& e) const { out.detail = e.reason; }

 private:
  void operation(const auto& e) const {
    out.name = e.operation;
    out.detail = fmt::format("to '{}'", e.target);
    out.payload = e.input;
  }
  void due(base::Timestamp at) const { out.detail = "due at " + utc(at); }

 public:
  explicit Describe(HistoryEvent& event) : out(event) {}
};

}  // namespace

Error to_public(const base::Error& error) {
  return {static_cast<ErrorCode>(error.code), error.message};
}

Status to_public(model::Status status) {
  switch (status) {
    case model::Status::kPending: return Status::kPending;
    case model::Status::kRunning: return Status::kRunning;
    case model::Status::kSuspended: return Status::kSuspended;
    case model::Status::kCompleted: return Status::kCompleted;
    case model::Status::kFailed: return Status::kFailed;
    case model::Status::kTerminated: return Status::kTerminated;
    case model::Status::kPurged: break;
  }
  PERDURE_CHECK(false, "a purged instance is shown to a client");
}

model::Status to_model(Status status) {
  switch (status) {
    case Status::kPending: return model::Status::kPending;
    case Status::kRunning: return model::Status::kRunning;
    case Status::kSuspended: return model::Status::kSuspended;
    case Status::kCompleted: return model::Status::kCompleted;
    case Status::kFailed: return model::Status::kFailed;
    case Status::kTerminated: return model::Status::kTerminated;
  }
  PERDURE_CHECK(false, "a status outside its enumeration");
}

TimePoint to_public(base::Timestamp at) { return to_time_point(at); }

base::Timestamp to_model(TimePoint at) { return to_timestamp(at); }

Instance to_public(model::InstanceSnapshot snapshot) {
  model::InstanceRecord& record = snapshot.record;
  Instance instance;
  instance.id = std::move(snapshot.key.id);
  instance.name = std::move(record.name);
  instance.version = std::move(record.version);
  instance.status = to_public(record.status);
  instance.created = to_public(record.created);
  instance.updated = to_public(record.updated);
  if (record.ended) instance.ended = to_public(*record.ended);
  if (record.scheduled_start) instance.scheduled_start = to_public(*record.scheduled_start);
  instance.input = std::move(snapshot.input);
  instance.output = std::move(record.output);
  instance.custom_status = std::move(record.custom_status);
  if (record.failure) instance.failure = from_model(*std::move(record.failure));
  instance.tags = std::move(record.tags);
  if (record.parent) instance.parent_id = record.parent->key.id;
  instance.history_events = record.history_events;
  instance.unread_messages = snapshot.inbox_messages;
  instance.parked = std::move(snapshot.parked);
  for (const auto& [task, pending] : snapshot.pending) {
    instance.waiting_for.push_back(waiting_for(task, pending));
  }
  return instance;
}

HistoryEvent to_public(std::uint64_t number, const model::Event& event) {
  HistoryEvent out;
  out.number = number;
  out.at = to_public(event.at);
  out.kind = model::kind_name(event.body);
  if (const auto task = model::task_of(event)) out.task = task->value;
  std::visit(Describe(out), event.body);
  return out;
}

}  // namespace perdure::internal

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/wire/clients.h"

#include <fmt/format.h>

#include <utility>

#include "model/record.h"
#include "transport/worker/wire/events.h"

namespace perdure::worker_wire {
namespace {

std::unexpected<base::Error> unreadable(const base::Error& error) {
  return base::fail(base::ErrorCode::kInternal,
                    fmt::format("the server's answer can not be read, it may be newer than this "
                                "program: {}",
                                error.message));
}

}  // namespace

void to_wire(model::InstanceSnapshot snapshot, v1::Instance& out) {
  out.set_id(std::move(snapshot.key.id));
  out.set_head(model::encode_head({}, snapshot.record));
  if (snapshot.input) out.set_input(*std::move(snapshot.input));
  out.set_parked(std::move(snapshot.parked));
  for (const auto& [task, pending] : snapshot.pending) {
    auto& one = *out.add_pending();
    one.set_task(task.value);
    one.set_row(model::encode_task({}, pending));
  }
  out.set_inbox_messages(snapshot.inbox_messages);
}

base::Result<model::InstanceSnapshot> snapshot_from(v1::Instance& wire, const std::string& hub) {
  model::InstanceSnapshot snapshot;
  snapshot.key = {hub, std::move(*wire.mutable_id())};
  auto record = model::decode_head({}, wire.head());
  if (!record) return unreadable(record.error());
  snapshot.record = *std::move(record);
  if (wire.has_input()) snapshot.input = std::move(*wire.mutable_input());
  snapshot.parked = std::move(*wire.mutable_parked());
  for (const v1::PendingTask& one : wire.pending()) {
    auto task = model::decode_task({}, one.row());
    if (!task) return unreadable(task.error());
    snapshot.pending.emplace(model::TaskId{one.task()}, *std::move(task));
  }
  snapshot.inbox_messages = wire.inbox_messages();
  return snapshot;
}

void to_wire(model::EntitySnapshot snapshot, v1::Entity& out) {
  out.set_id(std::move(snapshot.key.id));
  if (snapshot.state) out.set_state(*std::move(snapshot.state));
  out.set_updated_us(snapshot.updated.us);
  out.set_locked_by(std::move(snapshot.locked_by));
  out.set_waiting(snapshot.backlog);
}

model::EntitySnapshot entity_from(v1::Entity& wire, const std::string& hub) {
  model::EntitySnapshot snapshot{.key = {hub, std::move(*wire.mutable_id())},
                                 .state = std::nullopt,
                                 .updated = {wire.updated_us()},
                                 .locked_by = std::move(*wire.mutable_locked_by()),
                                 .backlog = wire.waiting()};
  if (wire.has_state()) snapshot.state = std::move(*wire.mutable_state());
  return snapshot;
}

void to_wire(model::OperationOutcome outcome, v1::OperationReply& out) {
  if (auto* failure = std::get_if<model::Failure>(&outcome.outcome)) {
    out.set_outcome(
        one_to_wire(model::OperationFailed{.task = {}, .failure = std::move(*failure)}));
  } else {
    out.set_outcome(one_to_wire(model::OperationCompleted{
        .task = {}, .result = std::get<model::Payload>(std::move(outcome.outcome))}));
  }
}

base::Result<model::OperationOutcome> operation_from(const v1::OperationReply& wire) {
  auto events = events_from("the outcome of an operation", wire.outcome());
  if (!events) return unreadable(events.error());
  if (events->size() == 1) {
    if (auto* completed = std::get_if<model::OperationCompleted>(&events->front().body)) {
      return model::OperationOutcome{std::move(completed->result)};
    }
    if (auto* failed = std::get_if<model::OperationFailed>(&events->front().body)) {
      return model::OperationOutcome{std::move(failed->failure)};
    }
  }
  return unreadable({base::ErrorCode::kInternal, "it is no outcome of an operation"});
}

}  // namespace perdure::worker_wire

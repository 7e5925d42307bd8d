// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a worker is handed.
#include "base/check.h"
#include "model/checks.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_wire {

void to_wire(model::TurnItem& item, v1::Turn& out) {
  out.set_instance(std::move(item.token.key.id));
  out.set_execution(item.token.execution.value);
  out.set_past_events(item.token.past_events);
  out.set_attempt(item.token.attempt);
  out.set_name(std::move(item.name));
  out.set_version(std::move(item.version));
  out.set_new_events(to_wire(item.new_events));
  out.set_worker_trace(std::move(item.worker_trace));
  if (item.state) out.set_state(*std::move(item.state));
}

void to_wire(model::ActivityItem& item, v1::Activity& out) {
  auto* input = std::get_if<model::Payload>(&item.input);
  PERDURE_CHECK(input != nullptr, "an input by reference can not travel");
  out.set_instance(std::move(item.token.key.id));
  out.set_execution(item.token.execution.value);
  out.set_task(item.token.task.value);
  out.set_attempt(item.token.attempt);
  out.set_name(std::move(item.name));
  out.set_version(std::move(item.version));
  out.set_trace_parent(std::move(item.trace_parent));
  if (item.progress) out.set_progress(*std::move(item.progress));
  if (*input) out.set_input(std::move(**input));
}

base::Result<model::TurnItem> item_from(v1::Turn& wire, const std::string& hub) {
  model::TurnItem item;
  item.token = {.key = {hub, std::move(*wire.mutable_instance())},
                .execution = {wire.execution()},
                .past_events = wire.past_events(),
                .attempt = wire.attempt()};
  item.name = std::move(*wire.mutable_name());
  item.version = std::move(*wire.mutable_version());
  PERDURE_ASSIGN_OR_RETURN(item.new_events, events_from("a turn", wire.new_events()));
  item.worker_trace = std::move(*wire.mutable_worker_trace());
  if (wire.has_state()) item.state = std::move(*wire.mutable_state());
  const bool is_batch = model::is_entity_id(item.name);
  if (is_batch) PERDURE_RETURN_IF_ERROR(model::check_entity_id("entity id", item.token.key.id));
  if (is_batch ? item.name != model::batch_name(item.token.key.id) : item.new_events.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument, "a turn without a beginning");
  }
  return item;
}

base::Result<model::ActivityItem> item_from(v1::Activity& wire, const std::string& hub) {
  model::ActivityItem item;
  item.token = {.key = {hub, std::move(*wire.mutable_instance())},
                .execution = {wire.execution()},
                .task = {wire.task()},
                .attempt = wire.attempt()};
  item.name = std::move(*wire.mutable_name());
  item.version = std::move(*wire.mutable_version());
  item.trace_parent = std::move(*wire.mutable_trace_parent());
  if (wire.has_progress()) item.progress = std::move(*wire.mutable_progress());
  model::Payload input;
  if (wire.has_input()) input = std::move(*wire.mutable_input());
  item.input = std::move(input);
  return item;
}

}  // namespace perdure::worker_wire

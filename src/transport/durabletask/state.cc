// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/state.h"

#include "transport/durabletask/values.h"

namespace perdure::durabletask {

void fill(const model::InstanceSnapshot& instance, Payloads payloads, ::OrchestrationState* state) {
  const model::InstanceRecord& record = instance.record;
  state->set_instanceid(instance.key.id);
  state->set_name(record.name);
  set_text(record.version, state, &::OrchestrationState::mutable_version);
  state->set_orchestrationstatus(to_wire(record.status));
  if (record.scheduled_start) {
    set_time(*record.scheduled_start, state->mutable_scheduledstarttimestamp());
  }
  set_time(record.created, state->mutable_createdtimestamp());
  set_time(record.updated, state->mutable_lastupdatedtimestamp());
  if (record.ended) set_time(*record.ended, state->mutable_completedtimestamp());
  if (payloads == Payloads::kInclude) {
    set_payload(instance.input, state, &::OrchestrationState::mutable_input);
    set_payload(record.output, state, &::OrchestrationState::mutable_output);
  }
  set_payload(record.custom_status, state, &::OrchestrationState::mutable_customstatus);
  // A terminated one has its output; why it was terminated is in its history.
  if (record.failure && record.status == model::Status::kFailed) {
    set_failure(*record.failure, state->mutable_failuredetails());
  }
  state->mutable_executionid()->set_value(execution_text(instance.key, record.execution));
  if (record.parent) state->mutable_parentinstanceid()->set_value(record.parent->key.id);
  set_tags(record.tags, state->mutable_tags());
}

void fill(const model::EntitySnapshot& entity, Payloads payloads, ::EntityMetadata* metadata) {
  metadata->set_instanceid(entity.key.id);
  set_time(entity.updated, metadata->mutable_lastmodifiedtime());
  metadata->set_backlogqueuesize(static_cast<std::int32_t>(entity.backlog));
  set_text(entity.locked_by, metadata, &::EntityMetadata::mutable_lockedby);
  if (payloads == Payloads::kInclude) {
    set_payload(entity.state, metadata, &::EntityMetadata::mutable_serializedstate);
  }
}

}  // namespace perdure::durabletask

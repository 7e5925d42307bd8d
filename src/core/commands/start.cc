// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// StartInstance, RestartInstance: how an execution begins.
#include <fmt/format.h>

#include "core/commands/commands.h"

namespace perdure::core {
namespace {

bool is_repeated_request(const Instance& instance, const model::StartInstance& command) {
  return !command.idempotency_key.empty() &&
         instance.stored.record.idempotency_key == command.idempotency_key;
}

std::string taken_message(const Instance& instance) {
  return fmt::format(
      "orchestration instance already exists: '{}' is {}; choose another id, or a reuse policy "
      "that "
      "allows to replace or to ignore it",
      instance.key.id, model::status_name(instance.stored.record.status));
}

}  // namespace

void apply_command(Transition& t, model::StartInstance& command) {
  Instance& instance = t.instance(command.key);
  const model::InstanceRecord& record = instance.stored.record;
  const bool taken = instance.exists && record.status != model::Status::kPurged;
  if (taken && is_repeated_request(instance, command)) {
    return t.reply(command.request,
                   model::Started{command.key, record.execution, /*created=*/false});
  }
  if (taken && !command.reuse.replaceable.contains(record.status)) {
    if (command.reuse.otherwise == model::ReusePolicy::Otherwise::kIgnore &&
        command.reuse.ignorable.contains(record.status)) {
      return t.reply(command.request,
                     model::Started{command.key, record.execution, /*created=*/false});
    }
    return t.reject(command.request, base::ErrorCode::kAlreadyExists, taken_message(instance));
  }
  if (taken && model::is_live(record.status)) {
    terminate(t, instance, "replaced by a new start", std::nullopt, /*recursive=*/true);
  }
  t.begin(instance, std::move(command.started), std::move(command.idempotency_key));
  t.reply(command.request, model::Started{command.key, record.execution, /*created=*/true});
}

void apply_command(Transition& t, model::RestartInstance& command) {
  Instance* instance = t.visible(command.request, command.key);
  if (instance == nullptr) return;
  const model::InstanceRecord& record = instance->stored.record;
  if (!model::is_terminal(record.status)) {
    return t.reject(command.request, base::ErrorCode::kFailedPrecondition,
                    fmt::format("instance '{}' is {}; only an ended one can be restarted",
                                command.key.id, model::status_name(record.status)));
  }
  const auto* first =
      t.prefetched.history.empty() || t.prefetched.history.front().chunk.events.empty()
          ? nullptr
          : &t.prefetched.history.front().chunk;
  model::ExecutionStarted started{
      .name = record.name, .version = record.version, .tags = record.tags};
  if (first != nullptr) {
    for (const model::Event& event : first->events) {
      if (const auto* found = std::get_if<model::ExecutionStarted>(&event.body)) {
        started.input = found->input;
        break;
      }
    }
  }
  // The idempotency key stays: the start it came with must still not happen twice.
  t.begin(*instance, std::move(started), record.idempotency_key);
  t.reply(command.request, model::Started{command.key, record.execution, /*created=*/true});
}

}  // namespace perdure::core

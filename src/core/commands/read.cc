// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// GetInstance, AwaitInstance, CancelAwait: what a client may know. Their answers pass the output
// gate too, so a client never sees what a crash could take back.
#include <fmt/format.h>

#include "core/commands/commands.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

model::Payload input_in(const std::vector<model::Event>& events) {
  for (const model::Event& event : events) {
    if (const auto* started = std::get_if<model::ExecutionStarted>(&event.body)) {
      return started->input;
    }
  }
  return std::nullopt;
}

}  // namespace

void apply_command(Transition& t, model::GetInstance& command) {
  const Instance* instance = t.visible(command.request, command.key);
  if (instance == nullptr) return;
  model::Payload input;
  if (command.with_input) {
    input = input_in(instance->stored.prologue);
    if (!input && !t.prefetched.history.empty()) {
      input = input_in(t.prefetched.history.front().chunk.events);
    }
  }
  t.reply(command.request, t.snapshot(*instance, std::move(input)));
}

void apply_command(Transition& t, model::AwaitInstance& command) {
  Instance& instance = t.instance(command.key);
  const bool seen = instance.exists && instance.stored.record.status != model::Status::kPurged;
  if (!seen && !command.wait_if_unknown) {
    t.visible(command.request, command.key);
    return;
  }
  if (seen && Transition::has_reached(instance, command.until)) {
    return t.reply(command.request, t.snapshot(instance, std::nullopt));
  }
  if (t.shard.waiters.size() >= model::kWaitersMax) {
    return t.reject(command.request, base::ErrorCode::kResourceExhausted,
                    fmt::format("{} calls are waiting already, the limit; try again later",
                                model::kWaitersMax));
  }
  t.shard.waiters.add(command.key, command.request, command.until);
}

void apply_command(Transition& t, model::CancelAwait& command) {
  t.shard.waiters.cancel(command.key, command.request);
}

}  // namespace perdure::core

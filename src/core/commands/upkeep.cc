// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Recover, OfferGathered, CollectGarbage: what the engine asks of its own accord.
#include "core/commands/commands.h"
#include "model/limits.h"

namespace perdure::core {

void apply_command(Transition& t, model::Recover& command) {
  Instance& instance = t.instance(command.key);
  if (!instance.exists) return;
  t.unpark(instance);
  if (!instance.turn) t.offer_turn(instance);
  for (const auto& [task, pending] : instance.stored.pending) {
    if (pending.kind != model::TaskKind::kActivity || instance.offered.contains(task)) continue;
    t.offer_activity_again(instance, task, Transition::Redelivery::kUncounted);
  }
}

void apply_command(Transition& t, model::OfferGathered& command) {
  Instance* instance = t.shard.instances.find(command.key);
  if (instance != nullptr && instance->gathers) t.offer_turn(*instance);
}

void apply_command(Transition& t, model::CollectGarbage& command) {
  for (const std::string& key : t.prefetched.garbage_keys) t.erase(model::Space::kHistory, key);
  if (t.prefetched.garbage_keys.size() < model::kGarbageRowsPerStep) {
    t.erase(model::Space::kAgenda, model::garbage_key(command.key, command.execution));
  } else {
    t.emit(model::MoreGarbage{.key = command.key, .execution = command.execution});
  }
}

}  // namespace perdure::core

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/parts/instance.h"

#include <algorithm>

#include "model/key.h"
#include "model/limits.h"
#include "model/record.h"

namespace perdure::core {
namespace {

constexpr std::size_t kInstanceOverheadBytes = 900;
constexpr std::size_t kPendingOverheadBytes = 220;

bool has_messages(const StoredInstance& stored) {
  return !stored.prologue.empty() || !stored.inbox.empty();
}

bool waits_for_its_start(const StoredInstance& stored) {
  return stored.pending.contains(model::kStartTimer);
}

}  // namespace

bool owes_work(const Instance& instance) {
  if (!instance.exists || !model::is_live(instance.stored.record.status)) return false;
  return instance.activities_pending > 0 || has_turn(instance);
}

bool has_turn(const Instance& instance) {
  return instance.exists && model::is_live(instance.stored.record.status) &&
         has_messages(instance.stored) && !waits_for_its_start(instance.stored);
}

bool turn_is_due(const Instance& instance) {
  return has_turn(instance) && instance.stored.record.status != model::Status::kSuspended &&
         !instance.turn && instance.parked.empty();
}

std::size_t messages_for_turn(const Instance& instance) {
  const std::deque<InboxMessage>& inbox = instance.stored.inbox;
  const std::size_t count_max = std::min(inbox.size(), model::kEventsPerTurnMax);
  if (instance.inbox_bytes <= model::kTurnBytesMax) return count_max;
  std::size_t bytes = 0;
  for (const model::Event& event : instance.stored.prologue) bytes += model::encoded_size(event);
  for (std::size_t count = 0; count < count_max; ++count) {
    const bool is_needed = count == 0 && instance.stored.prologue.empty();
    bytes += model::encoded_size(inbox[count].event);
    if (bytes > model::kTurnBytesMax && !is_needed) return count;
  }
  return count_max;
}

std::size_t memory_bytes(const Instance& instance) {
  const model::InstanceRecord& record = instance.stored.record;
  return kInstanceOverheadBytes + 2 * (instance.key.id.size() + instance.key.hub.size()) +
         record.name.size() + (record.output ? record.output->size() : 0) +
         (record.custom_status ? record.custom_status->size() : 0) + instance.inbox_bytes +
         instance.stored.pending.size() * kPendingOverheadBytes;
}

bool is_evictable(const Instance& instance) {
  return !instance.dirty && !instance.turn && instance.offered.empty() && instance.parked.empty() &&
         (!owes_work(instance) || instance.stored.record.status == model::Status::kSuspended);
}

}  // namespace perdure::core

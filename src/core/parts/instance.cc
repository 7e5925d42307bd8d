// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/parts/instance.h"

#include <algorithm>

#include "model/key.h"
#include "model/limits.h"
#include "model/record.h"

namespace perdure::core {
namespace {

// What they take beside their bytes. An instance: itself, the first block of its inbox (there even
// while that is empty), its places in the index and in the order of use. A task: its node.
constexpr std::size_t kInboxBlockBytes = std::max<std::size_t>(512, sizeof(InboxMessage)) + 64;
constexpr std::size_t kInstanceOverheadBytes = sizeof(Instance) + kInboxBlockBytes + 384;
constexpr std::size_t kPendingOverheadBytes = sizeof(model::PendingTask) + 72;

bool has_messages(const StoredInstance& stored) {
  return !stored.prologue.empty() || !stored.inbox.empty();
}

/// Of an entity: its next batch is not empty, whether or not one is in flight.
bool has_operations(const Instance& instance) {
  if (instance.stored.record.lock) return instance.from_holder > 0;
  const std::deque<InboxMessage>& inbox = instance.stored.inbox;
  return !inbox.empty() &&
         std::holds_alternative<model::OperationRequested>(inbox.front().event.body);
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
  if (is_entity(instance)) return instance.exists && has_operations(instance);
  return instance.exists && model::is_live(instance.stored.record.status) &&
         has_messages(instance.stored) && !waits_for_its_start(instance.stored);
}

bool turn_is_due(const Instance& instance) {
  return has_turn(instance) && instance.stored.record.status != model::Status::kSuspended &&
         !instance.turn && instance.parked.empty();
}

bool is_work(const model::PendingTask& pending) {
  return pending.kind == model::TaskKind::kActivity || pending.kind == model::TaskKind::kChild ||
         pending.kind == model::TaskKind::kCall;
}

bool is_outcome_of_work(const model::EventBody& body) {
  return std::holds_alternative<model::ActivityCompleted>(body) ||
         std::holds_alternative<model::ActivityFailed>(body) ||
         std::holds_alternative<model::ChildCompleted>(body) ||
         std::holds_alternative<model::ChildFailed>(body) ||
         std::holds_alternative<model::OperationCompleted>(body) ||
         std::holds_alternative<model::OperationFailed>(body);
}

bool is_worth_gathering(const Instance& instance, const GatherRules& rules) {
  const StoredInstance& stored = instance.stored;
  const bool is_slow = stored.record.history_events >= rules.history_events_min &&
                       instance.turn_took >= rules.turn_min;
  const bool is_flood =
      std::max(stored.inbox.size(), instance.turn_messages) >= model::kGatherMessagesMin;
  if (!is_slow || !is_flood || is_entity(instance)) return false;
  return stored.prologue.empty() && !has_gathered(instance) &&
         std::ranges::all_of(stored.inbox, [](const InboxMessage& message) {
           return is_outcome_of_work(message.event.body);
         });
}

bool has_gathered(const Instance& instance) {
  return instance.work_pending == 0 || instance.stored.inbox.size() >= model::kEventsPerTurnMax ||
         instance.inbox_bytes >= model::kTurnBytesMax;
}

void count(Instance& instance) {
  instance.activities_pending = 0;
  instance.work_pending = 0;
  instance.inbox_bytes = 0;
  instance.from_holder = 0;
  for (const auto& [task, pending] : instance.stored.pending) {
    if (pending.kind == model::TaskKind::kActivity) ++instance.activities_pending;
    if (is_work(pending)) ++instance.work_pending;
  }
  for (const model::Event& event : instance.stored.prologue) {
    instance.inbox_bytes += model::encoded_size(event);
  }
  for (const InboxMessage& message : instance.stored.inbox) {
    instance.inbox_bytes += model::encoded_size(message.event);
    if (is_from_holder(instance, message)) ++instance.from_holder;
  }
}

bool is_from_holder(const Instance& instance, const InboxMessage& message) {
  const std::optional<model::HeldLock>& lock = instance.stored.record.lock;
  const auto* request = std::get_if<model::OperationRequested>(&message.event.body);
  return lock && request != nullptr && request->caller &&
         (lock->until == 0 || message.number < lock->until) &&
         model::same_sender(*request->caller, lock->owner);
}

std::vector<std::size_t> operations_for_batch(const Instance& instance) {
  const StoredInstance& stored = instance.stored;
  const std::size_t count_max = stored.record.turn_attempts > 0 ? 1 : model::kOperationsPerBatchMax;
  std::vector<std::size_t> places;
  std::size_t bytes = stored.state ? stored.state->size() : 0;
  for (std::size_t at = 0; at < stored.inbox.size() && places.size() < count_max; ++at) {
    const model::Event& event = stored.inbox[at].event;
    if (stored.record.lock) {
      if (places.size() == instance.from_holder) break;
      if (!is_from_holder(instance, stored.inbox[at])) continue;
    } else if (std::holds_alternative<model::LockWanted>(event.body)) {
      break;
    }
    bytes += model::encoded_size(event);
    if (bytes > model::kTurnBytesMax && !places.empty()) break;
    places.push_back(at);
  }
  return places;
}

bool has_vanished(const Instance& instance) {
  const StoredInstance& stored = instance.stored;
  return !stored.state && !stored.record.lock && stored.inbox.empty() && stored.pending.empty() &&
         !instance.turn;
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
         instance.stored.prologue.size() * sizeof(model::Event) +
         instance.stored.inbox.size() * sizeof(InboxMessage) + record.name.size() +
         (record.output ? record.output->size() : 0) +
         (record.custom_status ? record.custom_status->size() : 0) + instance.inbox_bytes +
         // Kept, and shown to clients.
         (instance.stored.state ? 2 * instance.stored.state->size() : 0) +
         instance.stored.pending.size() * kPendingOverheadBytes;
}

bool is_evictable(const Instance& instance) {
  if (!instance.callers.empty() || !instance.publication.settling.empty()) return false;
  return !instance.dirty && !instance.turn && instance.offered.empty() && instance.parked.empty() &&
         (!owes_work(instance) || instance.stored.record.status == model::Status::kSuspended);
}

}  // namespace perdure::core

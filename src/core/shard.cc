// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/shard.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "core/commands/commands.h"
#include "core/transition.h"
#include "model/key.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

enum class HistoryNeed : std::uint8_t { kNone, kFirstRow, kAllRows };

/// What a command needs of the history of its instance, which is loaded.
HistoryNeed history_need(const model::Command& command, const Instance& instance) {
  const model::InstanceRecord& record = instance.stored.record;
  if (!instance.exists || record.history_events == 0) return HistoryNeed::kNone;
  return std::visit(base::Overloaded{
                        [&](const model::GetInstance& c) {
                          return c.with_input ? HistoryNeed::kFirstRow : HistoryNeed::kNone;
                        },
                        [&](const model::RestartInstance&) { return HistoryNeed::kFirstRow; },
                        [&](const model::RewindInstance&) {
                          return record.status == model::Status::kFailed ? HistoryNeed::kAllRows
                                                                         : HistoryNeed::kNone;
                        },
                        [&](const model::Deliver& c) {
                          return std::holds_alternative<model::RewindChild>(c.message) &&
                                         record.status == model::Status::kFailed
                                     ? HistoryNeed::kAllRows
                                     : HistoryNeed::kNone;
                        },
                        [&](const auto&) { return HistoryNeed::kNone; },
                    },
                    command);
}

/// The command is meant to begin the instance.
bool begins(const model::Command& command) {
  if (std::holds_alternative<model::StartInstance>(command)) return true;
  const auto* message = std::get_if<model::Deliver>(&command);
  return message != nullptr &&
         (std::holds_alternative<model::StartChild>(message->message) ||
          std::holds_alternative<model::StartOrchestration>(message->message));
}

Read instance_read(const model::InstanceKey& key, const model::Command& command) {
  std::string from = model::instance_prefix(key);
  std::string to = model::prefix_end(from);
  return {.purpose = Read::Purpose::kInstance,
          .key = key,
          .space = model::Space::kInstance,
          .from = std::move(from),
          .to = std::move(to),
          .first = begins(command) ? model::head_key(key) : ""};
}

Read history_read(Read::Purpose purpose, const model::InstanceKey& key, model::Execution execution,
                  std::size_t rows_max) {
  std::string from = model::history_prefix(key, execution);
  std::string to = model::prefix_end(from);
  return {.purpose = purpose,
          .key = key,
          .space = model::Space::kHistory,
          .from = std::move(from),
          .to = std::move(to),
          .rows_max = rows_max};
}

base::Result<> supply_history(Prefetched& prefetched, const Rows& rows) {
  for (const auto& [key, value] : rows) {
    PERDURE_ASSIGN_OR_RETURN(model::HistoryChunk chunk, model::decode_chunk(key, value));
    prefetched.history.push_back({key, std::move(chunk)});
  }
  prefetched.has_history = true;
  return {};
}

base::Result<> supply_instance(Shard& shard, const model::InstanceKey& key, const Rows& rows) {
  PERDURE_ASSIGN_OR_RETURN(StoredInstance stored, decode_instance(key, rows));
  Instance& instance = shard.instances.add(key);
  const std::size_t before = memory_bytes(instance);
  instance.exists = !rows.empty();
  if (!instance.exists) shard.instances.note_absent(instance);
  instance.stored = std::move(stored);
  count(instance);
  if (is_entity(instance)) instance.publication.view = view_of(instance);
  instance.ready_row = owes_work(instance);
  instance.head_row = instance.exists;
  instance.turn_uncounted = has_turn(instance);
  shard.instances.resized(instance, before);
  return {};
}

/// The agenda names an instance exactly while it owes work.
void write_ready_row(Transition& t, Instance& instance) {
  const bool owes = owes_work(instance);
  if (owes == instance.ready_row) return;
  instance.ready_row = owes;
  std::string key = model::ready_key(instance.key);
  if (owes) {
    std::string mark = model::encode_mark(key);
    t.put_new(model::Space::kAgenda, std::move(key), std::move(mark));
  } else {
    t.erase(model::Space::kAgenda, std::move(key));
  }
}

}  // namespace

std::vector<Read> reads(const Shard& shard, const model::Command& command,
                        const Prefetched& prefetched) {
  std::vector<Read> needed;
  const model::InstanceKey* key = model::instance_of(command);
  if (key == nullptr || std::holds_alternative<model::CancelAwait>(command)) return needed;
  // What gathers is in memory.
  if (std::holds_alternative<model::OfferGathered>(command)) return needed;
  if (const auto* garbage = std::get_if<model::CollectGarbage>(&command)) {
    if (!prefetched.has_garbage) {
      needed.push_back(history_read(Read::Purpose::kGarbage, *key, garbage->execution,
                                    model::kGarbageRowsPerStep));
    }
    return needed;
  }
  const Instance* instance = shard.instances.find(*key);
  if (instance == nullptr) {
    needed.push_back(instance_read(*key, command));
    return needed;
  }
  const HistoryNeed need = history_need(command, *instance);
  if (need != HistoryNeed::kNone && !prefetched.has_history) {
    needed.push_back(history_read(Read::Purpose::kHistory, *key, instance->stored.record.execution,
                                  need == HistoryNeed::kFirstRow ? 1 : 0));
  }
  return needed;
}

base::Result<> supply(Shard& shard, Prefetched& prefetched, const Read& read, const Rows& rows) {
  switch (read.purpose) {
    case Read::Purpose::kInstance: return supply_instance(shard, read.key, rows);
    case Read::Purpose::kHistory: return supply_history(prefetched, rows);
    case Read::Purpose::kGarbage:
      for (const auto& [key, value] : rows) prefetched.garbage_keys.push_back(key);
      prefetched.has_garbage = true;
      return {};
  }
  PERDURE_CHECK(false, "a read without a purpose");
}

void apply(Shard& shard, model::Command&& command, const Prefetched& prefetched, const Facts& facts,
           std::vector<model::Effect>& effects) {
  Transition transition(shard, prefetched, facts, effects);
  const model::InstanceKey* key = model::instance_of(command);
  Instance* instance = key == nullptr ? nullptr : shard.instances.find(*key);
  const std::size_t before = instance == nullptr ? 0 : memory_bytes(*instance);
  std::visit([&](auto& alternative) { apply_command(transition, alternative); }, command);
  if (instance != nullptr) shard.instances.resized(*instance, before);
}

void take_writes(Shard& shard, std::vector<model::Write>& into) {
  const Facts no_facts{};
  const Prefetched nothing;
  std::vector<model::Effect> no_effects;
  Transition t(shard, nothing, no_facts, no_effects);
  for (Instance* instance : shard.dirty) {
    write_ready_row(t, *instance);
    std::string key = model::head_key(instance->key);
    if (instance->exists) {
      std::string row = model::encode_head(key, instance->stored.record);
      if (instance->head_row) {
        t.put(model::Space::kInstance, std::move(key), std::move(row));
      } else {
        t.put_new(model::Space::kInstance, std::move(key), std::move(row));
      }
    } else {
      t.erase(model::Space::kInstance, std::move(key));
    }
    instance->head_row = instance->exists;
    instance->dirty = false;
  }
  shard.dirty.clear();
  // The memory stays for the next ones.
  into.insert(into.end(), std::make_move_iterator(shard.writes.begin()),
              std::make_move_iterator(shard.writes.end()));
  shard.writes.clear();
}

std::vector<model::Write> take_writes(Shard& shard) {
  std::vector<model::Write> writes;
  take_writes(shard, writes);
  return writes;
}

base::Result<> restore_row(Shard& shard, std::string_view key, std::string_view value,
                           std::vector<model::InstanceKey>& ready) {
  const auto row = model::parse_agenda_row(key);
  if (!row) return base::fail(base::ErrorCode::kStoreCorrupt, "an agenda row with an unknown key");
  switch (row->kind) {
    case model::AgendaKind::kReady: {
      PERDURE_RETURN_IF_ERROR(model::decode_mark(key, value));
      ready.push_back(row->instance);
      return {};
    }
    case model::AgendaKind::kTimer: {
      PERDURE_RETURN_IF_ERROR(model::decode_mark(key, value));
      shard.timers.add({row->fire_at, row->instance, row->execution, row->task});
      return {};
    }
    case model::AgendaKind::kOutbox: {
      PERDURE_ASSIGN_OR_RETURN(model::Message message, model::decode_message(key, value));
      shard.outbox.add(row->shard, row->sequence, row->slot);
      shard.restored.push_back(model::SendMessage{.source = shard.id,
                                                  .target = row->shard,
                                                  .sequence = row->sequence,
                                                  .message = std::move(message)});
      return {};
    }
    case model::AgendaKind::kGarbage: {
      PERDURE_RETURN_IF_ERROR(model::decode_mark(key, value));
      shard.restored.push_back(
          model::MoreGarbage{.key = row->instance, .execution = row->execution});
      return {};
    }
    case model::AgendaKind::kSent: {
      PERDURE_ASSIGN_OR_RETURN(const std::uint64_t sequence, model::decode_number(key, value));
      shard.outbox.restore_sent(row->shard, sequence);
      return {};
    }
    case model::AgendaKind::kTaken: {
      PERDURE_ASSIGN_OR_RETURN(const std::uint64_t sequence, model::decode_number(key, value));
      shard.taken.restore(row->shard, sequence);
      return {};
    }
  }
  PERDURE_CHECK(false, "an agenda kind that parse_agenda_row let through");
}

void publish(Shard& shard, const model::PublishEntity& published) {
  Instance* entity = shard.instances.find(published.key);
  PERDURE_CHECK(entity != nullptr, "an entity was forgotten before it was published");
  Publication& publication = entity->publication;
  auto& settling = publication.settling;
  auto durable = settling.begin();
  while (durable != settling.end() && durable->version <= published.version) ++durable;
  if (durable != settling.begin()) {
    publication.view = std::move(std::prev(durable)->view);
    settling.erase(settling.begin(), durable);
  }
  if (!entity->exists) shard.instances.note_absent(*entity);
}

std::vector<model::Effect> outstanding(Shard& shard) {
  // The rows came in slot order; a receiver wants each source's messages in the order sent.
  std::vector<model::Effect> owed;
  std::map<std::pair<model::ShardId, std::uint64_t>, model::Effect> messages;
  for (model::Effect& effect : std::exchange(shard.restored, {})) {
    if (const auto* message = std::get_if<model::SendMessage>(&effect)) {
      const std::pair number{message->target, message->sequence};
      messages.emplace(number, std::move(effect));
    } else {
      owed.push_back(std::move(effect));
    }
  }
  for (auto& [number, message] : messages) owed.push_back(std::move(message));
  return owed;
}

void outstanding(Shard& shard, Instance& instance, const Facts& facts,
                 std::vector<model::Effect>& effects) {
  apply(shard, model::Recover{instance.key}, Prefetched{}, facts, effects);
}

base::Result<StoredInstance> decode_instance(const model::InstanceKey& key, const Rows& rows) {
  StoredInstance stored;
  bool has_head = false;
  for (const auto& [row_key, value] : rows) {
    const auto row = model::parse_instance_row(row_key);
    if (!row) {
      return base::fail(base::ErrorCode::kStoreCorrupt,
                        fmt::format("instance '{}' has a row with an unknown key", key.id));
    }
    switch (row->part) {
      case model::Part::kHead: {
        PERDURE_ASSIGN_OR_RETURN(stored.record, model::decode_head(row_key, value));
        has_head = true;
        break;
      }
      case model::Part::kPrologue: {
        PERDURE_ASSIGN_OR_RETURN(stored.prologue, model::decode_events(row_key, value));
        break;
      }
      case model::Part::kInbox: {
        PERDURE_ASSIGN_OR_RETURN(std::vector<model::Event> one,
                                 model::decode_events(row_key, value));
        if (one.size() != 1) {
          return base::fail(base::ErrorCode::kStoreCorrupt, "an inbox row without its message");
        }
        stored.inbox.push_back({row->number, std::move(one.front())});
        break;
      }
      case model::Part::kState: {
        PERDURE_ASSIGN_OR_RETURN(stored.state, model::decode_state(row_key, value));
        break;
      }
      case model::Part::kTask: {
        PERDURE_ASSIGN_OR_RETURN(model::PendingTask task, model::decode_task(row_key, value));
        stored.pending.emplace(model::TaskId{static_cast<std::int32_t>(row->number)},
                               std::move(task));
        break;
      }
    }
  }
  if (!rows.empty() && !has_head) {
    return base::fail(base::ErrorCode::kStoreCorrupt,
                      fmt::format("instance '{}' has rows but no head", key.id));
  }
  return stored;
}

}  // namespace perdure::core

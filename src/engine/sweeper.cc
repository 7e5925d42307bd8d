// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/sweeper.h"

#include <utility>

#include "model/key.h"

namespace perdure::engine {

Sweeper::Sweeper(model::SlotRange slots, base::Timestamp now)
    : begin_(model::slot_prefix(model::Slot{slots.first})),
      end_(model::prefix_end(model::slot_prefix(model::Slot{slots.last}))),
      cursor_(begin_),
      round_began_(now),
      next_(now + kSweepInterval) {}

base::Result<Sweeper::Findings> Sweeper::look(const store::Store& store,
                                              std::vector<core::Shard>& shards,
                                              base::Timestamp now) {
  if (cursor_ == begin_) round_began_ = now;
  Findings findings;
  std::size_t rows = 0;
  bool more = false;
  PERDURE_RETURN_IF_ERROR(
      store.scan(model::Space::kAgenda, cursor_, end_, [&](std::string_view key, std::string_view) {
        if (rows++ == kSweepRowsPerStep) {
          cursor_ = std::string(key);
          more = true;
          return false;
        }
        const auto row = model::parse_agenda_row(key);
        const std::uint32_t first = shards.front().id.value;
        const std::uint32_t shard =
            row ? model::shard_of(row->slot, shards.front().shard_count).value : first;
        check(shards[shard - first], key, findings);
        return true;
      }));
  if (!more) cursor_ = begin_;
  next_ = more ? now + kSweepPause : round_began_ + kSweepInterval;
  return findings;
}

void Sweeper::check(core::Shard& shard, std::string_view key, Findings& findings) const {
  const auto row = model::parse_agenda_row(key);
  if (!row) return;
  if (row->kind == model::AgendaKind::kTimer) {
    const core::Timer timer{row->fire_at, row->instance, row->execution, row->task};
    if (shard.timers.all().contains(timer)) return;
    shard.timers.add(timer);
    ++findings.timers_lost;
    return;
  }
  if (row->kind != model::AgendaKind::kReady) return;
  const core::Instance* instance = shard.instances.find(row->instance);
  const bool well = instance != nullptr && !core::turn_is_due(*instance) &&
                    instance->activities_pending == instance->offered.size();
  if (!well) return findings.suspicious.push_back(row->instance);
  if (instance->turn) findings.out.emplace_back(instance->turn->token);
  for (const model::TaskId task : instance->offered) {
    findings.out.emplace_back(
        model::ActivityToken{.key = instance->key,
                             .execution = instance->stored.record.execution,
                             .task = task,
                             .attempt = instance->stored.pending.at(task).attempts + 1});
  }
}

std::vector<model::WorkToken> Missing::note(std::vector<model::WorkToken> unknown,
                                            store::Position decided, const OutputGate& gate,
                                            base::Timestamp now) {
  std::vector<model::WorkToken> lost;
  for (model::WorkToken& token : unknown) {
    const std::size_t hash =
        std::visit([](const auto& one) { return dispatch::hash_of(one); }, token);
    Seen& seen = seen_[hash];
    if (seen.looks == 0 || seen.token != token || seen.at + kMissingKept < now) {
      seen = {.token = std::move(token), .looks = 1, .decided = decided, .at = now};
      continue;
    }
    seen.at = now;
    if (gate.holds(seen.decided)) continue;  // it may wait there for a slow disk
    seen.decided = decided;
    if (++seen.looks < kMissingLooks) continue;
    lost.push_back(std::move(seen.token));
    seen_.erase(hash);
  }
  if (now < clean_at_) return lost;
  std::erase_if(seen_, [now](const auto& one) { return one.second.at + kMissingKept < now; });
  clean_at_ = now + kSweepInterval;
  return lost;
}

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "checkers/rows.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "core/testing/laws.h"
#include "engine/query.h"

namespace perdure::sim {

using core::testing::Broken;
using core::testing::RowMap;

namespace {

/// Which invariant a sentence of core/testing/laws.h is about.
Invariant invariant_of(std::string_view law) {
  const auto says = [law](std::string_view word) { return law.contains(word); };
  if (says("tombstone") || says("nobody knows")) return Invariant::kPurged;
  if (says("timer")) return Invariant::kTimers;
  if (says("entity")) return Invariant::kEntities;
  if (says("lock")) return Invariant::kSections;
  if (says("history") || says("chain")) return Invariant::kHistory;
  if (says("outbox") || says("message")) return Invariant::kMessages;
  if (says("pending") || says("task")) return Invariant::kOutcome;
  return Invariant::kAtomic;
}

/// Small enough that nearly every list has several pages.
constexpr std::size_t kListPage = 3;

std::set<model::InstanceKey> instances_of(const RowMap& rows) {
  std::set<model::InstanceKey> keys;
  for (const auto& [key, value] : rows.of(model::Space::kInstance)) {
    if (auto row = model::parse_instance_row(key)) keys.insert(std::move(row->instance));
  }
  return keys;
}

/// Every instance that a list answers, in its order.
base::Result<std::vector<model::InstanceKey>> list_all(const store::Store& store,
                                                       const engine::InstanceFilter& filter) {
  const engine::Query query(store);
  std::vector<model::InstanceKey> listed;
  engine::PageRequest request{.count_max = kListPage, .continuation = {}};
  do {
    PERDURE_ASSIGN_OR_RETURN(engine::InstancePage page, query.list(filter, request));
    for (engine::InstanceSummary& one : page.instances) listed.push_back(std::move(one.key));
    request.continuation = std::move(page.continuation);
  } while (!request.continuation.empty());
  return listed;
}

}  // namespace

RowMap rows_of(const store::Store& store) {
  RowMap rows;
  for (const model::Space space : model::kSpaces) {
    if (space == model::Space::kMeta) continue;
    const auto scanned =
        store.scan(space, {}, {}, [&](std::string_view key, std::string_view value) {
          rows.write(space, std::string(key), std::string(value));
          return true;
        });
    PERDURE_CHECK(scanned.has_value(), "a store in memory can be read");
  }
  return rows;
}

RowMap RowsOracle::judge(const store::Store& store) {
  RowMap rows = rows_of(store);
  judge_rows(rows);
  judge_past(rows);
  judge_lists(store, rows);
  return rows;
}

void RowsOracle::judge_rows(const RowMap& rows) {
  std::vector<core::Shard> shards;
  shards.reserve(shards_);
  for (std::uint32_t i = 0; i < shards_; ++i) shards.emplace_back(model::ShardId{i}, shards_);
  std::vector<model::InstanceKey> ready;
  for (const auto& [key, value] : rows.of(model::Space::kAgenda)) {
    const auto row = model::parse_agenda_row(key);
    verdict_.require(row.has_value(), Invariant::kCorruption, "an agenda row with an unknown key");
    if (!row) continue;
    const model::ShardId shard = model::shard_of(row->slot, shards_);
    const auto restored = core::restore_row(shards[shard.value], key, value, ready);
    verdict_.require(restored.has_value(), Invariant::kReplay, "an agenda row can not be restored");
  }
  Broken broken;
  core::testing::check_everything(rows, shards, broken);
  for (std::string& law : broken) {
    const Invariant invariant = invariant_of(law);
    verdict_.breached(invariant, std::move(law));
  }
}

void RowsOracle::judge_lists(const store::Store& store, const RowMap& rows) {
  Broken ignored;
  using List = std::pair<std::string, engine::InstanceKind>;
  std::map<List, std::set<model::InstanceKey>> lists;
  for (const model::InstanceKey& key : instances_of(rows)) {
    const core::Instance instance = core::testing::instance_in(rows, key, ignored);
    if (instance.stored.record.status == model::Status::kPurged) continue;
    const auto kind = core::is_entity(instance) ? engine::InstanceKind::kEntities
                                                : engine::InstanceKind::kOrchestrations;
    lists[{key.hub, kind}].insert(key);
  }
  for (const auto& [list, keys] : lists) {
    engine::InstanceFilter filter{.hub = list.first};
    filter.kind = list.second;
    const auto listed = list_all(store, filter);
    const bool same = listed && listed->size() == keys.size() &&
                      std::set<model::InstanceKey>(listed->begin(), listed->end()) == keys;
    verdict_.require(same, Invariant::kQueries,
                     fmt::format("a list of {} instances answers {}", keys.size(),
                                 listed ? std::to_string(listed->size()) : listed.error().message));
  }
}

void RowsOracle::judge_past(const RowMap& rows) {
  Broken ignored;
  std::map<model::InstanceKey, Known> found;
  for (const model::InstanceKey& key : instances_of(rows)) {
    const core::Instance instance = core::testing::instance_in(rows, key, ignored);
    const model::InstanceRecord& record = instance.stored.record;
    found[key] = {record.execution, record.status, record.history_events, record.history_chain};
  }
  for (const auto& [key, before] : known_) {
    const auto now = found.find(key);
    // One whose state was erased is gone, and may begin anew under any number.
    const bool is_entity = model::is_entity_id(key.id);
    if (is_entity && (now == found.end() || now->second.execution != before.execution)) continue;
    if (now == found.end()) {
      verdict_.require(may_be_purged_(key), Invariant::kAcknowledged,
                       fmt::format("instance '{}' is gone without a tombstone", key.id));
      continue;
    }
    const Known& after = now->second;
    const std::string& id = key.id;
    verdict_.require(after.execution >= before.execution, Invariant::kStatus,
                     fmt::format("the execution number of '{}' went back", id));
    if (after.execution != before.execution) continue;
    const bool was_over = !model::is_live(before.status);
    const bool purged = after.status == model::Status::kPurged;
    verdict_.require(!was_over || purged || after.status == before.status, Invariant::kStatus,
                     fmt::format("instance '{}' had ended and changed its status", id));
    if (purged) continue;
    verdict_.require(after.events >= before.events, Invariant::kHistory,
                     fmt::format("the history of '{}' became shorter", id));
    verdict_.require(after.events != before.events || after.chain == before.chain,
                     Invariant::kHistory, fmt::format("the history of '{}' is another one", id));
  }
  known_ = std::move(found);
}

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "cluster/cluster.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "batch.h"
#include "core/testing/laws.h"
#include "engine/router.h"
#include "model/entity.h"
#include "runner.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"

namespace perdure::sim {
namespace {

constexpr base::Duration kPlaceEvery = base::milliseconds(200);
constexpr base::Duration kTakeoverMost = base::seconds(1);

std::unique_ptr<store::Store> open_store(std::uint32_t shards) {
  auto store = store::Store::open({.checkpoint_at_bytes = 20'000, .shard_count = shards, .id = {}},
                                  std::make_unique<store::log::memory::MemoryLog>(
                                      std::make_shared<store::log::memory::LogDisk>()),
                                  std::make_unique<store::table::memory::MemoryTable>(
                                      std::make_shared<store::table::memory::TableDisk>()));
  PERDURE_CHECK(store.has_value(), store.error().message);
  return *std::move(store);
}

}  // namespace

Cluster::Cluster(Scene& scene, const Registry& functions, Bodies& bodies)
    : scene_(scene),
      functions_(functions),
      bodies_(bodies),
      shards_(static_cast<std::uint32_t>(2 + scene.random.below(4))),
      store_(open_store(shards_)),
      rows_(scene.verdict, shards_, steered_freely) {
  const auto count = static_cast<int>(2 + scene.random.below(3));
  for (int i = 1; i <= count; ++i) members_.push_back(std::make_unique<Member>(scene, *this, i));
}

void Cluster::boot() {
  for (const auto& member : members_) member->start();
  for (std::uint32_t i = 0; i < shards_; ++i) take_over(model::ShardId{i});
  place();
  plan_crash();
  plan_pause();
  plan_clock_jump();
  plan_takeover();
}

void Cluster::heal() {
  for (const auto& member : members_) {
    member->pause(scene_.agenda.now());
    if (!member->up()) member->start();
  }
  // A fresh owner also gives what was parked another try.
  for (std::uint32_t i = 0; i < shards_; ++i) take_over(model::ShardId{i});
}

core::testing::RowMap Cluster::inspect() {
  for (const auto& member : members_) member->crash();
  return rows_.judge(*store_);
}

// ---- disturbances -------------------------------------------------------------------------------

Member& Cluster::some_member() { return *members_[scene_.random.below(members_.size())]; }

void Cluster::take_over(model::ShardId shard) {
  Member* member = &some_member();
  for (std::size_t tries = 0; !member->up() && tries < 2 * members_.size(); ++tries) {
    member = &some_member();
  }
  if (!member->up()) return;
  ++disturbances_;
  scene_.count(Counted::kTakeover);
  rows_.judge(*store_);
  owners_[shard] = member;
  member->acquire(shard);
}

/// What nobody owns is given to somebody.
void Cluster::place() {
  for (std::uint32_t i = 0; i < shards_; ++i) {
    const model::ShardId shard{i};
    Member* owner = owners_[shard];
    if (owner == nullptr || !owner->up() || !owner->owns(shard)) take_over(shard);
  }
  if (scene_.healed) return;
  scene_.agenda.after(kPlaceEvery, [this] { place(); });
}

void Cluster::plan_takeover() {
  scene_.agenda.after(scene_.some(kTakeoverMost), [this] {
    if (scene_.healed) return;
    take_over(model::ShardId{static_cast<std::uint32_t>(scene_.random.below(shards_))});
    plan_takeover();
  });
}

void Cluster::plan_crash() {
  const base::Duration every = scene_.faults.crash_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    Member& member = some_member();
    if (member.up()) {
      ++disturbances_;
      ++scene_.tally.recoveries;
      scene_.count(Counted::kCrash);
      member.crash();
      scene_.agenda.after(scene_.some(scene_.faults.down_max), [&member] {
        if (!member.up()) member.start();
      });
    }
    plan_crash();
  });
}

void Cluster::plan_pause() {
  const base::Duration every = scene_.faults.pause_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    scene_.count(Counted::kPause);
    some_member().pause(scene_.agenda.now() + scene_.some(scene_.faults.pause_max));
    plan_pause();
  });
}

void Cluster::plan_clock_jump() {
  const base::Duration every = scene_.faults.clock_jump_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    scene_.count(Counted::kClockJump);
    const base::Duration far = scene_.some(scene_.faults.clock_jump_max);
    const bool back = scene_.random.chance(50);
    some_member().jump_clock(base::microseconds(back ? -far.us : far.us));
    plan_clock_jump();
  });
}

// ---- what is carried ----------------------------------------------------------------------------

model::ShardId Cluster::shard_of(const model::Command& command) const {
  return engine::shard_of(command, shards_);
}

Member* Cluster::believed_owner(model::ShardId shard) {
  if (!scene_.healed && scene_.random.chance(20)) {
    Member& other = some_member();
    if (other.owns(shard)) return &other;
  }
  return owners_[shard];
}

void Cluster::request(model::Command command, std::function<void(model::ReplyBody)> reply) {
  const model::ShardId shard = shard_of(command);
  Member* owner = believed_owner(shard);
  if (owner == nullptr || !owner->up()) return;
  owner->receive(shard, std::move(command), std::move(reply));
}

void Cluster::carry(model::ShardId shard, const model::Command& command) {
  base::Duration delay = scene_.some(base::milliseconds(2));
  if (!scene_.healed && scene_.random.chance(10)) delay = scene_.some(scene_.faults.delay_max);
  scene_.agenda.after(delay, [this, shard, command] {
    Member* owner = believed_owner(shard);
    if (owner != nullptr && owner->up()) owner->receive(shard, command);
  });
}

void Cluster::send(model::ShardId shard, const model::Command& command) {
  if (scene_.strikes(scene_.faults.request_lost)) {
    scene_.count(Counted::kMessageLost);
    return;
  }
  carry(shard, command);
  if (!scene_.strikes(scene_.faults.duplicated)) return;
  scene_.count(Counted::kMessageDuplicated);
  carry(shard, command);
}

void Cluster::committed(model::ShardId shard, model::Epoch epoch) {
  model::Epoch& last = epochs_[shard];
  scene_.verdict.require(
      epoch >= last, Invariant::kFencing,
      fmt::format("shard {}: epoch {} wrote after epoch {}", shard.value, epoch.value, last.value));
  last = std::max(last, epoch);
  ++scene_.tally.commands;
}

// ---- work ---------------------------------------------------------------------------------------

model::Command Cluster::run_batch(model::TurnItem item) {
  const auto* function = functions_.find_entity(std::string_view(item.name).substr(1));
  PERDURE_CHECK(function != nullptr, "an entity that nobody wrote");
  model::TurnResult result = internal::run_batch(*function, item);
  return model::CompleteTurn{std::move(item.token), std::move(result)};
}

model::Command Cluster::work(const model::TurnItem& item) {
  if (model::is_entity_id(item.name)) return run_batch(item);
  const model::TurnToken& token = item.token;
  scene_.verdict.require(bodies_.gave_results_of(item), Invariant::kOutcome,
                         "a turn is told of a result that nobody gave it");
  std::vector<model::Event> past;
  const auto scanned =
      store_->scan(model::Space::kHistory, model::history_prefix(token.key, token.execution),
                   model::prefix_end(model::history_prefix(token.key, token.execution)),
                   [&](std::string_view key, std::string_view value) {
                     auto chunk = model::decode_chunk(key, value);
                     if (!chunk) return false;
                     for (model::Event& event : chunk->events) past.push_back(std::move(event));
                     return past.size() < token.past_events;
                   });
  // A stale owner's worker may find less, or another execution's: then it is not for it.
  if (!scanned || past.size() < token.past_events) return model::ReturnWork{token};
  past.resize(token.past_events);
  const auto* function = functions_.find_orchestration(item.name);
  PERDURE_CHECK(function != nullptr, "an orchestration that nobody wrote");
  internal::Run run(*function, token.key, token.execution);
  if (auto replayed = run.replay(std::move(past)); !replayed) {
    scene_.verdict.breached(Invariant::kReplay, replayed.error().message);
    return model::RefuseTurn{token, replayed.error().message};
  }
  auto result = run.turn(item.new_events);
  if (!result) {
    scene_.verdict.breached(Invariant::kReplay, result.error().message);
    return model::RefuseTurn{token, result.error().message};
  }
  return model::CompleteTurn{token, *std::move(result)};
}

void Cluster::presumed_lost(const model::WorkToken& token) {
  if (const auto* activity = std::get_if<model::ActivityToken>(&token)) bodies_.lost(*activity);
}

model::Command Cluster::work(const model::ActivityItem& item) {
  return model::CompleteActivity{item.token, bodies_.run(item, disturbances_)};
}

}  // namespace perdure::sim

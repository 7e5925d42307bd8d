// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "cluster/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/overloaded.h"
#include "cluster/cluster.h"
#include "model/limits.h"

namespace perdure::sim {
namespace {

constexpr base::Duration kUpkeepEvery = base::milliseconds(20);
constexpr base::Duration kIdleUpkeepEvery = base::seconds(1);
constexpr base::Duration kCommitMost = base::microseconds(800);
constexpr base::Duration kWorkMost = base::milliseconds(15);
constexpr base::Duration kLateMost = base::milliseconds(100);
constexpr std::size_t kResendMax = 20;
/// Histories are short here, and turns fast.
constexpr core::GatherRules kGathersSoon{.history_events_min = 3, .turn_min = {}};
constexpr std::size_t kTimersMax = 50;

/// A number for the engine's caller; replies are kept by it.
void set_request(model::Command& command, model::RequestId request) {
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.request; }) one.request = request;
      },
      command);
}

}  // namespace

Member::Member(Scene& scene, Cluster& cluster, int number)
    : scene_(scene), cluster_(cluster), name_(fmt::format("member {}", number)) {}

base::Timestamp Member::wall() const {
  return base::Timestamp{1'700'000'000'000'000} +
         base::microseconds(scene_.agenda.now().us + clock_offset_.us);
}

void Member::start() {
  up_ = true;
  told_ = {};
  scene_.note(name_, "starts");
}

void Member::crash() {
  up_ = false;
  owned_.clear();
  paused_until_ = scene_.agenda.now();
  scene_.note(name_, "crashes");
}

void Member::acquire(model::ShardId id) {
  const auto epoch = cluster_.store().acquire(id);
  PERDURE_CHECK(epoch.has_value(), epoch.error().message);
  scene_.note(name_, "acquires", {}, id.value);
  auto owned = std::make_unique<Owned>(
      Owned{.shard = core::Shard(id, cluster_.shards()), .epoch = *epoch, .life = ++lives_});
  owned->shard.attempts_max = 1'000;
  owned->shard.gather = kGathersSoon;
  std::vector<model::InstanceKey> ready;
  const model::Slot first{owned->shard.slots.first};
  const model::Slot last{owned->shard.slots.last};
  const auto scanned = cluster_.store().scan(
      model::Space::kAgenda, model::slot_prefix(first), model::prefix_end(model::slot_prefix(last)),
      [&](std::string_view key, std::string_view value) {
        const auto restored = core::restore_row(owned->shard, key, value, ready);
        scene_.verdict.require(restored.has_value(), Invariant::kReplay, "a row is not restored");
        return true;
      });
  PERDURE_CHECK(scanned.has_value(), "a store in memory can be read");
  Owned& here = *owned;
  owned_[id] = std::move(owned);
  release(here, core::outstanding(here.shard));
  for (model::InstanceKey& key : ready)
    here.waiting.push_back({model::Recover{std::move(key)}, {}});
  drain(here);
}

void Member::after(base::Duration delay, const Owned& owned, std::function<void(Owned&)> what) {
  scene_.agenda.after(
      delay, [this, id = owned.shard.id, life = owned.life, what = std::move(what)]() mutable {
        const auto found = owned_.find(id);
        if (found == owned_.end() || found->second->life != life) return;
        const base::Duration left = paused_until_ - scene_.agenda.now();
        if (left.us > 0) return after(left, *found->second, std::move(what));
        what(*found->second);
      });
}

// ---- what comes in ------------------------------------------------------------------------------

void Member::receive(model::ShardId shard, model::Command command, Reply reply) {
  const auto found = owned_.find(shard);
  if (found == owned_.end()) return;
  after({}, *found->second, [this, command = std::move(command), reply](Owned& owned) {
    const auto* message = std::get_if<model::Deliver>(&command);
    const bool too_early =
        message != nullptr && message->sequence > owned.shard.taken.last(message->source) + 1;
    if (too_early) return;  // the one before it was lost, and will come again
    if (const auto* known = std::get_if<model::Acknowledge>(&command)) {
      std::erase_if(owned.unacknowledged, [&](const auto& entry) {
        return entry.first.first == known->target && entry.first.second <= known->sequence;
      });
    }
    owned.waiting.push_back({command, reply});
    drain(owned);
  });
}

void Member::give(Owned& owned, model::Command command) {
  owned.waiting.push_back({std::move(command), {}});
  drain(owned);
}

void Member::drain(Owned& owned) {
  const std::size_t before = owned.batches.size();
  while (!owned.waiting.empty()) {
    const Applied applied = apply(owned, owned.waiting.front());
    if (applied == Applied::kFenced) return lose(owned.shard.id);
    if (applied == Applied::kNotYet) break;
    owned.waiting.pop_front();
  }
  if (owned.batches.size() != before && before == 0) plan_commit(owned);
  plan_upkeep(owned);
}

bool Member::is_fenced(const Owned& owned) {
  const store::Fence fence{.shard = owned.shard.id, .epoch = owned.epoch};
  return !cluster_.store().stage({fence}, {}).has_value();
}

void Member::lose(model::ShardId shard) {
  scene_.note(name_, "was fenced out of", {}, shard.value);
  cluster_.disturbed();
  owned_.erase(shard);
}

bool Member::read(Owned& owned, const core::Read& read, core::Prefetched& prefetched) {
  core::Rows rows;
  const auto scanned = cluster_.store().scan(read.space, read.from, read.to,
                                             [&](std::string_view key, std::string_view value) {
                                               rows.emplace_back(key, value);
                                               return rows.size() != read.rows_max;
                                             });
  PERDURE_CHECK(scanned.has_value(), "a store in memory can be read");
  if (is_fenced(owned)) return false;
  const auto supplied = core::supply(owned.shard, prefetched, read, rows);
  PERDURE_CHECK(supplied.has_value(), supplied.error().message);
  return true;
}

Member::Applied Member::apply(Owned& owned, Waiting& next) {
  if (const auto* message = std::get_if<model::Deliver>(&next.command)) {
    if (message->sequence > owned.shard.taken.last(message->source) + 1) return Applied::kYes;
  }
  core::Prefetched prefetched;
  for (auto missing = core::reads(owned.shard, next.command, prefetched); !missing.empty();
       missing = core::reads(owned.shard, next.command, prefetched)) {
    // What it must read may not be durable yet.
    if (!owned.batches.empty()) return Applied::kNotYet;
    for (const core::Read& one : missing) {
      if (!read(owned, one, prefetched)) return Applied::kFenced;
    }
  }
  if (next.reply) {
    const model::RequestId request{++last_request_};
    set_request(next.command, request);
    owned.replies.emplace(request, std::move(next.reply));
  }
  told_ = std::max(told_, wall());
  Batch batch;
  core::apply(owned.shard, std::move(next.command), prefetched, core::Facts{told_}, batch.effects);
  batch.writes = core::take_writes(owned.shard);
  owned.batches.push_back(std::move(batch));
  return Applied::kYes;
}

// ---- commit and release -------------------------------------------------------------------------

void Member::plan_commit(Owned& owned) {
  base::Duration takes = scene_.some(kCommitMost);
  if (scene_.strikes(scene_.faults.sync_slow)) takes = scene_.some(scene_.faults.sync_slow_max);
  after(takes, owned, [this](Owned& here) { commit(here); });
}

void Member::commit(Owned& owned) {
  const model::ShardId id = owned.shard.id;
  // What wrote nothing waits only for what was decided before it.
  do {
    Batch batch = std::move(owned.batches.front());
    owned.batches.pop_front();
    const auto staged =
        cluster_.store().stage({{.shard = id, .epoch = owned.epoch}}, std::move(batch.writes));
    if (!staged) {
      scene_.verdict.require(staged.error().code == base::ErrorCode::kFenced, Invariant::kFencing,
                             staged.error().message);
      return lose(id);
    }
    const auto flushed = cluster_.store().flush();
    PERDURE_CHECK(flushed.has_value(), "the shared store does not fail");
    cluster_.committed(id, owned.epoch);
    scene_.note(name_, "commits", {}, id.value);
    // It is durable; the answer of the store may be on its way for long, and the member may die.
    release(owned, std::move(batch.effects));
  } while (!owned.batches.empty() && owned.batches.front().writes.empty());
  if (!owned.batches.empty()) plan_commit(owned);
  if (owned.batches.empty() && scene_.random.chance(5)) owned.shard.instances.evict(0);
  drain(owned);
}

void Member::release(Owned& owned, std::vector<model::Effect> effects) {
  for (const model::Effect& effect : effects) release(owned, effect);
}

void Member::release(Owned& owned, const model::Effect& effect) {
  owned.offers.take(effect);
  std::visit(base::Overloaded{
                 [&](const model::OfferTurn& e) { plan_work(owned, e.item.token); },
                 [&](const model::OfferActivity& e) { plan_work(owned, e.item.token); },
                 [](const model::WithdrawWork&) {},
                 [&](const model::SendMessage& e) {
                   owned.unacknowledged.emplace(std::pair{e.target, e.sequence}, e);
                   cluster_.send(e.target,
                                 model::Deliver{e.source, e.target, e.sequence, e.message});
                 },
                 [&](const model::SendAcknowledgement& e) {
                   cluster_.send(e.source, model::Acknowledge{e.source, e.target, e.sequence});
                 },
                 [&](const model::MoreGarbage& e) {
                   after(base::milliseconds(1), owned, [this, e](Owned& here) {
                     give(here, model::CollectGarbage{e.key, e.execution});
                   });
                 },
                 [&](const model::GatherTurn& e) {
                   after(e.wait, owned,
                         [this, e](Owned& here) { give(here, model::OfferGathered{e.key}); });
                 },
                 [&](const model::Reply& e) {
                   const auto found = owned.replies.find(e.request);
                   if (found == owned.replies.end()) return;
                   found->second(e.body);
                   owned.replies.erase(found);
                 },
                 [&](const model::PublishEntity& e) { core::publish(owned.shard, e); },
             },
             effect);
}

// ---- work ---------------------------------------------------------------------------------------

void Member::plan_work(Owned& owned, const model::WorkToken& token) {
  base::Duration takes = scene_.some(kWorkMost);
  if (scene_.strikes(scene_.faults.activity_slow)) {
    takes = scene_.some(scene_.faults.activity_slow_max);
  }
  after(takes, owned, [this, token](Owned& here) { work(here, token); });
}

void Member::work(Owned& owned, const model::WorkToken& token) {
  if (!owned.offers.contains(token)) return;  // withdrawn
  const bool lost = scene_.strikes(scene_.faults.worker_dies);
  const bool twice = scene_.strikes(scene_.faults.answers_twice);
  if (lost) scene_.count(Counted::kWorkerDied);
  if (twice) scene_.count(Counted::kAnsweredTwice);
  model::Command answer = model::ReturnWork{token};
  bool uncounted = false;
  std::visit(base::Overloaded{
                 [&](const model::TurnToken& t) {
                   const model::TurnItem item = owned.offers.turns.at(t);
                   uncounted = item.uncounted_redelivery;
                   if (!uncounted && !lost) answer = cluster_.work(item);
                 },
                 [&](const model::ActivityToken& t) {
                   const model::ActivityItem item = owned.offers.activities.at(t);
                   uncounted = item.uncounted_redelivery;
                   if (!uncounted && !lost) answer = cluster_.work(item);
                 },
             },
             token);
  if (uncounted) answer = model::BeginAttempt{token};
  owned.offers.erase(token);
  const model::ShardId id = owned.shard.id;
  if (!uncounted && !lost && scene_.strikes(scene_.faults.answers_late)) {
    // Its worker is taken for dead; then it answers all the same.
    scene_.count(Counted::kAnsweredLate);
    cluster_.presumed_lost(token);
    send_late(id, answer);
    answer = model::ReturnWork{token};
  }
  give(owned, answer);
  if (twice && !uncounted) send_late(id, std::move(answer));
}

/// To whoever owns the shard by then; what it answers may have been replaced.
void Member::send_late(model::ShardId shard, model::Command answer) {
  scene_.agenda.after(scene_.some(kLateMost),
                      [this, shard, answer = std::move(answer)] { cluster_.send(shard, answer); });
}

// ---- upkeep -------------------------------------------------------------------------------------

void Member::plan_upkeep(Owned& owned) {
  const base::Timestamp due = owned.shard.timers.earliest();
  base::Duration wait = scene_.healed ? base::Duration{INT64_MAX} : kIdleUpkeepEvery;
  if (due <= told_) {
    wait = {};
  } else if (due != base::kEndOfTime) {
    wait = std::min(wait, due - wall());
  }
  if (!owned.unacknowledged.empty()) wait = std::min(wait, kUpkeepEvery);
  if (wait.us == INT64_MAX) return;  // whatever happens next plans it anew
  wait = std::max(wait, base::milliseconds(1));
  const base::Timestamp at = scene_.agenda.now() + wait;
  if (at >= owned.upkeep_at) return;
  owned.upkeep_at = at;
  after(wait, owned, [this, at](Owned& here) {
    if (here.upkeep_at == at) upkeep(here);
  });
}

void Member::upkeep(Owned& owned) {
  owned.upkeep_at = base::kEndOfTime;
  // An owner that has nothing to commit would never learn that it is none.
  if (is_fenced(owned)) return lose(owned.shard.id);
  told_ = std::max(told_, wall());
  std::size_t left = kResendMax;
  for (const auto& [number, message] : owned.unacknowledged) {
    if (left-- == 0) break;
    cluster_.send(message.target, model::Deliver{message.source, message.target, message.sequence,
                                                 message.message});
  }
  for (model::FireTimer& timer : owned.shard.timers.due(told_, kTimersMax)) {
    owned.waiting.push_back({std::move(timer), {}});
  }
  drain(owned);
}

}  // namespace perdure::sim

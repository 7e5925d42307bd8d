// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/testing/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <tuple>

#include "base/overloaded.h"
#include "model/checks.h"
#include "model/key.h"

namespace perdure::core::testing {
namespace {

std::vector<Shard> make_shards(const WorldOptions& options) {
  std::vector<Shard> shards;
  shards.reserve(options.shard_count);
  for (std::uint32_t number = 0; number < options.shard_count; ++number) {
    shards.emplace_back(model::ShardId{number}, options.shard_count);
    shards.back().attempts_max = options.attempts_max;
    shards.back().gather = options.gather;
  }
  return shards;
}

/// True for a turn that BeginAttempt has to come before, so that nobody can answer it.
bool is_uncounted(const Offers& offers, const model::WorkToken& token) {
  const auto* turn = std::get_if<model::TurnToken>(&token);
  if (turn == nullptr) return false;
  const auto found = offers.turns.find(*turn);
  return found != offers.turns.end() && found->second.uncounted_redelivery;
}

template <class Token>
bool about(const Token& token, const model::InstanceKey& key) {
  return token.key == key;
}

}  // namespace

World::World(WorldOptions options)
    : now(options.now),
      gate(options.gate),
      messages(options.messages),
      options_(options),
      shards_(make_shards(options)),
      twins_(options.twin == Twin::kTwin ? make_shards(options) : std::vector<Shard>{}) {}

void World::require(bool holds, std::string law) {
  if (!holds) broken_.push_back(std::move(law));
}

Shard& World::shard_for(const model::InstanceKey& key) {
  return shards_[model::shard_of(model::slot_of(key), options_.shard_count).value];
}

std::uint32_t World::shard_number(const model::Command& command) const {
  if (const auto* acknowledge = std::get_if<model::Acknowledge>(&command)) {
    return acknowledge->source.value;
  }
  const model::InstanceKey& key = *model::instance_of(command);
  return model::shard_of(model::slot_of(key), options_.shard_count).value;
}

// ---- one command --------------------------------------------------------------------------------

void World::run(model::Command command) {
  if (const auto checked = model::check_command(command); !checked) {
    const model::RequestId request = model::request_of(command);
    if (request != model::kNoRequest) replies_.insert_or_assign(request, checked.error());
    return;
  }
  apply_one(command);
  if (grouping_) return;
  finish_batch();
  if (messages == Messages::kAuto && !delivering_) deliver_all();
}

void World::begin_group() { grouping_ = true; }

void World::end_group() {
  grouping_ = false;
  finish_batch();
  if (messages == Messages::kAuto && !delivering_) deliver_all();
}

void World::step(std::vector<Shard>& shards, std::uint32_t number, const model::Command& command,
                 std::vector<model::Effect>& effects) {
  Shard& shard = shards[number];
  Prefetched prefetched;
  for (;;) {
    const std::vector<Read> missing = reads(shard, command, prefetched);
    if (missing.empty()) break;
    for (const Read& read : missing) {
      const Rows found = rows_.scan(read.space, read.from, read.to, read.rows_max);
      const auto supplied = supply(shard, prefetched, read, found);
      require(supplied.has_value(), supplied ? "" : supplied.error().message);
      if (!supplied) return;
    }
  }
  apply(shard, model::Command(command), prefetched, Facts{now}, effects);
}

void World::apply_one(const model::Command& command) {
  if (before_apply) before_apply(command);
  if (const model::InstanceKey* key = model::instance_of(command)) touched_.push_back(*key);
  const auto token = answered_by(command);
  const bool is_return = std::holds_alternative<model::ReturnWork>(command) ||
                         std::holds_alternative<model::BeginAttempt>(command) ||
                         std::holds_alternative<model::RefuseTurn>(command);
  const bool is_stale =
      token && (!promised_.contains(*token) || (!is_return && is_uncounted(promised_, *token)));
  const std::uint32_t number = shard_number(command);
  // What was applied before must be in the store before it is read.
  if (is_stale || !reads(shards_[number], command, {}).empty()) stage();
  std::vector<model::Effect> effects;
  step(shards_, number, command, effects);
  if (!twins_.empty()) {
    std::vector<model::Effect> again;
    step(twins_, number, command, again);
    require(effects == again, "the same command had other effects the second time");
  }
  if (token && !is_stale) {
    promised_.erase(*token);
    offers_.erase(*token);
  }
  const bool changes =
      !effects.empty() || !shards_[number].writes.empty() || !shards_[number].dirty.empty();
  require(!is_stale || !changes, "a stale answer changed something");
  if (const auto* garbage = std::get_if<model::CollectGarbage>(&command)) {
    garbage_.erase({garbage->key, garbage->execution});
  }
  if (const auto* gathered = std::get_if<model::OfferGathered>(&command)) {
    gathering_.erase(gathered->key);
  }
  for (const model::Effect& effect : effects) route(effect);
  if (after_apply) after_apply(command);
}

void World::route(const model::Effect& effect) {
  trace_.effects.push_back(effect);
  if (const auto* withdraw = std::get_if<model::WithdrawWork>(&effect)) {
    require(promised_.contains(withdraw->token), "withdraws what is not offered");
  }
  promised_.take(effect);
  if (const auto* turn = std::get_if<model::OfferTurn>(&effect)) {
    gathering_.erase(turn->item.token.key);
  }
  // Messages between shards of one executor leave at once: a batch never becomes durable before
  // those in front of it.
  if (const auto* message = std::get_if<model::SendMessage>(&effect)) {
    network_[{message->source, message->target}].push_back(*message);
  } else if (const auto* taken = std::get_if<model::SendAcknowledgement>(&effect)) {
    acknowledgements_[{taken->source, taken->target}].push_back(*taken);
  } else if (model::leaves_at_once(effect)) {
    leave(effect);
  } else {
    current_.gated.push_back(effect);
  }
}

void World::leave(const model::Effect& effect) {
  offers_.take(effect);
  if (const auto* reply = std::get_if<model::Reply>(&effect)) {
    require(replies_.emplace(reply->request, reply->body).second, "a second answer to one call");
  } else if (const auto* withdraw = std::get_if<model::WithdrawWork>(&effect)) {
    withdrawn_.push_back(withdraw->token);
  } else if (const auto* more = std::get_if<model::MoreGarbage>(&effect)) {
    garbage_.emplace(more->key, more->execution);
  } else if (const auto* gather = std::get_if<model::GatherTurn>(&effect)) {
    gathering_.insert_or_assign(gather->key, gather->wait);
  } else if (const auto* change = std::get_if<model::PublishEntity>(&effect)) {
    const std::uint32_t number =
        model::shard_of(model::slot_of(change->key), options_.shard_count).value;
    publish(shards_[number], *change);
    if (!twins_.empty()) publish(twins_[number], *change);
  }
}

model::ReplyBody World::answer_to(model::RequestId request) const {
  const auto found = replies_.find(request);
  if (found != replies_.end()) return found->second;
  return base::Error{base::ErrorCode::kInternal, "no answer yet"};
}

// ---- commit and gate ----------------------------------------------------------------------------

void World::commit(const model::Write& write) {
  trace_.writes.push_back(write);
  auto before = rows_.write(write.space, write.key, write.value);
  require(!write.fresh || !before, "a write promises a fresh key that is there");
  require(!write.fresh || write.value, "a deletion promises a fresh key");
  current_.undo.push_back({write.space, write.key, std::move(before)});
}

void World::stage() {
  for (std::size_t number = 0; number < shards_.size(); ++number) {
    const std::vector<model::Write> writes = take_writes(shards_[number]);
    if (!twins_.empty()) {
      require(writes == take_writes(twins_[number]), "the same commands wrote something else");
    }
    for (const model::Write& write : writes) commit(write);
  }
}

void World::finish_batch() {
  stage();
  open_.push_back(std::exchange(current_, {}));
  check_touched();
  if (gate == Gate::kOpen) release();
}

void World::release() {
  for (const Batch& batch : std::exchange(open_, {})) {
    for (const model::Effect& effect : batch.gated) leave(effect);
  }
  check_published();
}

void World::check_published() {
  for (const Shard& shard : shards_) {
    for (const Instance* instance : shard.instances.by_recency()) {
      if (!is_entity(*instance)) continue;
      const Publication& publication = instance->publication;
      const StoredInstance& stored = instance->stored;
      const std::string holder = stored.record.lock ? stored.record.lock->owner.key.id : "";
      require(publication.settling.empty() && publication.view.state == stored.state &&
                  publication.view.locked_by == holder,
              fmt::format("entity '{}': all is durable, and clients see something else",
                          instance->key.id));
    }
  }
}

Trace World::take_trace() { return std::exchange(trace_, {}); }

// ---- network, timers, garbage -------------------------------------------------------------------

bool World::deliver(Channel channel) {
  if (auto& queue = network_[channel]; !queue.empty()) {
    const model::SendMessage message = std::move(queue.front());
    queue.pop_front();
    delivered_.insert_or_assign(channel, message);
    run(model::Deliver{message.source, message.target, message.sequence, message.message});
    return true;
  }
  auto& queue = acknowledgements_[channel];
  if (queue.empty()) return false;
  const model::SendAcknowledgement taken = queue.front();
  queue.pop_front();
  run(model::Acknowledge{taken.source, taken.target, taken.sequence});
  return true;
}

bool World::deliver_again(Channel channel) {
  const auto found = delivered_.find(channel);
  if (found == delivered_.end()) return false;
  const model::SendMessage message = found->second;
  run(model::Deliver{message.source, message.target, message.sequence, message.message});
  return true;
}

std::vector<World::Channel> World::busy_channels() const {
  std::set<Channel> busy;
  for (const auto& [channel, queue] : network_) {
    if (!queue.empty()) busy.insert(channel);
  }
  for (const auto& [channel, queue] : acknowledgements_) {
    if (!queue.empty()) busy.insert(channel);
  }
  return {busy.begin(), busy.end()};
}

void World::deliver_all() {
  delivering_ = true;
  for (auto busy = busy_channels(); !busy.empty(); busy = busy_channels()) {
    for (const Channel& channel : busy) deliver(channel);
  }
  delivering_ = false;
}

std::size_t World::fire_due() {
  std::size_t fired = 0;
  for (std::size_t number = 0; number < shards_.size(); ++number) {
    for (;;) {
      const std::vector<model::FireTimer> due = shards_[number].timers.due(now, 16);
      if (due.empty()) break;
      const std::size_t before = shards_[number].timers.all().size();
      for (const model::FireTimer& timer : due) run(timer);
      fired += due.size();
      const bool moves = before != shards_[number].timers.all().size() || fired < 10'000;
      require(moves, "a timer that is due for ever");
      if (!moves) return fired;
    }
  }
  return fired;
}

void World::advance(base::Duration span) {
  now = now + span;
  fire_due();
}

std::size_t World::collect_garbage() {
  std::size_t steps = 0;
  while (!garbage_.empty()) {
    const auto [key, execution] = *garbage_.begin();
    run(model::CollectGarbage{key, execution});
    ++steps;
  }
  return steps;
}

void World::evict(std::size_t bytes_max) {
  for (Shard& shard : shards_) shard.instances.evict(bytes_max);
  for (Shard& shard : twins_) shard.instances.evict(bytes_max);
}

// ---- laws ---------------------------------------------------------------------------------------

void World::check_touched() {
  std::ranges::sort(touched_);
  const auto repeated = std::ranges::unique(touched_);
  touched_.erase(repeated.begin(), repeated.end());
  for (const model::InstanceKey& key : std::exchange(touched_, {})) {
    const Shard& shard = shard_for(key);
    if (options_.scope == Scope::kTouched) {
      check_instance(rows_, shard, key, broken_);
      check_shard(rows_, shard, broken_);
    }
    check_debt(key);
    check_past(key);
  }
  if (options_.scope == Scope::kAll) check_all();
}

void World::check_all() { check_everything(rows_, shards_, broken_); }

void World::check_debt(const model::InstanceKey& key) {
  const Instance* live = shard_for(key).instances.find(key);
  std::vector<model::TurnToken> turns;
  std::set<model::TaskId> activities;
  const model::TurnToken first_turn{.key = key, .execution = {}, .past_events = 0, .attempt = 0};
  for (auto at = promised_.turns.lower_bound(first_turn);
       at != promised_.turns.end() && about(at->first, key); ++at) {
    turns.push_back(at->first);
  }
  const model::ActivityToken first{
      .key = key, .execution = {}, .task = model::TaskId{INT32_MIN}, .attempt = 0};
  for (auto at = promised_.activities.lower_bound(first);
       at != promised_.activities.end() && about(at->first, key); ++at) {
    const auto* pending = live == nullptr ? nullptr : &live->stored.pending;
    const bool current = pending != nullptr && pending->contains(at->first.task) &&
                         at->first.execution == live->stored.record.execution &&
                         at->first.attempt == pending->at(at->first.task).attempts + 1;
    require(current,
            fmt::format("instance '{}': an activity is offered that nobody waits for", key.id));
    activities.insert(at->first.task);
  }
  require(live == nullptr || !live->gathers || gathering_.contains(key),
          fmt::format("instance '{}': a turn gathers, and nobody knows until when", key.id));
  std::vector<model::TurnToken> held;
  if (live != nullptr && live->turn) held.push_back(live->turn->token);
  require(turns == held, fmt::format("instance '{}': another turn is offered than is held for "
                                     "offered",
                                     key.id));
  require(
      activities == (live == nullptr ? std::set<model::TaskId>{} : live->offered),
      fmt::format("instance '{}': other activities are offered than are held for offered", key.id));
}

void World::check_past(const model::InstanceKey& key) {
  if (model::is_entity_id(key.id)) return;  // it vanishes without a tombstone, and begins again
  const Instance stored = instance_in(rows_, key, broken_);
  if (!stored.exists) {
    const auto known = past_.find(key);
    if (known != past_.end() && !known->second.forgotten) known->second.forgotten = now;
    return;
  }
  const model::InstanceRecord& record = stored.stored.record;
  if (const auto known = past_.find(key);
      known != past_.end() && known->second.forgotten && now < *known->second.forgotten) {
    past_.erase(known);
  }
  const auto [found, added] = past_.try_emplace(key, Past{record.execution, false, {}});
  Past& past = found->second;
  require(record.execution >= past.execution,
          fmt::format("instance '{}': an execution number went back", key.id));
  require(record.execution != past.execution || !past.ended || !model::is_live(record.status),
          fmt::format("instance '{}': an ended execution lives again", key.id));
  past = {record.execution, !model::is_live(record.status), {}};
}

// ---- crash --------------------------------------------------------------------------------------

void World::restart_shards(std::vector<Shard>& shards, std::vector<model::InstanceKey>& ready,
                           std::vector<model::Effect>& owed) {
  shards = make_shards(options_);
  for (Shard& shard : shards) {
    const std::string from = model::slot_prefix(model::Slot{shard.slots.first});
    const std::string to = model::prefix_end(model::slot_prefix(model::Slot{shard.slots.last}));
    for (const auto& [key, value] : rows_.scan(model::Space::kAgenda, from, to)) {
      const auto restored = restore_row(shard, key, value, ready);
      require(restored.has_value(), "the agenda can not be restored");
    }
    for (model::Effect& effect : outstanding(shard)) owed.push_back(std::move(effect));
  }
}

void World::crash(std::size_t keep) {
  stage();
  grouping_ = false;
  if (!current_.undo.empty() || !current_.gated.empty()) {
    open_.push_back(std::exchange(current_, {}));
  }
  const bool loses = keep < open_.size();
  while (open_.size() > keep) {
    for (const Undo& undo : open_.back().undo | std::views::reverse) {
      rows_.write(undo.space, undo.key, undo.before);
    }
    open_.pop_back();
  }
  open_.clear();
  if (loses) past_.clear();
  touched_.clear();
  // A suspended or parked instance is offered again by other rules than the others, and what
  // gathered is offered at once.
  std::set<model::InstanceKey> quiet;
  for (const Shard& shard : shards_) {
    for (const Instance* instance : shard.instances.by_recency()) {
      const bool suspended = instance->stored.record.status == model::Status::kSuspended;
      if (suspended || instance->gathers || !instance->parked.empty()) quiet.insert(instance->key);
    }
  }
  const Offers before = std::exchange(promised_, {});
  const auto garbage_before = std::exchange(garbage_, {});
  offers_ = {};
  gathering_.clear();
  network_.clear();
  acknowledgements_.clear();
  delivered_.clear();
  std::vector<model::InstanceKey> ready;
  std::vector<model::Effect> owed;
  restart_shards(shards_, ready, owed);
  if (!twins_.empty()) {
    std::vector<model::InstanceKey> ready_again;
    std::vector<model::Effect> owed_again;
    restart_shards(twins_, ready_again, owed_again);
    require(ready == ready_again && owed == owed_again, "the same rows were restored differently");
  }
  for (const model::Effect& effect : owed) route(effect);
  for (const model::InstanceKey& key : ready) apply_one(model::Recover{key});
  require(std::ranges::all_of(shards_, [](const Shard& s) { return s.dirty.empty(); }),
          "a recovery wrote something");
  const Gate gate_before = std::exchange(gate, Gate::kOpen);
  finish_batch();
  gate = gate_before;
  check_all();
  if (loses) return;
  require(garbage_before == garbage_, "after a restart there is other garbage than before");
  check_debt_after_crash(before, quiet);
}

void World::check_debt_after_crash(const Offers& before,
                                   const std::set<model::InstanceKey>& quiet) {
  using Turns = std::set<std::tuple<model::InstanceKey, model::Execution, model::EventNumber>>;
  const auto turns_of = [&](const Offers& offers) {
    Turns turns;
    for (const auto& [token, item] : offers.turns) {
      if (!quiet.contains(token.key)) {
        turns.emplace(token.key, token.execution, token.past_events);
      }
    }
    return turns;
  };
  require(turns_of(before) == turns_of(promised_), "after a restart other turns are owed");
  const auto keys_of = [](const Offers& offers) {
    std::set<model::ActivityToken> tokens;
    for (const auto& [token, item] : offers.activities) tokens.insert(token);
    return tokens;
  };
  require(keys_of(before) == keys_of(promised_), "after a restart other activities are owed");
}

}  // namespace perdure::core::testing

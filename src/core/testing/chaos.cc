// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/testing/chaos.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/overloaded.h"
#include "model/key.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using model::Status;

constexpr std::size_t kLogLinesMax = 60;
constexpr std::size_t kOldTokensMax = 40;
constexpr std::size_t kInstancesMax = 16;
constexpr int kDrainRoundsMax = 2'000;
constexpr const char* kIds[] = {"a", "b", "c", "d", "e"};

WorldOptions some_options(Choices& choices) {
  return {.shard_count = 1 + static_cast<std::uint32_t>(choices.below(3)),
          .attempts_max = 3,
          .gather = {.history_events_min = 0, .turn_min = {}},
          .gate = choices.chance(50) ? Gate::kHeld : Gate::kOpen,
          .messages = Messages::kManual,
          .twin = choices.chance(25) ? Twin::kTwin : Twin::kNone,
          .scope = Scope::kTouched};
}

std::string name_of(const model::WorkToken& token) {
  return std::visit(
      base::Overloaded{
          [](const model::TurnToken& t) {
            return fmt::format("turn {} past {} attempt {}", t.key.id, t.past_events, t.attempt);
          },
          [](const model::ActivityToken& t) {
            return fmt::format("activity {} #{} attempt {}", t.key.id, t.task.value, t.attempt);
          },
      },
      token);
}

}  // namespace

Chaos::Chaos(Choices choices) : choices_(std::move(choices)), world_(some_options(choices_)) {
  world_.before_apply = [this](const model::Command& command) { before(command); };
  world_.after_apply = [this](const model::Command& command) { after(command); };
}

void Chaos::say(std::string line) {
  log_.push_back(std::move(line));
  if (log_.size() > kLogLinesMax) log_.pop_front();
}

void Chaos::require(bool holds, std::string law) {
  if (!holds) broken_.push_back(std::move(law));
}

std::string Chaos::some_id() { return kIds[choices_.below(std::size(kIds))]; }

std::string Chaos::some_payload() { return fmt::format("p{}", next_payload_++); }

base::Timestamp Chaos::some_time() {
  switch (choices_.below(10)) {
    case 0: return {INT64_MIN};
    case 1: return {INT64_MAX};
    case 2: return {0};
    case 3: return world_.now;
    default: return world_.now + base::seconds(static_cast<std::int64_t>(choices_.below(120)) - 20);
  }
}

template <class Map>
const typename Map::mapped_type* Chaos::pick(const Map& map) {
  if (map.empty()) return nullptr;
  return &std::next(map.begin(), static_cast<std::ptrdiff_t>(choices_.below(map.size())))->second;
}

bool Chaos::step() {
  if (choices_.exhausted()) return false;
  switch (choices_.below(10)) {
    case 0:
    case 1:
    case 2: client_step(); break;
    case 3:
    case 4:
    case 5:
    case 6: worker_step(); break;
    case 7:
    case 8: engine_step(); break;
    default: disaster_step(); break;
  }
  if (++steps_ % 16 == 0) world_.check_all();
  return true;
}

// ---- clients ------------------------------------------------------------------------------------

void Chaos::start_step() {
  model::StartInstance command = start(some_id(), "code", some_payload());
  if (choices_.chance(50)) {
    command.reuse.replaceable = {static_cast<std::uint16_t>(choices_.below(256))};
  }
  if (choices_.chance(20)) command.reuse.otherwise = model::ReusePolicy::Otherwise::kIgnore;
  if (choices_.chance(20)) command.idempotency_key = fmt::format("k{}", choices_.below(3));
  if (choices_.chance(20)) command.started.scheduled_start = some_time();
  if (choices_.chance(20)) command.started.tags = {{"t", some_payload()}};
  say(fmt::format("start {}", command.key.id));
  run(std::move(command));
}

void Chaos::client_step() {
  if (choices_.chance(25)) return entity_step();
  const std::string id = some_id();
  const bool asks = choices_.chance(50);
  const auto send = [&](auto command, std::string_view what) {
    if (asks) command.request = model::RequestId{++requests_};
    say(fmt::format("{} {}", what, id));
    run(std::move(command));
  };
  switch (choices_.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3: return start_step();
    case 4:
    case 5:
    case 6: return send(raise(id, "event", some_payload()), "raise");
    case 7: return send(suspend(id), "suspend");
    case 8:
    case 9: return send(resume(id), "resume");
    case 10: return send(choices_.chance(50) ? terminate_tree(id) : terminate(id), "terminate");
    case 11: return send(rewind(id), "rewind");
    case 12: return send(restart(id), "restart");
    case 13: return send(purge(id), "purge");
    case 14: {
      model::GetInstance command = get(id);
      command.with_input = choices_.chance(50);
      return send(command, "get");
    }
    default: {
      model::AwaitInstance command =
          await(id, choices_.chance(50) ? model::Until::kStarted : model::Until::kEnded);
      command.wait_if_unknown = choices_.chance(50);
      if (choices_.chance(20)) {
        return send(model::CancelAwait{{}, key(id)}, "cancel an await of");
      }
      return send(command, "await");
    }
  }
}

// ---- workers ------------------------------------------------------------------------------------

int Chaos::next_task(const model::TurnToken& token) {
  // A rewound execution goes on with the tasks of the one before, so all of an id count together.
  return next_task_[token.key]++;
}

bool Chaos::is_crowded() const { return all_instances().size() >= kInstancesMax; }

model::Action Chaos::some_action(const model::TurnItem& item) {
  if (choices_.chance(40)) return entity_action(item);
  const int task = next_task(item.token);
  switch (choices_.below(8)) {
    case 0:
    case 1:
    case 2: return activity(task, "work", some_payload());
    case 3: return timer(task, some_time());
    case 4:
      if (section_ && choices_.chance(95)) return timer(task, some_time());
      return child(task, is_crowded() || choices_.chance(60) ? some_id() : "");
    case 5: return send_event(task, some_id(), "sent", some_payload());
    default:
      return cancel(task, static_cast<int>(choices_.below(static_cast<std::uint64_t>(task) + 2)));
  }
}

model::Outcome Chaos::some_outcome(const model::TurnItem& item) {
  const std::uint64_t kind = choices_.below(20);
  if (kind < 13) return model::Waiting{};
  if (kind < 15) return completed(some_payload());
  if (kind < 17) return failed();
  std::vector<model::EventRaised> carried;
  for (const model::Event& event : item.new_events) {
    const auto* raised = std::get_if<model::EventRaised>(&event.body);
    if (raised != nullptr && (!carried.empty() || choices_.chance(50))) carried.push_back(*raised);
  }
  return as_new(some_payload(), std::move(carried));
}

model::TurnResult Chaos::some_result(const model::TurnItem& item) {
  model::TurnResult result;
  section_ = section_of(item.token.key);
  for (std::uint64_t left = choices_.below(5); left > 0; --left) {
    result.actions.push_back(some_action(item));
  }
  result.outcome = some_outcome(item);
  if (choices_.chance(10)) result.custom_status = some_payload();
  if (choices_.chance(3)) result.actions.push_back(activity(-1 - static_cast<int>(steps_ % 2)));
  if (choices_.chance(3) && !result.actions.empty()) {
    result.actions.push_back(result.actions.front());
  }
  return result;
}

void Chaos::remember(const model::WorkToken& token) {
  if (old_tokens_.size() == kOldTokensMax) old_tokens_.erase(old_tokens_.begin());
  old_tokens_.push_back(token);
}

void Chaos::turn_step() {
  const model::TurnItem* item = pick(world_.offers().turns);
  if (item == nullptr) return say("no turn");
  const model::TurnToken token = item->token;
  remember(token);
  const std::uint64_t what = choices_.below(20);
  if (what == 0) {
    say("return " + name_of(token));
    return run(model::ReturnWork{token});
  }
  if (what == 1) {
    say("refuse " + name_of(token));
    return run(model::RefuseTurn{token, choices_.chance(50) ? "no" : ""});
  }
  if (what == 2 || (item->uncounted_redelivery && what < 18)) {
    say("begin " + name_of(token));
    return run(model::BeginAttempt{token});
  }
  model::TurnResult result =
      model::is_entity_id(token.key.id) ? some_batch(*item) : some_result(*item);
  say(fmt::format("complete {} with {} actions, outcome {}", name_of(token), result.actions.size(),
                  result.outcome.index()));
  run(model::CompleteTurn{token, std::move(result)});
}

void Chaos::activity_step() {
  const model::ActivityItem* item = pick(world_.offers().activities);
  if (item == nullptr) return say("no activity");
  const model::ActivityToken token = item->token;
  remember(token);
  switch (choices_.below(8)) {
    case 0: say("return " + name_of(token)); return run(model::ReturnWork{token});
    case 1: say("begin " + name_of(token)); return run(model::BeginAttempt{token});
    case 2:
    case 3:
      say("fail " + name_of(token));
      return run(model::CompleteActivity{token, failure("no")});
    case 4:
      say("progress of " + name_of(token));
      return run(model::ReportProgress{token, some_payload()});
    default:
      say("complete " + name_of(token));
      return run(model::CompleteActivity{token, model::Payload(some_payload())});
  }
}

/// Answers that come twice, late, or for the attempt of somebody else.
void Chaos::stale_step() {
  if (old_tokens_.empty()) return say("no old token");
  model::WorkToken token = old_tokens_[choices_.below(old_tokens_.size())];
  // A worker without a lease is not heard; what is asked here is that the core would not listen.
  // After a crash an item can have the token of one that was lost.
  if (world_.offers().contains(token) || world_.promised().contains(token)) {
    return say("the token is not old");
  }
  say("stale answer to " + name_of(token));
  const auto* turn = std::get_if<model::TurnToken>(&token);
  const auto what = choices_.below(4);
  if (what == 0) return run(model::BeginAttempt{token});
  if (what == 1) return run(model::ReturnWork{token});
  if (turn != nullptr) return run(model::CompleteTurn{*turn, {{}, completed("stale"), {}}});
  const auto& activity = std::get<model::ActivityToken>(token);
  if (what == 2) return run(model::ReportProgress{activity, "stale"});
  run(model::CompleteActivity{activity, model::Payload("stale")});
}

void Chaos::worker_step() {
  const std::uint64_t what = choices_.below(10);
  if (what < 6) return turn_step();
  if (what < 9) return activity_step();
  stale_step();
}

// ---- the engine ---------------------------------------------------------------------------------

void Chaos::timer_step() {
  const Shard& shard = world_.shards()[choices_.below(world_.shards().size())];
  const auto& timers = shard.timers.all();
  if (timers.empty()) return say("no timer");
  // Any timer, due or not: one that is early must do nothing.
  const Timer timer =
      *std::next(timers.begin(), static_cast<std::ptrdiff_t>(choices_.below(timers.size())));
  say(fmt::format("fire {} #{}", timer.key.id, timer.task.value));
  run(model::FireTimer{timer.key, timer.execution, timer.task, timer.fire_at});
  if (choices_.chance(20)) {
    run(model::FireTimer{timer.key, timer.execution, timer.task, timer.fire_at});
  }
}

/// Every turn that waits for more outcomes waits no longer. False: there was none.
bool Chaos::offer_gathered() {
  if (world_.gathering().empty()) return false;
  while (!world_.gathering().empty()) {
    const model::InstanceKey name = world_.gathering().begin()->first;
    say("offer what was gathered for " + name.id);
    run(model::OfferGathered{name});
  }
  return true;
}

void Chaos::engine_step() {
  switch (choices_.below(12)) {
    case 0:
    case 1: return timer_step();
    case 2: world_.now = some_time(); return say(fmt::format("the clock says {}", world_.now.us));
    case 3:
    case 4:
      world_.now = world_.now + base::seconds(static_cast<std::int64_t>(choices_.below(60)));
      return say(fmt::format("the clock says {}", world_.now.us));
    case 5: {
      if (world_.garbage().empty()) return say("no garbage");
      const auto [name, execution] = *world_.garbage().begin();
      say("collect garbage of " + name.id);
      return run(model::CollectGarbage{name, execution});
    }
    case 6:
      if (offer_gathered()) return;
      say("evict");
      return world_.evict(choices_.chance(50) ? 0 : 4'000);
    default: {
      const auto busy = world_.busy_channels();
      if (busy.empty() && offer_gathered()) return;
      if (busy.empty()) return say("no message");
      const World::Channel channel = busy[choices_.below(busy.size())];
      say(fmt::format("deliver {} to {}", channel.first.value, channel.second.value));
      world_.deliver(channel);
      return keep_shadow();
    }
  }
}

void Chaos::disaster_step() {
  switch (choices_.below(8)) {
    case 0:
    case 1: {
      const std::size_t open = world_.unreleased();
      const std::size_t keep = choices_.below(open + 1);
      say(fmt::format("crash, {} of {} batches are kept", keep, open));
      if (keep < open) shadow_ = keep == 0 ? durable_ : shadows_[keep - 1];
      calls_.clear();
      world_.crash(keep);
      return keep_shadow();
    }
    case 2:
    case 3:
      say("release");
      world_.release();
      return keep_shadow();
    case 4: {
      const auto& count = world_.shards().size();
      const World::Channel channel{
          model::ShardId{static_cast<std::uint32_t>(choices_.below(count))},
          model::ShardId{static_cast<std::uint32_t>(choices_.below(count))}};
      say(fmt::format("deliver again {} to {}", channel.first.value, channel.second.value));
      world_.deliver_again(channel);
      return keep_shadow();
    }
    default: {
      say("a group begins");
      world_.begin_group();
      in_group_ = true;
      for (std::uint64_t left = 1 + choices_.below(5); left > 0; --left) {
        const std::uint64_t who = choices_.below(3);
        who == 0 ? client_step() : who == 1 ? worker_step() : timer_step();
      }
      in_group_ = false;
      world_.end_group();
      say("the group ends");
      return keep_shadow();
    }
  }
}

// ---- events -------------------------------------------------------------------------------------

const StoredInstance* Chaos::live(const model::InstanceKey& key) {
  const Instance* loaded = world_.shard_for(key).instances.find(key);
  const StoredInstance* stored = nullptr;
  if (loaded != nullptr) {
    if (loaded->exists) stored = &loaded->stored;
  } else {
    Broken ignored;
    Instance found = instance_in(world_.rows(), key, ignored);
    found_ = std::move(found.stored);
    if (found.exists) stored = &*found_;
  }
  return stored != nullptr && model::is_live(stored->record.status) ? stored : nullptr;
}

void Chaos::take_turn_events(const model::CompleteTurn& command) {
  const Instance* instance = world_.shard_for(command.token.key).instances.find(command.token.key);
  const bool taken = instance != nullptr && instance->turn &&
                     instance->turn->token == command.token && instance->turn->counted;
  const auto offer = world_.offers().turns.find(command.token);
  if (!taken || offer == world_.offers().turns.end()) return;
  Accepted& accepted = shadow_[command.token.key];
  std::deque<std::string> expected = std::exchange(accepted.carried, {});
  const std::vector<std::string> seen = Story::raised_in(offer->second.new_events);
  for (const std::string& payload : seen) {
    auto& from = expected.empty() ? accepted.waiting : expected;
    const bool is_next = !from.empty() && from.front() == payload;
    require(is_next,
            fmt::format("instance '{}' took event {} out of turn", command.token.key.id, payload));
    if (!is_next) return;
    from.pop_front();
  }
  require(expected.empty(), "a carried event was lost");
  if (const auto* next = std::get_if<model::ContinuedAsNew>(&command.result.outcome)) {
    for (const model::EventRaised& event : next->carried) {
      accepted.carried.push_back(*event.payload);
    }
  }
}

void Chaos::before(const model::Command& command) {
  if (const auto* raised = std::get_if<model::RaiseEvent>(&command)) {
    if (live(raised->key)) shadow_[raised->key].waiting.push_back(*raised->event.payload);
  } else if (const auto* delivery = std::get_if<model::Deliver>(&command)) {
    const auto* event = std::get_if<model::DeliverEvent>(&delivery->message);
    const Shard& shard = world_.shards()[delivery->target.value];
    const bool is_new = shard.taken.last(delivery->source) + 1 == delivery->sequence;
    if (event != nullptr && is_new && live(event->target)) {
      shadow_[event->target].waiting.push_back(*event->event.payload);
    }
  } else if (const auto* turn = std::get_if<model::CompleteTurn>(&command)) {
    take_turn_events(*turn);
  }
}

/// An execution that ended, or was replaced, takes the events that it did not take with it.
void Chaos::after(const model::Command& command) {
  const model::InstanceKey* name = model::instance_of(command);
  if (name == nullptr) return;
  const StoredInstance* stored = live(*name);
  if (stored == nullptr) {
    shadow_.erase(*name);
    return;
  }
  Accepted& accepted = shadow_[*name];
  const bool goes_on = std::holds_alternative<model::CompleteTurn>(command) ||
                       accepted.execution == stored->record.execution;
  if (!goes_on) accepted = {};
  accepted.execution = stored->record.execution;
}

void Chaos::run(model::Command command) {
  world_.run(std::move(command));
  keep_shadow();
}

void Chaos::keep_shadow() {
  if (in_group_) return;  // its batch is not there yet
  if (world_.unreleased() == 0) {
    durable_ = shadow_;
    shadows_.clear();
  }
  shadows_.resize(world_.unreleased(), shadow_);
}

// ---- the end ------------------------------------------------------------------------------------

std::vector<model::InstanceKey> Chaos::all_instances() const {
  std::set<model::InstanceKey> keys;
  for (const auto& [row_key, row] : world_.rows().of(model::Space::kInstance)) {
    if (const auto parsed = model::parse_instance_row(row_key)) keys.insert(parsed->instance);
  }
  return {keys.begin(), keys.end()};
}

bool Chaos::answer_everything() {
  bool moved = false;
  while (!world_.offers().activities.empty()) {
    const model::ActivityItem item = world_.offers().activities.begin()->second;
    moved = true;
    if (item.uncounted_redelivery) {
      run(model::BeginAttempt{item.token});
    } else {
      run(model::CompleteActivity{item.token, model::Payload("drained")});
    }
  }
  while (!world_.offers().turns.empty()) {
    const model::TurnItem item = world_.offers().turns.begin()->second;
    moved = true;
    if (item.uncounted_redelivery) {
      run(model::BeginAttempt{item.token});
    } else {
      const bool is_batch = model::is_entity_id(item.token.key.id);
      run(model::CompleteTurn{item.token, is_batch ? last_batch(item) : model::TurnResult{}});
    }
  }
  return moved;
}

void Chaos::drain() {
  for (int round = 0; round < kDrainRoundsMax; ++round) {
    bool moved = offer_gathered();
    moved = answer_everything() || moved;
    while (!world_.busy_channels().empty()) {
      world_.deliver(world_.busy_channels().front());
      moved = true;
    }
    base::Timestamp earliest = base::kEndOfTime;
    for (const Shard& shard : world_.shards()) {
      if (shard.timers.all().empty()) continue;
      earliest = std::min(earliest, shard.timers.earliest());
      moved = true;
    }
    world_.now =
        std::max(world_.now, earliest == base::kEndOfTime && !moved ? world_.now : earliest);
    world_.fire_due();
    world_.collect_garbage();
    if (!moved) return;
  }
  require(false, "it never comes to rest");
}

void Chaos::check_waiting() {
  for (const model::InstanceKey& name : all_instances()) {
    if (model::is_entity_id(name.id)) {
      check_resting_entity(name);
      continue;
    }
    const StoredInstance stored = world_.stored(name.id);
    if (!model::is_live(stored.record.status)) continue;
    require(stored.inbox.empty() && stored.prologue.empty(),
            fmt::format("instance '{}' is stuck with messages", name.id));
    for (const auto& [task, pending] : stored.pending) {
      // What a section waits for is a law of every moment.
      bool exists = pending.kind == model::TaskKind::kSection ||
                    (pending.kind == model::TaskKind::kCall && is_waiting_call(name, stored, task));
      if (pending.kind == model::TaskKind::kChild && world_.exists(pending.child_id)) {
        const model::InstanceRecord there = world_.record(pending.child_id);
        exists = model::is_live(there.status) && there.parent && there.parent->key == name &&
                 there.parent->execution == stored.record.execution && there.parent->task == task;
      }
      require(exists, fmt::format("instance '{}' waits for task {}, which nobody does", name.id,
                                  task.value));
    }
  }
}

void Chaos::wake_everything() {
  for (const model::InstanceKey& name : all_instances()) {
    if (model::is_entity_id(name.id)) {
      run(model::Recover{name});
    } else {
      run(resume(name.id));
    }
  }
}

void Chaos::purge_everything() {
  for (const model::InstanceKey& name : all_instances()) {
    if (!model::is_entity_id(name.id)) run(terminate_tree(name.id));
  }
  drain();
  for (const model::InstanceKey& name : all_instances()) {
    if (model::is_entity_id(name.id)) continue;
    require(!model::is_live(world_.record(name.id).status), "it does not end when terminated");
    run(purge(name.id));
  }
  drain();
  delete_entities();
  for (const model::InstanceKey& name : all_instances()) {
    require(!model::is_entity_id(name.id), "a deleted entity left rows");
    // Only a tombstone of the end of time stays: no later moment could give a larger number.
    const model::InstanceRecord record = world_.record(name.id);
    const base::Timestamp number{static_cast<std::int64_t>(
        std::min<std::uint64_t>(record.execution.value, std::uint64_t{INT64_MAX}))};
    require(std::max(record.updated, number) + model::kTombstoneRetention == base::kEndOfTime,
            "a purged instance left rows");
  }
  require(world_.rows().of(model::Space::kHistory).empty(), "a purged instance left its history");
  for (const auto& [row_key, row] : world_.rows().of(model::Space::kAgenda)) {
    const auto parsed = model::parse_agenda_row(row_key);
    const bool is_count = parsed && (parsed->kind == model::AgendaKind::kSent ||
                                     parsed->kind == model::AgendaKind::kTaken);
    require(is_count, "something is still owed when everything is gone");
  }
}

void Chaos::finish() {
  say("the end begins");
  world_.release();
  world_.gate = Gate::kOpen;
  keep_shadow();
  wake_everything();
  drain();
  wake_everything();
  drain();
  world_.check_all();
  check_waiting();
  check_calls();
  calls_.clear();
  world_.crash();
  drain();
  check_waiting();
  purge_everything();
  world_.check_all();
}

}  // namespace perdure::core::testing

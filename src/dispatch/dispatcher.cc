// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "model/record.h"

namespace perdure::dispatch {
namespace {

bool includes(Kinds kinds, Kinds kind) {
  return (static_cast<unsigned>(kinds) & static_cast<unsigned>(kind)) != 0;
}

Kinds with(Kinds kinds, Kinds more) {
  return static_cast<Kinds>(static_cast<unsigned>(kinds) | static_cast<unsigned>(more));
}

Kinds without(Kinds kinds, Kinds less) {
  return static_cast<Kinds>(static_cast<unsigned>(kinds) & ~static_cast<unsigned>(less));
}

// What an item takes beside its bytes: its entry, its token, its names.
constexpr std::size_t kItemOverheadBytes = 512;

std::size_t bytes_of(const model::TurnItem& item) {
  std::size_t bytes = kItemOverheadBytes;
  for (const model::Event& event : item.new_events) {
    bytes += sizeof(model::Event) + model::encoded_size(event);
  }
  return bytes;
}

std::size_t bytes_of(const model::ActivityItem& item) {
  const auto* payload = std::get_if<model::Payload>(&item.input);
  return kItemOverheadBytes + (payload != nullptr && *payload ? (*payload)->size() : 0) +
         (item.progress ? item.progress->size() : 0);
}

/// Some of the names are not the platform's own.
bool takes_users(const Names& names) {
  return !names || std::ranges::any_of(*names, [](const auto& name) {
    return !name.first.starts_with(kReservedPrefix);
  });
}

}  // namespace

/// One pull that waits; listed in its worker meanwhile. Shared with whoever is about to wake it.
struct Dispatcher::Waiter {
  explicit Waiter(Kinds kinds_in) : kinds(kinds_in) {}

  const Kinds kinds;
  bool signalled = false;
  runtime::Condition condition;
};

/// Shared by the map and by threads that are inside a call for it while it is detached.
struct Dispatcher::Worker {
  WorkerOptions options;
  TurnLane::Share turns;
  TurnLane::Share batches;
  ActivityLane::Share activities;
  std::vector<std::shared_ptr<Waiter>> waiters;
  /// What it asked for and did not get; nothing while its callback is due. Only for that it is
  /// woken: it may have no place for anything else.
  Kinds hungry{};
  bool looks = true;  // out for offers; not who takes but the platform's own, which are rare
  runtime::Mutex calling;
  bool gone = false;  // under `calling`
};

struct Dispatcher::Found {
  std::vector<model::WorkItem> items;
  std::vector<model::Command> begin;
};

Dispatcher::TurnLane& Dispatcher::lane_of(const model::TurnToken& token) {
  return model::is_entity_id(token.key.id) ? batches_ : turns_;
}
Dispatcher::ActivityLane& Dispatcher::lane_of(const model::ActivityToken&) { return activities_; }

Dispatcher::TurnLane::Share& Dispatcher::share_of(Worker& worker, const model::TurnToken& token) {
  return model::is_entity_id(token.key.id) ? worker.batches : worker.turns;
}
Dispatcher::ActivityLane::Share& Dispatcher::share_of(Worker& worker, const model::ActivityToken&) {
  return worker.activities;
}

std::size_t Dispatcher::waiting() const {
  return turns_.waiting() + batches_.waiting() + activities_.waiting();
}
std::size_t Dispatcher::leased() const {
  return turns_.leased() + batches_.leased() + activities_.leased();
}

// ---- the engine's side --------------------------------------------------------------------------

Dispatcher::TurnLane::Share* Dispatcher::wanted_by(const model::TurnItem& item) {
  const model::InstanceKey& key = item.token.key;
  const auto suits = [&](TurnLane::Share& share) {
    return share.accepts(item) && share.has_room_for_own();
  };
  if (const auto declined = declined_.extract(key)) {
    for (const auto& worker : in_order_) {
      TurnLane::Share& share = share_of(*worker, item.token);
      if (share.worker != declined.mapped() && suits(share)) return &share;
    }
    return nullptr;
  }
  if (sticky_.empty() || model::is_entity_id(key.id)) return nullptr;
  const auto remembered = sticky_.find(key);
  if (remembered == sticky_.end()) return nullptr;
  const auto worker = workers_.find(remembered->second);
  if (worker == workers_.end()) return nullptr;
  TurnLane::Share& share = worker->second->turns;
  return suits(share) ? &share : nullptr;
}

Dispatcher::ActivityLane::Share* Dispatcher::wanted_by(const model::ActivityItem&) {
  return nullptr;
}

template <class Item>
void Dispatcher::offer_all(std::vector<Item>& items) {
  Roused roused;
  {
    const std::lock_guard lock(mutex_);
    for (Item& item : items) {
      // A counted redelivery waited for its turn once already.
      const bool first = item.token.attempt > 1 && !item.uncounted_redelivery;
      const std::int64_t order = first ? --first_order_ : ++last_order_;
      auto* own_of = wanted_by(item);
      auto& lane = lane_of(item.token);
      const std::size_t bytes = bytes_of(item);
      lane.offer(std::move(item), order, bytes, own_of);
    }
    offers_.fetch_add(1, std::memory_order_release);
    // A thread that looks out needs no wake-up to take one.
    const bool seen = looker_ != nullptr && !looker_has_one_ && !items.empty() &&
                      workers_.contains(looker_->turns.worker) &&
                      has_work_for(*looker_, looking_for_);
    if (seen) looker_has_one_ = true;
    const std::size_t sleepers = items.size() - (seen ? 1 : 0);
    for (std::size_t i = 0; i < sleepers && rouse_all(roused);) ++i;
    publish();
  }
  wake(roused);
}

void Dispatcher::offer(std::vector<model::TurnItem>& items) { offer_all(items); }
void Dispatcher::offer(std::vector<model::ActivityItem>& items) { offer_all(items); }

void Dispatcher::withdraw(const std::vector<model::WorkToken>& tokens) {
  std::vector<std::pair<std::shared_ptr<Worker>, const model::WorkToken*>> tell;
  {
    const std::lock_guard lock(mutex_);
    for (const model::WorkToken& token : tokens) {
      const std::optional<WorkerId> holder =
          std::visit([this](const auto& one) { return lane_of(one).withdraw(one); }, token);
      if (!holder) continue;
      if (auto worker = find(*holder); worker && worker->options.withdrawn) {
        tell.emplace_back(std::move(worker), &token);
      }
    }
    publish();
  }
  for (const auto& [worker, token] : tell) {
    const std::lock_guard calling(worker->calling);
    if (!worker->gone) worker->options.withdrawn(*token);
  }
}

void Dispatcher::prepared(const std::vector<model::WorkToken>& tokens) {
  Roused roused;
  {
    const std::lock_guard lock(mutex_);
    for (const model::WorkToken& token : tokens) {
      std::visit([this](const auto& one) { lane_of(one).prepared(one); }, token);
      rouse_all(roused);
    }
  }
  wake(roused);
}

std::vector<model::WorkToken> Dispatcher::unknown(std::vector<model::WorkToken> tokens) const {
  const auto is_known = [this](const model::WorkToken& token) {
    return std::visit(
        base::Overloaded{
            [this](const model::TurnToken& turn) {
              return model::is_entity_id(turn.key.id) ? batches_.knows(turn) : turns_.knows(turn);
            },
            [this](const model::ActivityToken& activity) { return activities_.knows(activity); }},
        token);
  };
  std::vector<model::WorkToken> unknown;
  for (std::size_t begin = 0; begin < tokens.size(); begin += kLookupsPerLock) {
    const std::size_t end = std::min(tokens.size(), begin + kLookupsPerLock);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = begin; i < end; ++i) {
      if (!is_known(tokens[i])) unknown.push_back(std::move(tokens[i]));
    }
  }
  return unknown;
}

void Dispatcher::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const auto& worker : in_order_) {
    for (const auto& waiter : worker->waiters) waiter->condition.notify_all();
  }
}

bool Dispatcher::wait_until_returned(base::Duration span) {
  runtime::Lock lock(mutex_);
  return returned_.wait_for(lock, span, [this] { return leased() == 0 && answering_ == 0; });
}

DispatcherStats Dispatcher::stats() const {
  const std::lock_guard lock(mutex_);
  return {.turns_waiting = turns_.waiting() + batches_.waiting(),
          .turns_leased = turns_.leased() + batches_.leased(),
          .activities_waiting = activities_.waiting(),
          .activities_leased = activities_.leased(),
          .bytes_waiting = turns_.bytes() + batches_.bytes() + activities_.bytes(),
          .workers = workers_.size()};
}

void Dispatcher::publish() {
  queued_bytes_.store(turns_.bytes() + batches_.bytes() + activities_.bytes(),
                      std::memory_order_relaxed);
}

// ---- waking -------------------------------------------------------------------------------------

bool Dispatcher::has_work_for(Worker& worker, Kinds kinds) {
  const auto has = [](auto& lane, auto& share) {
    using Others = typename std::remove_reference_t<decltype(lane)>::Others;
    return lane.next(share, Others::kRespect) != nullptr;
  };
  if (includes(kinds, Kinds::kTurns) &&
      (has(turns_, worker.turns) || has(batches_, worker.batches))) {
    return true;
  }
  return includes(kinds, Kinds::kActivities) && has(activities_, worker.activities);
}

/// One waiting thread of the worker will be woken, or its callback is due. False: nobody there.
bool Dispatcher::rouse(Worker& worker, Roused& roused) {
  // The thread that fell asleep last is the one whose cache is warm.
  for (auto at = worker.waiters.rbegin(); at != worker.waiters.rend(); ++at) {
    Waiter& waiter = **at;
    if (waiter.signalled || !has_work_for(worker, waiter.kinds)) continue;
    waiter.signalled = true;
    --idle_;
    roused.waiters.push_back(*at);
    return true;
  }
  if (worker.hungry == Kinds{} || !has_work_for(worker, worker.hungry)) return false;
  worker.hungry = {};
  --idle_;
  roused.hungry.push_back(find(worker.turns.worker));
  return true;
}

/// One more thread, of any worker. The workers take turns at being asked first.
bool Dispatcher::rouse_all(Roused& roused) {
  if (idle_ == 0 || waiting() == 0) return false;
  bool any = false;
  for (std::size_t i = 0; i < in_order_.size() && !any; ++i) any = rouse(*in_order_[i], roused);
  if (in_order_.size() > 1) std::ranges::rotate(in_order_, in_order_.begin() + 1);
  return any;
}

/// Without the mutex: a woken thread wants it first of all.
void Dispatcher::wake(const Roused& roused) {
  for (const auto& waiter : roused.waiters) waiter->condition.notify_one();
  for (const auto& worker : roused.hungry) {
    const std::lock_guard calling(worker->calling);
    if (!worker->gone) worker->options.wakeup();
  }
}

// ---- the workers' side --------------------------------------------------------------------------

WorkerId Dispatcher::attach(WorkerOptions options) {
  auto worker = std::make_shared<Worker>();
  const TurnFilter turns{options.hub, options.orchestrations, options.entities, options.reserved};
  const bool takes_turns = options.turns_max > 0 || options.batches_max.value_or(0) > 0;
  const WorkerId id = add(std::move(worker), std::move(options));
  if (takes_turns) sink_.attached(turns);
  return id;
}

WorkerId Dispatcher::add(std::shared_ptr<Worker> worker, WorkerOptions options) {
  const std::lock_guard lock(mutex_);
  const WorkerId id{++last_worker_};
  worker->turns.worker = worker->batches.worker = worker->activities.worker = id;
  worker->turns.hub = worker->batches.hub = worker->activities.hub = options.hub;
  worker->turns.reserved = worker->batches.reserved = worker->activities.reserved =
      options.reserved;
  worker->turns.items_max = options.turns_max;
  worker->batches.items_max = options.batches_max.value_or(options.turns_max);
  worker->activities.items_max = options.activities_max;
  worker->turns.names = std::move(options.orchestrations);
  worker->batches.names = std::move(options.entities);
  worker->activities.names = std::move(options.activities);
  worker->looks = takes_users(worker->turns.names) || takes_users(worker->batches.names) ||
                  takes_users(worker->activities.names);
  worker->options = std::move(options);
  turns_.attach(worker->turns);
  batches_.attach(worker->batches);
  activities_.attach(worker->activities);
  if (worker->turns.items_max > 0) turn_workers_.fetch_add(1, std::memory_order_relaxed);
  if (worker->activities.items_max > 0) activity_workers_.fetch_add(1, std::memory_order_relaxed);
  in_order_.push_back(worker);
  workers_.emplace(id, std::move(worker));
  return id;
}

void Dispatcher::detach(WorkerId id) {
  std::shared_ptr<Worker> worker;
  std::vector<model::Command> returned;
  Roused roused;
  {
    const std::lock_guard lock(mutex_);
    worker = find(id);
    if (!worker) return;
    workers_.erase(id);
    std::erase(in_order_, worker);
    if (worker->turns.items_max > 0) turn_workers_.fetch_sub(1, std::memory_order_relaxed);
    if (worker->activities.items_max > 0) activity_workers_.fetch_sub(1, std::memory_order_relaxed);
    if (turn_workers_.load(std::memory_order_relaxed) < 2) sticky_.clear();
    if (std::exchange(worker->hungry, Kinds{}) != Kinds{}) --idle_;
    for (model::TurnToken& token : turns_.detach(worker->turns)) {
      returned.push_back(model::ReturnWork{std::move(token)});
    }
    for (model::TurnToken& token : batches_.detach(worker->batches)) {
      returned.push_back(model::ReturnWork{std::move(token)});
    }
    for (model::ActivityToken& token : activities_.detach(worker->activities)) {
      returned.push_back(model::ReturnWork{std::move(token)});
    }
    for (const auto& waiter : worker->waiters) waiter->condition.notify_all();
    while (rouse_all(roused)) {
    }
    returned_.notify_all();
  }
  wake(roused);
  post(std::move(returned));
  const std::lock_guard calling(worker->calling);
  worker->gone = true;
}

std::shared_ptr<Dispatcher::Worker> Dispatcher::find(WorkerId worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? nullptr : found->second;
}

void Dispatcher::post(std::vector<model::Command> commands) {
  if (commands.size() == 1) {
    sink_.post(std::move(commands.front()));
  } else if (!commands.empty()) {
    sink_.post_all(std::move(commands));
  }
}

/// Hands the entry out, or has its hand-out counted first.
template <class LaneOfItem>
void Dispatcher::take(LaneOfItem& lane, typename LaneOfItem::Entry& entry, Worker& worker,
                      Found& found) {
  auto& share = share_of(worker, entry.item.token);
  if (entry.item.uncounted_redelivery) {
    found.begin.push_back(model::BeginAttempt{lane.prepare(entry, share)});
  } else {
    found.items.emplace_back(lane.lease(entry, share));
  }
}

/// Takes what the worker may have.
Dispatcher::Found Dispatcher::collect(Worker& worker, Kinds kinds, std::size_t count_max) {
  Found found;
  const bool turns = includes(kinds, Kinds::kTurns);
  const bool activities = includes(kinds, Kinds::kActivities);
  while (found.items.size() < count_max) {
    auto* turn = turns ? turns_.next(worker.turns, TurnLane::Others::kRob) : nullptr;
    auto* batch = turns ? batches_.next(worker.batches, TurnLane::Others::kRob) : nullptr;
    auto* activity =
        activities ? activities_.next(worker.activities, ActivityLane::Others::kRob) : nullptr;
    if (batch != nullptr && (turn == nullptr || batch->order < turn->order)) turn = batch;
    if (turn == nullptr && activity == nullptr) break;
    if (turn == nullptr || (activity != nullptr && turn->order - kTurnLead >= activity->order)) {
      take(activities_, *activity, worker, found);
    } else if (turn == batch) {
      take(batches_, *batch, worker, found);
    } else {
      remember(turn->item, worker);
      take(turns_, *turn, worker, found);
    }
  }
  publish();
  return found;
}

/// The instance's next turn is best run by the same worker, while there is a choice.
void Dispatcher::remember(const model::TurnItem& turn, const Worker& worker) {
  if (turn.uncounted_redelivery || turn_workers_.load(std::memory_order_relaxed) < 2) return;
  if (sticky_.size() >= kStickyMax) sticky_.clear();
  sticky_.insert_or_assign(turn.token.key, worker.turns.worker);
}

std::vector<model::WorkItem> Dispatcher::try_pull(WorkerId id, Kinds kinds, std::size_t count_max) {
  Found found;
  {
    const std::lock_guard lock(mutex_);
    const std::shared_ptr<Worker> worker = find(id);
    if (!worker || closed_) return {};
    found = collect(*worker, kinds, count_max);
    const bool is_short = found.items.size() < count_max && worker->options.wakeup;
    const Kinds before = std::exchange(
        worker->hungry, is_short ? with(worker->hungry, kinds) : without(worker->hungry, kinds));
    if (before == Kinds{} && worker->hungry != Kinds{}) ++idle_;
    if (before != Kinds{} && worker->hungry == Kinds{}) --idle_;
  }
  post(std::move(found.begin));
  return std::move(found.items);
}

std::vector<model::WorkItem> Dispatcher::pull(WorkerId id, Kinds kinds, std::size_t count_max,
                                              base::Duration span) {
  const auto deadline = runtime::Condition::deadline_after(span);
  std::shared_ptr<Waiter> waiter;
  runtime::Lock lock(mutex_);
  const std::shared_ptr<Worker> worker = find(id);
  for (bool in_time = true;;) {
    if (!worker || !workers_.contains(id) || closed_) return {};
    Found found = collect(*worker, kinds, count_max);
    if (!found.begin.empty()) {
      lock.unlock();
      post(std::move(found.begin));
      if (!found.items.empty()) return std::move(found.items);
      lock.lock();
      continue;
    }
    if (!found.items.empty() || !in_time) return std::move(found.items);
    if (worker->looks && look_around(*worker, kinds, lock)) continue;
    if (!waiter) waiter = std::make_shared<Waiter>(kinds);
    waiter->signalled = false;
    worker->waiters.push_back(waiter);
    ++idle_;
    in_time = waiter->condition.wait_until(
        lock, deadline, [&] { return waiter->signalled || closed_ || !workers_.contains(id); });
    if (!waiter->signalled) --idle_;
    std::erase(worker->waiters, waiter);
  }
}

/// One thread at a time looks out for an offer before it sleeps; true if there was one.
bool Dispatcher::look_around(Worker& worker, Kinds kinds, runtime::Lock& lock) {
  if (looker_ != nullptr) return false;
  looker_ = find(worker.turns.worker);
  looking_for_ = kinds;
  looker_has_one_ = false;
  const std::uint64_t before = offers_.load(std::memory_order_relaxed);
  const auto offered = [&] { return offers_.load(std::memory_order_acquire) != before; };
  lock.unlock();
  static_cast<void>(spin_.until(offered));
  lock.lock();
  looker_.reset();
  return offered();  // under the lock, as offers are: none is missed
}

bool Dispatcher::expect(WorkerId id, Kinds kinds) {
  const std::lock_guard lock(mutex_);
  if (looker_ != nullptr) return false;
  looker_ = find(id);
  looking_for_ = kinds;
  looker_has_one_ = false;
  return looker_ != nullptr;
}

void Dispatcher::expected() {
  const std::lock_guard lock(mutex_);
  looker_.reset();
}

template <class Token>
bool Dispatcher::finish(WorkerId id, const Token& token) {
  using Held = typename std::remove_reference_t<decltype(lane_of(token))>::Held;
  Roused roused;
  Held held = Held::kNo;
  {
    const std::lock_guard lock(mutex_);
    const auto worker = workers_.find(id);
    if (worker == workers_.end()) return false;
    held = lane_of(token).finish(token, share_of(*worker->second, token));
    if (held == Held::kNo) return false;
    rouse_all(roused);
    if (held == Held::kYes) ++answering_;
    if (closed_ && leased() == 0) returned_.notify_all();
  }
  wake(roused);
  return held == Held::kYes;
}

void Dispatcher::answer(model::Command command) {
  sink_.post(std::move(command));
  if (--answering_ > 0 || !closed_) return;
  const std::lock_guard lock(mutex_);
  returned_.notify_all();
}

Answer Dispatcher::complete_turn(WorkerId worker, model::TurnToken token,
                                 model::TurnResult result) {
  if (!finish(worker, token)) return Answer::kNotHeld;
  answer(model::CompleteTurn{std::move(token), std::move(result)});
  return Answer::kTaken;
}

Answer Dispatcher::refuse_turn(WorkerId worker, model::TurnToken token, std::string why) {
  if (!finish(worker, token)) return Answer::kNotHeld;
  {
    // The next try should rather be somebody else's.
    const std::lock_guard lock(mutex_);
    sticky_.erase(token.key);
  }
  answer(model::RefuseTurn{std::move(token), std::move(why)});
  return Answer::kTaken;
}

Answer Dispatcher::complete_activity(WorkerId worker, model::ActivityToken token,
                                     std::variant<model::Payload, model::Failure> outcome) {
  if (!finish(worker, token)) return Answer::kNotHeld;
  answer(model::CompleteActivity{std::move(token), std::move(outcome)});
  return Answer::kTaken;
}

Answer Dispatcher::report_progress(WorkerId worker, model::ActivityToken token,
                                   model::Payload progress, base::Duration next_within) {
  {
    const std::lock_guard lock(mutex_);
    if (activities_.holder(token) != worker) return Answer::kNotHeld;
  }
  sink_.post(model::ReportProgress{std::move(token), std::move(progress), next_within});
  return Answer::kTaken;
}

void Dispatcher::expire(const model::ActivityToken& token) {
  std::shared_ptr<Worker> worker;
  {
    const std::lock_guard lock(mutex_);
    // What waits was not handed out, or again already.
    const std::optional<WorkerId> holder = activities_.holder(token);
    if (!holder) return;
    static_cast<void>(activities_.withdraw(token));
    worker = find(*holder);
  }
  // Not a return: the same token would be taken for the lease that its worker still has.
  sink_.post(model::BeginAttempt{token});
  if (worker == nullptr || !worker->options.withdrawn) return;
  const std::lock_guard calling(worker->calling);
  if (!worker->gone) worker->options.withdrawn(token);
}

Answer Dispatcher::give_back(WorkerId worker, model::WorkToken token, Begun begun) {
  if (!std::visit([&](const auto& one) { return finish(worker, one); }, token)) {
    return Answer::kNotHeld;
  }
  if (const auto* turn = std::get_if<model::TurnToken>(&token)) {
    const std::lock_guard lock(mutex_);
    sticky_.erase(turn->key);
    if (declined_.size() >= kStickyMax) declined_.clear();
    declined_.insert_or_assign(turn->key, worker);
  }
  answer(model::ReturnWork{std::move(token), begun == Begun::kNo});
  return Answer::kTaken;
}

bool Dispatcher::is_withdrawn(const model::WorkToken& token) const {
  const std::lock_guard lock(mutex_);
  return std::visit(base::Overloaded{[this](const model::TurnToken& turn) {
                                       return model::is_entity_id(turn.key.id)
                                                  ? batches_.is_withdrawn(turn)
                                                  : turns_.is_withdrawn(turn);
                                     },
                                     [this](const model::ActivityToken& activity) {
                                       return activities_.is_withdrawn(activity);
                                     }},
                    token);
}

}  // namespace perdure::dispatch

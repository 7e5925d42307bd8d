// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "model/record.h"

namespace perdure::dispatch {
namespace {

bool includes(Kinds kinds, Kinds kind) {
  return (static_cast<unsigned>(kinds) & static_cast<unsigned>(kind)) != 0;
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
  return kItemOverheadBytes + (payload != nullptr && *payload ? (*payload)->size() : 0);
}

}  // namespace

/// One pull that waits. On the stack of its thread; listed in its worker meanwhile.
struct Dispatcher::Waiter {
  Kinds kinds = Kinds::kBoth;
  bool signalled = false;
  runtime::Condition condition;
};

/// Shared by the map and by threads that are inside a call for it while it is detached.
struct Dispatcher::Worker {
  WorkerOptions options;
  Lane<model::TurnItem>::Share turns;
  Lane<model::ActivityItem>::Share activities;
  std::vector<Waiter*> waiters;
  bool hungry = false;  // its last try_pull answered less than asked for
  runtime::Mutex calling;
  bool gone = false;  // under `calling`
};

struct Dispatcher::Found {
  std::vector<model::WorkItem> items;
  std::vector<model::Command> begin;
};

template <>
Lane<model::TurnItem>& Dispatcher::lane() {
  return turns_;
}
template <>
Lane<model::ActivityItem>& Dispatcher::lane() {
  return activities_;
}
template <>
Lane<model::TurnItem>::Share& Dispatcher::share<model::TurnItem>(Worker& worker) {
  return worker.turns;
}
template <>
Lane<model::ActivityItem>::Share& Dispatcher::share<model::ActivityItem>(Worker& worker) {
  return worker.activities;
}

// ---- the engine's side --------------------------------------------------------------------------

Lane<model::TurnItem>::Share* Dispatcher::sticky_share(const model::TurnItem& item) {
  if (sticky_.empty()) return nullptr;
  const auto remembered = sticky_.find(item.token.key);
  if (remembered == sticky_.end()) return nullptr;
  const auto worker = workers_.find(remembered->second);
  if (worker == workers_.end()) return nullptr;
  auto& share = worker->second->turns;
  return share.accepts(item.name) && share.has_room_for_own() ? &share : nullptr;
}

template <class Item>
void Dispatcher::offer_all(std::vector<Item>& items) {
  std::vector<std::shared_ptr<Worker>> hungry;
  {
    const std::lock_guard lock(mutex_);
    for (Item& item : items) {
      // A counted redelivery waited for its turn once already.
      const bool first = item.token.attempt > 1 && !item.uncounted_redelivery;
      const std::int64_t order = first ? --first_order_ : ++last_order_;
      typename Lane<Item>::Share* own_of = nullptr;
      if constexpr (std::is_same_v<Item, model::TurnItem>) own_of = sticky_share(item);
      const std::size_t bytes = bytes_of(item);
      lane<Item>().offer(std::move(item), order, bytes, own_of);
    }
    offers_.fetch_add(1, std::memory_order_release);
    // A thread that looks out needs no wake-up to take one.
    const bool seen = looker_ != nullptr && workers_.contains(looker_->turns.worker) &&
                      has_work_for(*looker_, looking_for_);
    const std::size_t sleepers = items.size() - (seen && !items.empty() ? 1 : 0);
    for (std::size_t i = 0; i < sleepers && idle_ > 0; ++i) rouse_all(hungry);
    publish();
  }
  call_wakeups(hungry);
}

void Dispatcher::offer(std::vector<model::TurnItem>& items) { offer_all(items); }
void Dispatcher::offer(std::vector<model::ActivityItem>& items) { offer_all(items); }

void Dispatcher::withdraw(const std::vector<model::WorkToken>& tokens) {
  std::vector<std::pair<std::shared_ptr<Worker>, const model::WorkToken*>> tell;
  {
    const std::lock_guard lock(mutex_);
    for (const model::WorkToken& token : tokens) {
      const auto* turn = std::get_if<model::TurnToken>(&token);
      const std::optional<WorkerId> holder =
          turn != nullptr ? turns_.withdraw(*turn)
                          : activities_.withdraw(std::get<model::ActivityToken>(token));
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
  std::vector<std::shared_ptr<Worker>> hungry;
  {
    const std::lock_guard lock(mutex_);
    for (const model::WorkToken& token : tokens) {
      if (const auto* turn = std::get_if<model::TurnToken>(&token)) {
        turns_.prepared(*turn);
      } else {
        activities_.prepared(std::get<model::ActivityToken>(token));
      }
      rouse_all(hungry);
    }
  }
  call_wakeups(hungry);
}

std::vector<model::WorkToken> Dispatcher::unknown(std::vector<model::WorkToken> tokens) const {
  const auto is_known = [this](const model::WorkToken& token) {
    const auto* turn = std::get_if<model::TurnToken>(&token);
    return turn != nullptr ? turns_.knows(*turn)
                           : activities_.knows(std::get<model::ActivityToken>(token));
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
    for (Waiter* waiter : worker->waiters) waiter->condition.notify_all();
  }
}

bool Dispatcher::wait_until_returned(base::Duration span) {
  runtime::Lock lock(mutex_);
  return returned_.wait_for(lock, span,
                            [this] { return turns_.leased() + activities_.leased() == 0; });
}

DispatcherStats Dispatcher::stats() const {
  const std::lock_guard lock(mutex_);
  return {.turns_waiting = turns_.waiting(),
          .turns_leased = turns_.leased(),
          .activities_waiting = activities_.waiting(),
          .activities_leased = activities_.leased(),
          .bytes_waiting = turns_.bytes() + activities_.bytes(),
          .workers = workers_.size()};
}

void Dispatcher::publish() {
  queued_bytes_.store(turns_.bytes() + activities_.bytes(), std::memory_order_relaxed);
}

// ---- waking -------------------------------------------------------------------------------------

bool Dispatcher::has_work_for(Worker& worker, Kinds kinds) {
  if (includes(kinds, Kinds::kTurns) &&
      turns_.next(worker.turns, Lane<model::TurnItem>::Others::kRespect) != nullptr) {
    return true;
  }
  return includes(kinds, Kinds::kActivities) &&
         activities_.next(worker.activities, Lane<model::ActivityItem>::Others::kRespect) !=
             nullptr;
}

/// Wakes one waiting thread of the worker, or notes that its callback is due.
void Dispatcher::rouse(Worker& worker, std::vector<std::shared_ptr<Worker>>& hungry) {
  // The thread that fell asleep last is the one whose cache is warm.
  for (auto at = worker.waiters.rbegin(); at != worker.waiters.rend(); ++at) {
    Waiter& waiter = **at;
    if (waiter.signalled || !has_work_for(worker, waiter.kinds)) continue;
    waiter.signalled = true;
    --idle_;
    waiter.condition.notify_one();
    return;
  }
  if (worker.hungry && has_work_for(worker, Kinds::kBoth)) {
    worker.hungry = false;
    --idle_;
    hungry.push_back(find(worker.turns.worker));
  }
}

/// One more thread, of any worker. The workers take turns at being asked first.
void Dispatcher::rouse_all(std::vector<std::shared_ptr<Worker>>& hungry) {
  if (idle_ == 0 || turns_.waiting() + activities_.waiting() == 0) return;
  const std::size_t before = idle_;
  for (std::size_t i = 0; i < in_order_.size() && idle_ == before; ++i) {
    rouse(*in_order_[i], hungry);
  }
  if (in_order_.size() > 1) std::ranges::rotate(in_order_, in_order_.begin() + 1);
}

void Dispatcher::call_wakeups(const std::vector<std::shared_ptr<Worker>>& hungry) {
  for (const auto& worker : hungry) {
    const std::lock_guard calling(worker->calling);
    if (!worker->gone) worker->options.wakeup();
  }
}

// ---- the workers' side --------------------------------------------------------------------------

WorkerId Dispatcher::attach(WorkerOptions options) {
  auto worker = std::make_shared<Worker>();
  const Names orchestrations = options.orchestrations;
  const bool takes_turns = options.turns_max > 0;
  const WorkerId id = add(std::move(worker), std::move(options));
  if (takes_turns) sink_.attached(orchestrations);
  return id;
}

WorkerId Dispatcher::add(std::shared_ptr<Worker> worker, WorkerOptions options) {
  const std::lock_guard lock(mutex_);
  const WorkerId id{++last_worker_};
  worker->turns.worker = worker->activities.worker = id;
  worker->turns.items_max = options.turns_max;
  worker->activities.items_max = options.activities_max;
  worker->turns.names = std::move(options.orchestrations);
  worker->activities.names = std::move(options.activities);
  worker->options = std::move(options);
  turns_.attach(worker->turns);
  activities_.attach(worker->activities);
  if (worker->turns.items_max > 0) turn_workers_.fetch_add(1, std::memory_order_relaxed);
  in_order_.push_back(worker);
  workers_.emplace(id, std::move(worker));
  return id;
}

void Dispatcher::detach(WorkerId id) {
  std::shared_ptr<Worker> worker;
  std::vector<model::Command> returned;
  std::vector<std::shared_ptr<Worker>> hungry;
  {
    const std::lock_guard lock(mutex_);
    worker = find(id);
    if (!worker) return;
    workers_.erase(id);
    std::erase(in_order_, worker);
    if (worker->turns.items_max > 0) turn_workers_.fetch_sub(1, std::memory_order_relaxed);
    if (turn_workers_.load(std::memory_order_relaxed) < 2) sticky_.clear();
    if (std::exchange(worker->hungry, false)) --idle_;
    for (model::TurnToken& token : turns_.detach(worker->turns)) {
      returned.push_back(model::ReturnWork{std::move(token)});
    }
    for (model::ActivityToken& token : activities_.detach(worker->activities)) {
      returned.push_back(model::ReturnWork{std::move(token)});
    }
    for (Waiter* waiter : worker->waiters) waiter->condition.notify_all();
    const std::size_t idle = idle_;
    for (std::size_t i = 0; i < idle; ++i) rouse_all(hungry);
    returned_.notify_all();
  }
  call_wakeups(hungry);
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

/// Takes what the worker may have.
Dispatcher::Found Dispatcher::collect(Worker& worker, Kinds kinds, std::size_t count_max) {
  Found found;
  while (found.items.size() < count_max) {
    auto* turn = includes(kinds, Kinds::kTurns)
                     ? turns_.next(worker.turns, Lane<model::TurnItem>::Others::kRob)
                     : nullptr;
    auto* activity =
        includes(kinds, Kinds::kActivities)
            ? activities_.next(worker.activities, Lane<model::ActivityItem>::Others::kRob)
            : nullptr;
    if (turn == nullptr && activity == nullptr) break;
    if (turn != nullptr && (activity == nullptr || turn->order - kTurnLead < activity->order)) {
      if (turn->item.uncounted_redelivery) {
        found.begin.push_back(model::BeginAttempt{turns_.prepare(*turn, worker.turns)});
        continue;
      }
      if (turn_workers_.load(std::memory_order_relaxed) > 1) {
        if (sticky_.size() >= kStickyMax) sticky_.clear();
        sticky_.insert_or_assign(turn->item.token.key, worker.turns.worker);
      }
      found.items.emplace_back(turns_.lease(*turn, worker.turns));
    } else if (activity->item.uncounted_redelivery) {
      found.begin.push_back(model::BeginAttempt{activities_.prepare(*activity, worker.activities)});
    } else {
      found.items.emplace_back(activities_.lease(*activity, worker.activities));
    }
  }
  publish();
  return found;
}

std::vector<model::WorkItem> Dispatcher::try_pull(WorkerId id, Kinds kinds, std::size_t count_max) {
  Found found;
  {
    const std::lock_guard lock(mutex_);
    const std::shared_ptr<Worker> worker = find(id);
    if (!worker || closed_) return {};
    found = collect(*worker, kinds, count_max);
    const bool hungry = found.items.size() < count_max && worker->options.wakeup;
    if (hungry && !std::exchange(worker->hungry, true)) ++idle_;
  }
  post(std::move(found.begin));
  return std::move(found.items);
}

std::vector<model::WorkItem> Dispatcher::pull(WorkerId id, Kinds kinds, std::size_t count_max,
                                              base::Duration span) {
  const auto deadline = runtime::Condition::deadline_after(span);
  Waiter waiter{.kinds = kinds};
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
    if (look_around(*worker, kinds, lock)) continue;
    waiter.signalled = false;
    worker->waiters.push_back(&waiter);
    ++idle_;
    in_time = waiter.condition.wait_until(
        lock, deadline, [&] { return waiter.signalled || closed_ || !workers_.contains(id); });
    if (!waiter.signalled) --idle_;
    std::erase(worker->waiters, &waiter);
  }
}

/// One thread at a time looks out for an offer before it sleeps; true if there was one.
bool Dispatcher::look_around(Worker& worker, Kinds kinds, runtime::Lock& lock) {
  if (looker_ != nullptr) return false;
  looker_ = &worker;
  looking_for_ = kinds;
  const std::uint64_t before = offers_.load(std::memory_order_relaxed);
  const auto offered = [&] { return offers_.load(std::memory_order_acquire) != before; };
  lock.unlock();
  static_cast<void>(spin_.until(offered));
  lock.lock();
  looker_ = nullptr;
  return offered();  // under the lock, as offers are: none is missed
}

template <class Item>
bool Dispatcher::finish(WorkerId id, const decltype(Item::token)& token) {
  std::vector<std::shared_ptr<Worker>> hungry;
  typename Lane<Item>::Held held = Lane<Item>::Held::kNo;
  {
    const std::lock_guard lock(mutex_);
    const auto worker = workers_.find(id);
    if (worker == workers_.end()) return false;
    held = lane<Item>().finish(token, share<Item>(*worker->second));
    if (held == Lane<Item>::Held::kNo) return false;
    rouse_all(hungry);
    if (closed_ && turns_.leased() + activities_.leased() == 0) returned_.notify_all();
  }
  call_wakeups(hungry);
  return held == Lane<Item>::Held::kYes;
}

Answer Dispatcher::complete_turn(WorkerId worker, model::TurnToken token,
                                 model::TurnResult result) {
  if (!finish<model::TurnItem>(worker, token)) return Answer::kNotHeld;
  sink_.post(model::CompleteTurn{std::move(token), std::move(result)});
  return Answer::kTaken;
}

Answer Dispatcher::refuse_turn(WorkerId worker, model::TurnToken token, std::string why) {
  if (!finish<model::TurnItem>(worker, token)) return Answer::kNotHeld;
  {
    // The next try should rather be somebody else's.
    const std::lock_guard lock(mutex_);
    sticky_.erase(token.key);
  }
  sink_.post(model::RefuseTurn{std::move(token), std::move(why)});
  return Answer::kTaken;
}

Answer Dispatcher::complete_activity(WorkerId worker, model::ActivityToken token,
                                     std::variant<model::Payload, model::Failure> outcome) {
  if (!finish<model::ActivityItem>(worker, token)) return Answer::kNotHeld;
  sink_.post(model::CompleteActivity{std::move(token), std::move(outcome)});
  return Answer::kTaken;
}

Answer Dispatcher::give_back(WorkerId worker, model::WorkToken token) {
  const auto* turn = std::get_if<model::TurnToken>(&token);
  const bool held =
      turn != nullptr ? finish<model::TurnItem>(worker, *turn)
                      : finish<model::ActivityItem>(worker, std::get<model::ActivityToken>(token));
  if (!held) return Answer::kNotHeld;
  sink_.post(model::ReturnWork{std::move(token)});
  return Answer::kTaken;
}

bool Dispatcher::is_withdrawn(const model::WorkToken& token) const {
  const std::lock_guard lock(mutex_);
  const auto* turn = std::get_if<model::TurnToken>(&token);
  return turn != nullptr ? turns_.is_withdrawn(*turn)
                         : activities_.is_withdrawn(std::get<model::ActivityToken>(token));
}

}  // namespace perdure::dispatch

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "world/worker.h"

#include <fmt/format.h>

#include <utility>

#include "batch.h"
#include "model/entity.h"

namespace perdure::sim {
namespace {

constexpr base::Duration kPullLatencyMax = base::microseconds(100);
constexpr base::Duration kTurnMax = base::milliseconds(2);
constexpr base::Duration kActivityMax = base::milliseconds(20);
constexpr base::Duration kDeadMax = base::milliseconds(500);
constexpr std::size_t kPageBytes = 600;

}  // namespace

Worker::Worker(Scene& scene, Node& node, const Registry& functions, Bodies& bodies, int number)
    : scene_(scene),
      node_(node),
      functions_(functions),
      bodies_(bodies),
      name_(fmt::format("worker {}", number)),
      turns_max_(1 + scene.random.below(8)),
      activities_max_(1 + scene.random.below(8)) {}

// ---- coming and going ---------------------------------------------------------------------------

void Worker::attach() {
  if (attached_ || !node_.up()) return;
  id_ = node_.engine().dispatcher().attach({.turns_max = turns_max_,
                                            .activities_max = activities_max_,
                                            .orchestrations = {},
                                            .activities = {},
                                            .wakeup = [this] { look(); },
                                            .withdrawn = {}});
  attached_ = true;
  node_.poke();
  look();
}

void Worker::lose_node() {
  ++life_;
  attached_ = false;
  pull_planned_ = false;
  // What its coroutines saw last may never have become durable.
  held_.clear();
}

void Worker::die() {
  scene_.count(Counted::kWorkerDied);
  scene_.note(name_, "dies");
  const bool was_attached = attached_;
  lose_node();
  if (was_attached && node_.up()) {
    node_.engine().dispatcher().detach(id_);
    node_.poke();
  }
  scene_.agenda.after(scene_.some(kDeadMax), [this] { attach(); });
}

bool Worker::is_here(std::uint64_t life) const { return attached_ && life == life_ && node_.up(); }

// ---- pulling ------------------------------------------------------------------------------------

void Worker::look() {
  if (attached_) plan_pull();
}

void Worker::plan_pull() {
  if (pull_planned_) return;
  pull_planned_ = true;
  scene_.agenda.after(scene_.some(kPullLatencyMax), [this, life = life_] {
    if (is_here(life)) pull();
  });
}

void Worker::pull() {
  pull_planned_ = false;
  auto items = node_.engine().dispatcher().try_pull(id_, dispatch::Kinds::kBoth,
                                                    turns_max_ + activities_max_);
  // A pull may ask for hand-outs to be counted.
  node_.poke();
  for (model::WorkItem& item : items) work(std::move(item));
}

void Worker::work(model::WorkItem item) {
  const bool is_turn = std::holds_alternative<model::TurnItem>(item);
  base::Duration takes = scene_.some(is_turn ? kTurnMax : kActivityMax);
  if (!is_turn && scene_.strikes(scene_.faults.activity_slow)) {
    takes = scene_.some(scene_.faults.activity_slow_max);
  }
  scene_.agenda.after(takes, [this, life = life_, item = std::move(item)]() mutable {
    if (is_here(life)) finish(std::move(item));
  });
}

void Worker::finish(model::WorkItem item) {
  if (scene_.strikes(scene_.faults.worker_dies)) return die();
  dispatch::Dispatcher& dispatcher = node_.engine().dispatcher();
  if (scene_.strikes(scene_.faults.gives_back)) {
    scene_.count(Counted::kGivenBack);
    std::visit([&](auto& one) { dispatcher.give_back(id_, one.token); }, item);
  } else if (auto* turn = std::get_if<model::TurnItem>(&item)) {
    model::is_entity_id(turn->name) ? run_batch(*turn) : run_turn(*turn);
  } else {
    run_activity(std::get<model::ActivityItem>(item));
  }
  node_.poke();
  look();
}

// ---- activities ---------------------------------------------------------------------------------

void Worker::run_activity(model::ActivityItem& item) {
  dispatch::Dispatcher& dispatcher = node_.engine().dispatcher();
  const model::ActivityToken token = item.token;
  if (!node_.engine().resolve(item)) {  // its history is gone: nobody waits
    dispatcher.give_back(id_, token);
    return;
  }
  auto outcome = bodies_.run(item, node_.crashes());
  scene_.note(name_, "ran activity of", token.key.id, static_cast<std::uint64_t>(token.task.value));
  if (scene_.strikes(scene_.faults.answers_late)) {
    // Its lease goes first; then it answers all the same.
    scene_.count(Counted::kAnsweredLate);
    bodies_.lost(token);
    const dispatch::WorkerId before = id_;
    die();
    scene_.agenda.after(scene_.some(kDeadMax), [this, life = node_.life(), before, token,
                                                outcome = std::move(outcome)]() mutable {
      if (life != node_.life() || !node_.up()) return;
      const auto answer = node_.engine().dispatcher().complete_activity(before, token, outcome);
      scene_.verdict.require(answer == dispatch::Answer::kNotHeld, Invariant::kOutcome,
                             "an answer without a lease was taken");
    });
    return;
  }
  const bool twice = scene_.strikes(scene_.faults.answers_twice);
  dispatcher.complete_activity(id_, token, outcome);
  if (!twice) return;
  scene_.count(Counted::kAnsweredTwice);
  const auto again = dispatcher.complete_activity(id_, token, model::Payload("\"twice\""));
  scene_.verdict.require(again == dispatch::Answer::kNotHeld, Invariant::kOutcome,
                         "a second answer was taken");
}

// ---- turns --------------------------------------------------------------------------------------

std::unique_ptr<internal::Run> Worker::run_for(const model::TurnItem& item, std::string& why_not) {
  const model::TurnToken& token = item.token;
  if (auto held = held_.extract(token.key); !held.empty()) {
    const bool fits = held.mapped()->events() == token.past_events &&
                      held.mapped()->execution() == token.execution;
    const bool forgotten = scene_.strikes(scene_.faults.forgets);
    if (forgotten) scene_.count(Counted::kForgotten);
    if (fits && !forgotten) return std::move(held.mapped());
  }
  const auto* function = functions_.find_orchestration(item.name);
  PERDURE_CHECK(function != nullptr, "an orchestration that nobody wrote");
  auto run = std::make_unique<internal::Run>(*function, token.key, token.execution);
  while (run->events() < token.past_events) {
    auto page = node_.engine().read_history(token, run->events(), kPageBytes);
    if (!page || page->events.empty()) return nullptr;  // it was replaced meanwhile
    if (auto replayed = run->replay(std::move(page->events)); !replayed) {
      why_not = replayed.error().message;
      return nullptr;
    }
  }
  return run;
}

bool Worker::refuses(const model::TurnToken& token) {
  if (!scene_.strikes(scene_.faults.disagrees)) return false;
  scene_.count(Counted::kDisagreed);
  scene_.note(name_, "disagrees with", token.key.id, token.past_events);
  node_.engine().dispatcher().refuse_turn(id_, token, "this worker has other code");
  return true;
}

void Worker::run_turn(model::TurnItem& item) {
  dispatch::Dispatcher& dispatcher = node_.engine().dispatcher();
  const model::TurnToken token = item.token;
  scene_.verdict.require(bodies_.gave_results_of(item), Invariant::kOutcome,
                         "a turn is told of a result that nobody gave it");
  if (refuses(token)) return;
  std::string why_not;
  std::unique_ptr<internal::Run> run = run_for(item, why_not);
  if (run == nullptr) {
    if (why_not.empty()) {
      dispatcher.give_back(id_, token);
    } else {
      disagree(token, why_not);
    }
    return;
  }
  auto result = run->turn(std::move(item.new_events));
  if (!result) {
    return disagree(token, result.error().message);
  }
  scene_.note(name_, "ran turn of", token.key.id, token.past_events);
  if (!run->ended()) held_.insert_or_assign(token.key, std::move(run));
  answer(token, *std::move(result));
}

/// The history is not what this code decides. Right only after nonsense was decided before.
void Worker::disagree(const model::TurnToken& token, const std::string& why) {
  const bool spoiled = steered_freely(token.key) && scene_.faults.garbage > 0;
  scene_.verdict.require(spoiled, Invariant::kReplay,
                         fmt::format("instance '{}': {}", token.key.id, why));
  node_.engine().dispatcher().refuse_turn(id_, token, why);
}

void Worker::run_batch(model::TurnItem& item) {
  const model::TurnToken token = item.token;
  if (refuses(token)) return;
  const auto* function = functions_.find_entity(std::string_view(item.name).substr(1));
  PERDURE_CHECK(function != nullptr, "an entity that nobody wrote");
  model::TurnResult result = internal::run_batch(*function, item);
  scene_.note(name_, "ran batch of", token.key.id, token.past_events);
  if (!scene_.strikes(scene_.faults.answers_late)) return answer(token, std::move(result));
  // Its lease goes first; then it answers all the same.
  scene_.count(Counted::kAnsweredLate);
  const dispatch::WorkerId before = id_;
  die();
  scene_.agenda.after(scene_.some(kDeadMax), [this, life = node_.life(), before, token,
                                              result = std::move(result)]() mutable {
    if (life != node_.life() || !node_.up()) return;
    const auto taken = node_.engine().dispatcher().complete_turn(before, token, std::move(result));
    scene_.verdict.require(taken == dispatch::Answer::kNotHeld, Invariant::kAtomic,
                           "an answer to a batch without a lease was taken");
  });
}

/// A decision that no code can make. Only where the workload bears that the instance fails of it.
void Worker::spoil(model::TurnResult& result) {
  scene_.count(Counted::kGarbage);
  if (auto* operated = std::get_if<model::Operated>(&result.outcome)) {
    switch (scene_.random.below(4)) {
      case 0: operated->results.clear(); return;
      case 1: operated->results.resize(operated->results.size() + 1'000); return;
      case 2: result.outcome = model::Completed{.output = "\"nonsense\""}; return;
      default: break;
    }
  }
  model::ActivityScheduled action{.task = model::TaskId{-1},
                                  .name = "work",
                                  .version = {},
                                  .input = {},
                                  .tags = {},
                                  .trace_parent = {}};
  if (scene_.random.chance(50)) action.task = model::TaskId{1'000'000};
  if (scene_.random.chance(30)) action.name.assign(10'000, 'x');
  result.actions.emplace_back(std::move(action));
}

void Worker::answer(const model::TurnToken& token, model::TurnResult result) {
  dispatch::Dispatcher& dispatcher = node_.engine().dispatcher();
  if (steered_freely(token.key) && scene_.strikes(scene_.faults.garbage)) {
    spoil(result);
    held_.erase(token.key);
  }
  if (scene_.strikes(scene_.faults.answers_twice)) {
    scene_.count(Counted::kAnsweredTwice);
    dispatcher.complete_turn(id_, token, result);
    const auto again = dispatcher.complete_turn(id_, token, std::move(result));
    scene_.verdict.require(again == dispatch::Answer::kNotHeld, Invariant::kAtomic,
                           "a second answer to a turn was taken");
    return;
  }
  dispatcher.complete_turn(id_, token, std::move(result));
}

}  // namespace perdure::sim

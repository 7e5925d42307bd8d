// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/world.h"

#include <utility>

#include "base/check.h"
#include "engine/testing/script.h"

namespace perdure::engine::testing {

World::World(WorldOptions with)
    : log(std::make_shared<store::log::memory::LogDisk>()),
      table(std::make_shared<store::table::memory::TableDisk>()),
      options(std::move(with)) {
  options.store.shard_count = options.shards;
  options.engine.on_fatal = [this](const base::Error& error) { fatal = error; };
  open();
}

void World::open() {
  auto store =
      store::Store::open(options.store, std::make_unique<store::log::memory::MemoryLog>(log),
                         std::make_unique<store::table::memory::MemoryTable>(table));
  PERDURE_CHECK(store.has_value(), store.error().message);
  auto opened = Engine::open(options.engine, *std::move(store), clock);
  PERDURE_CHECK(opened.has_value(), opened.error().message);
  engine = *std::move(opened);
  worker = engine->dispatcher().attach({.turns_max = 1000, .activities_max = 1000});
}

void World::crash(store::log::memory::Tail tail) {
  engine.reset();
  log->crash(tail);
  open();
}

void World::replace_worker() {
  engine->dispatcher().detach(worker);
  worker = engine->dispatcher().attach({.turns_max = 1000, .activities_max = 1000});
}

World::Answer World::ask(model::Command command) {
  auto answer = std::make_shared<std::optional<model::ReplyBody>>();
  engine->request(std::move(command), [answer](model::ReplyBody body) {
    PERDURE_CHECK(!*answer, "a caller is answered twice");
    *answer = std::move(body);
  });
  return answer;
}

World::Answer World::start(const std::string& id, const std::string& name,
                           const std::string& input) {
  model::StartInstance start;
  start.key = key(id);
  start.started.name = name;
  start.started.input = input;
  return ask(std::move(start));
}

World::Answer World::raise(const std::string& id, const std::string& payload) {
  return ask(model::RaiseEvent{.request = {}, .key = key(id), .event = {"go", payload}});
}

World::Answer World::get(const std::string& id) {
  return ask(model::GetInstance{.request = {}, .key = key(id)});
}

model::InstanceSnapshot World::snapshot(const std::string& id) {
  const Answer answer = get(id);
  engine->run_until_idle();
  const auto* snapshot = answered<model::InstanceSnapshot>(answer);
  PERDURE_CHECK(snapshot != nullptr, "no instance " + id);
  return *snapshot;
}

std::vector<model::Event> World::history(const std::string& id) {
  std::vector<model::Event> events;
  for (std::optional<model::EventNumber> next = 0; next;) {
    auto page = engine->history(key(id), *next, 500);
    PERDURE_CHECK(page.has_value(), page.error().message);
    for (model::Event& event : page->events) events.push_back(std::move(event));
    next = page->next;
  }
  return events;
}

std::vector<model::WorkItem> World::pull(std::size_t count_max) {
  return engine->dispatcher().try_pull(worker, dispatch::Kinds::kBoth, count_max);
}

dispatch::Answer World::run(model::WorkItem item) {
  dispatch::Dispatcher& dispatcher = engine->dispatcher();
  if (auto* activity = std::get_if<model::ActivityItem>(&item)) {
    const auto resolved = engine->resolve(*activity);
    if (!resolved) return dispatcher.give_back(worker, activity->token);
    PERDURE_CHECK(std::get<model::Payload>(activity->input) == "in", "the input is another one");
    return dispatcher.complete_activity(worker, activity->token, model::Payload{"out"});
  }
  auto& turn = std::get<model::TurnItem>(item);
  std::vector<model::Event> events;
  while (events.size() < turn.token.past_events) {
    auto page = engine->read_history(turn.token, events.size(), 5000);
    if (!page) return dispatcher.give_back(worker, turn.token);
    for (model::Event& event : page->events) events.push_back(std::move(event));
  }
  for (model::Event& event : turn.new_events) events.push_back(std::move(event));
  return dispatcher.complete_turn(worker, turn.token, decide(events));
}

std::size_t World::work(std::size_t count_max) {
  std::vector<model::WorkItem> items = pull(count_max);
  for (model::WorkItem& item : items) run(std::move(item));
  return items.size();
}

std::size_t World::begin_fan(const std::string& id, const std::string& width) {
  start(id, "fan", width);
  engine->run_until_idle();
  const std::size_t ran = work();
  engine->run_until_idle();
  return ran;
}

void World::settle() {
  for (bool going = true; going;) {
    engine->run_until_idle();
    going = work() > 0;
    // A pull may have asked for redeliveries to be counted.
    going = engine->step() || going;
  }
}

void World::settle_for_ever() {
  for (settle(); engine->next_timer() != base::kEndOfTime; settle()) {
    clock.advance_to(engine->next_timer());
  }
}

}  // namespace perdure::engine::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/testing/stage.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/testing/script.h"
#include "model/entity.h"
#include "store/log/memory/memory_log.h"
#include "store/store.h"
#include "store/table/memory/memory_table.h"

namespace perdure::transport::http::testing {
namespace {

std::unique_ptr<engine::Engine> open_engine(const runtime::Clock& clock) {
  store::StoreOptions options;
  options.shard_count = 8;
  auto store = store::Store::open(options,
                                  std::make_unique<store::log::memory::MemoryLog>(
                                      std::make_shared<store::log::memory::LogDisk>()),
                                  std::make_unique<store::table::memory::MemoryTable>(
                                      std::make_shared<store::table::memory::TableDisk>()));
  PERDURE_CHECK(store.has_value(), store.error().message);
  auto engine = engine::Engine::open({}, *std::move(store), clock);
  PERDURE_CHECK(engine.has_value(), engine.error().message);
  (*engine)->start_threads();
  return *std::move(engine);
}

model::Operated operate(const model::TurnItem& turn) {
  model::Operated done{.results = {}, .state = turn.state};
  for (const model::Event& event : turn.new_events) {
    const auto* operation = std::get_if<model::OperationRequested>(&event.body);
    if (operation == nullptr) continue;
    if (operation->operation == "boom") {
      done.results.emplace_back(
          model::Failure{.type = "test", .message = "boom", .stack = {}, .inner = {}});
      continue;
    }
    if (operation->operation == "delete") {
      done.state.reset();
      done.results.emplace_back(model::Payload{});
      continue;
    }
    long sum = std::atol(done.state.value_or("0").c_str());
    if (operation->operation == "add") sum += std::atol(operation->input.value_or("1").c_str());
    done.state = std::to_string(sum);
    done.results.emplace_back(done.state);
  }
  return done;
}

/// A script that was given a number of this kind would go on for ever, or nearly.
bool is_endless(const std::vector<model::Event>& events) {
  constexpr long kCountMax = 1000;
  for (const model::Event& event : events) {
    const auto* started = std::get_if<model::ExecutionStarted>(&event.body);
    if (started == nullptr) continue;
    const long count = std::atol(started->input.value_or("0").c_str());
    return count < 0 || count > kCountMax;
  }
  return false;
}

void run(engine::Engine& engine, dispatch::WorkerId worker, model::WorkItem item) {
  dispatch::Dispatcher& dispatcher = engine.dispatcher();
  if (auto* activity = std::get_if<model::ActivityItem>(&item)) {
    dispatcher.complete_activity(worker, activity->token, model::Payload{"\"out\""});
    return;
  }
  auto& turn = std::get<model::TurnItem>(item);
  if (turn.name.starts_with('@')) {
    model::TurnResult result;
    result.outcome = operate(turn);
    dispatcher.complete_turn(worker, turn.token, std::move(result));
    return;
  }
  std::vector<model::Event> events;
  while (events.size() < turn.token.past_events) {
    auto page = engine.read_history(turn.token, events.size());
    if (!page) {
      dispatcher.give_back(worker, turn.token);
      return;
    }
    for (model::Event& event : page->events) events.push_back(std::move(event));
  }
  for (model::Event& event : turn.new_events) events.push_back(std::move(event));
  model::TurnResult result;
  if (is_endless(events)) {
    result.outcome =
        model::Failed{{.type = "test", .message = "too much for a test", .stack = {}, .inner = {}}};
  } else {
    result = engine::testing::decide(events);
  }
  dispatcher.complete_turn(worker, turn.token, std::move(result));
}

}  // namespace

Stage::Stage(ListenerOptions options, SiteOptions site)
    : engine_(open_engine(clock_)),
      hubs_(*engine_, 2),
      service_(hubs_, guard_, clock_, std::move(site)) {
  auto listener = Listener::open(std::move(options), service_.handler(), clock_);
  PERDURE_CHECK(listener.has_value(), listener.error().message);
  listener_ = *std::move(listener);
  worker_ = runtime::Thread("test-worker", [this] { work(); });
}

Stage::~Stage() {
  stopping_ = true;
  worker_.join();
  PERDURE_CHECK(engine_->stop(base::seconds(5)).has_value(), "the engine stops in order");
  listener_.reset();
}

void Stage::work() {
  constexpr std::size_t kItemsMax = 100;
  dispatch::Dispatcher& dispatcher = engine_->dispatcher();
  const auto worker = dispatcher.attach({.turns_max = kItemsMax, .activities_max = kItemsMax});
  while (!stopping_) {
    for (model::WorkItem& item :
         dispatcher.pull(worker, dispatch::Kinds::kBoth, kItemsMax, base::milliseconds(50))) {
      run(*engine_, worker, std::move(item));
    }
  }
  dispatcher.detach(worker);
}

}  // namespace perdure::transport::http::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine with its threads, workers with theirs, and clients: for the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "engine/engine.h"
#include "engine/testing/script.h"
#include "runtime/thread.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"

namespace perdure::engine {
namespace {

class Threaded {
 public:
  explicit Threaded(std::uint32_t executors) {
    auto store = store::Store::open({.checkpoint_at_bytes = 100'000, .shard_count = 8},
                                    std::make_unique<store::log::memory::MemoryLog>(log),
                                    std::make_unique<store::table::memory::MemoryTable>(
                                        std::make_shared<store::table::memory::TableDisk>()));
    EngineOptions options{.executors = executors};
    options.gather = {.history_events_min = 3, .turn_min = {}};
    options.on_fatal = [this](const base::Error&) { fatal.count_down(); };
    engine = *Engine::open(std::move(options), *std::move(store), clock);
    engine->start_threads();
    for (int i = 0; i < 2; ++i) workers.emplace_back("worker", [this] { work(); });
  }

  ~Threaded() {
    engine->dispatcher().close();
    workers.clear();
  }

  void work() {
    const dispatch::WorkerId worker =
        engine->dispatcher().attach({.turns_max = 64, .activities_max = 64});
    for (;;) {
      auto items = engine->dispatcher().pull(worker, dispatch::Kinds::kBoth, 16, base::seconds(60));
      if (items.empty()) break;
      for (model::WorkItem& item : items) {
        // Whoever hands in its last answer may drive the engine.
        const bool helps = &item == &items.back() && engine->attend();
        if (helps) helped.fetch_add(1);
        const bool expected = helps && engine->dispatcher().expect(worker, dispatch::Kinds::kBoth);
        run(worker, item);
        if (helps) engine->help();
        if (expected) engine->dispatcher().expected();
      }
    }
    engine->dispatcher().detach(worker);
  }

  void run(dispatch::WorkerId worker, model::WorkItem& item) {
    if (auto* activity = std::get_if<model::ActivityItem>(&item)) {
      engine->dispatcher().complete_activity(worker, activity->token, model::Payload{"out"});
      return;
    }
    auto& turn = std::get<model::TurnItem>(item);
    std::vector<model::Event> events;
    while (events.size() < turn.token.past_events) {
      auto page = engine->read_history(turn.token, events.size());
      if (!page) {
        engine->dispatcher().give_back(worker, turn.token);
        return;
      }
      for (model::Event& event : page->events) events.push_back(std::move(event));
    }
    for (model::Event& event : turn.new_events) events.push_back(std::move(event));
    engine->dispatcher().complete_turn(worker, turn.token, testing::decide(events));
  }

  static model::StartInstance start(int i, const std::string& name, const std::string& input) {
    model::StartInstance start;
    start.key = {"h", name + std::to_string(i)};
    start.started.name = name;
    start.started.input = input;
    return start;
  }

  /// Starts, and counts down when it has ended.
  void run_one(int i, const std::string& name, const std::string& input, std::latch& done) {
    engine->request(start(i, name, input), [](model::ReplyBody) {});
    engine->request(model::AwaitInstance{.request = {},
                                         .key = {"h", name + std::to_string(i)},
                                         .until = model::Until::kEnded,
                                         .wait_if_unknown = true},
                    [&done, this, name, input](model::ReplyBody body) {
                      const auto* snapshot = std::get_if<model::InstanceSnapshot>(&body);
                      if (snapshot != nullptr &&
                          snapshot->record.output == testing::expected_output(name, input)) {
                        ++right;
                      }
                      done.count_down();
                    });
  }

  runtime::SystemClock clock;
  std::shared_ptr<store::log::memory::LogDisk> log =
      std::make_shared<store::log::memory::LogDisk>();
  std::atomic<int> right = 0;
  std::atomic<int> helped = 0;
  std::latch fatal{1};
  std::unique_ptr<Engine> engine;
  std::vector<runtime::Thread> workers;
};

class Threads : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Threads, RunEveryInstanceToItsEndAndStopInOrder) {
  constexpr int kInstances = 40;
  static constexpr const char* kNames[] = {"chain", "fan", "nap", "parent", "again"};
  Threaded threaded(GetParam());
  std::latch done(kInstances * 5);
  std::vector<runtime::Thread> clients;
  for (int c = 0; c < 2; ++c) {
    clients.emplace_back("client", [&, c] {
      for (int i = c; i < kInstances; i += 2) {
        for (const char* name : kNames) threaded.run_one(i, name, "5", done);
        EXPECT_TRUE(threaded.engine->list({.hub = "h"}, {}).has_value());
      }
    });
  }
  clients.clear();
  done.wait();
  EXPECT_EQ(threaded.right, kInstances * 5);
  EXPECT_EQ(threaded.engine->stats().rescues, 0U);
  EXPECT_TRUE(threaded.engine->stop(base::seconds(10)).has_value());
}

/// One at a time: nearly every step is driven by the thread that handed its cause in.
TEST_P(Threads, OfWorkersDriveTheEngineWhileNobodyElseDoes) {
  constexpr int kInstances = 20;
  Threaded threaded(GetParam());
  for (int i = 0; i < kInstances; ++i) {
    for (const char* name : {"chain", "nap", "fan"}) {
      std::latch done(1);
      threaded.run_one(i, name, "5", done);
      done.wait();
    }
  }
  EXPECT_EQ(threaded.right, kInstances * 3);
  EXPECT_EQ(threaded.helped > 0, GetParam() == 1) << threaded.helped;
  EXPECT_EQ(threaded.engine->stats().rescues, 0U);
  EXPECT_TRUE(threaded.engine->stop(base::seconds(10)).has_value());
}

TEST_P(Threads, TellEveryCallerWhenTheStoreFails) {
  Threaded threaded(GetParam());
  std::latch done(20);
  threaded.log->break_append_after(3, store::log::memory::Fault::kSyncFailed);
  for (int i = 0; i < 20; ++i) threaded.run_one(i, "chain", "50", done);
  done.wait();
  threaded.fatal.wait();
  EXPECT_FALSE(threaded.engine->list({.hub = "h"}, {}).has_value());
}

INSTANTIATE_TEST_SUITE_P(Executors, Threads, ::testing::Values(1U, 3U));

}  // namespace
}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the coroutines themselves cost: no engine, no store. One iteration is one orchestration;
// `steps` are activities scheduled and completed per second.
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

#include "perdure/registry.h"
#include "runner.h"

namespace perdure::internal {
namespace {

Task<int> chain(Orchestration& ctx, int steps) {
  int value = 0;
  for (int i = 0; i < steps; ++i) value = co_await ctx.call<int>("step", value);
  co_return value;
}

Task<int> fan_out(Orchestration& ctx, int width) {
  std::vector<int> inputs(static_cast<std::size_t>(width), 1);
  const std::vector<int> values = co_await ctx.all(ctx.map<int>("step", inputs));
  co_return static_cast<int>(values.size());
}

std::vector<model::Event> first_turn(int input) {
  std::vector<model::Event> events(2);
  events[0].body = model::TurnStarted{};
  events[1].body = model::ExecutionStarted{.name = "bench",
                                           .version = {},
                                           .input = std::to_string(input),
                                           .tags = {},
                                           .parent = {},
                                           .scheduled_start = {},
                                           .trace_parent = {}};
  return events;
}

/// All turns on one held Run, completing whatever was scheduled. Appends the history, if asked to.
std::uint64_t play(const OrchestrationFunction& function, int input,
                   std::vector<model::Event>* history) {
  Run run(function, {"hub", "instance"}, model::Execution{1});
  std::vector<model::Event> events = first_turn(input);
  std::uint64_t steps = 0;
  while (!events.empty()) {
    if (history != nullptr) history->insert(history->end(), events.begin(), events.end());
    auto result = run.turn(std::move(events));
    events.clear();
    if (!std::holds_alternative<model::Waiting>(result->outcome)) break;
    events.emplace_back().body = model::TurnStarted{};
    for (model::Action& action : result->actions) {
      auto& scheduled = std::get<model::ActivityScheduled>(action);
      events.emplace_back().body = model::ActivityCompleted{scheduled.task, "7"};
      ++steps;
      if (history != nullptr) history->emplace_back().body = std::move(scheduled);
    }
  }
  return steps;
}

void held_chain(benchmark::State& state) {
  const OrchestrationFunction function = make_orchestration(chain);
  std::uint64_t steps = 0;
  for (auto _ : state) steps += play(function, static_cast<int>(state.range(0)), nullptr);
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}
BENCHMARK(held_chain)->Arg(5)->Arg(100);

void held_fan_out(benchmark::State& state) {
  const OrchestrationFunction function = make_orchestration(fan_out);
  std::uint64_t steps = 0;
  for (auto _ : state) steps += play(function, static_cast<int>(state.range(0)), nullptr);
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}
BENCHMARK(held_fan_out)->Arg(5)->Arg(1000);

/// The copy of the history is part of it: a replayed history was just decoded, too.
void replayed_chain(benchmark::State& state) {
  const OrchestrationFunction function = make_orchestration(chain);
  std::vector<model::Event> history;
  play(function, static_cast<int>(state.range(0)), &history);
  for (auto _ : state) {
    Run run(function, {"hub", "instance"}, model::Execution{1});
    benchmark::DoNotOptimize(run.replay(history));
  }
  state.counters["events"] = benchmark::Counter(
      static_cast<double>(history.size()) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(replayed_chain)->Arg(5)->Arg(1000);

}  // namespace
}  // namespace perdure::internal

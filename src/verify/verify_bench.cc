// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How fast the checkers are, by model, operations of a history, and clients.
#include <benchmark/benchmark.h>

#include "verify/testing/histories.h"

namespace perdure::verify {
namespace {

constexpr std::uint64_t kSeeds = 20;

void judge(benchmark::State& state, Model model) {
  std::vector<std::vector<Operation>> histories;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    histories.push_back(
        testing::correct_history(seed,
                                 {.processes = static_cast<std::size_t>(state.range(1)),
                                  .operations = static_cast<std::size_t>(state.range(0))},
                                 model));
  }
  std::size_t next = 0;
  std::int64_t operations = 0;
  std::int64_t steps = 0;
  for (auto _ : state) {
    const auto& history = histories[next++ % histories.size()];
    const auto report = check(history, model);
    if (!report || report->verdict != Verdict::kHolds) {
      state.SkipWithError("a correct history was not accepted");
      break;
    }
    operations += static_cast<std::int64_t>(history.size());
    steps += static_cast<std::int64_t>(report->steps);
  }
  state.SetItemsProcessed(operations);
  state.counters["places/op"] = static_cast<double>(steps) / static_cast<double>(operations);
}

BENCHMARK_CAPTURE(judge, register, Model::kRegister)->Args({100, 8})->Args({10'000, 8});
BENCHMARK_CAPTURE(judge, instance, Model::kInstance)->Args({100, 8})->Args({1'000, 8});
BENCHMARK_CAPTURE(judge, sequence, Model::kSequence)->Args({10'000, 8});
BENCHMARK_CAPTURE(judge, set, Model::kSet)->Args({10'000, 8});
BENCHMARK_CAPTURE(judge, transactions, Model::kTransactions)->Args({100, 8})->Args({1'000, 8});

}  // namespace
}  // namespace perdure::verify

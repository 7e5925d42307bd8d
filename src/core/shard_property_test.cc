// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Random stories over a few instances and shards, with every law asked after every step. The seed
// of a story that breaks one is printed; PERDURE_SEED=n plays only that one, and PERDURE_SEEDS=n
// plays so many.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/testing/chaos.h"

namespace perdure::core::testing {
namespace {

constexpr std::uint64_t kSeeds = 400;
constexpr std::uint64_t kParts = 4;
constexpr int kStepsPerSeed = 200;

// A broken PERDURE_CHECK aborts: then the seed must be told by the signal handler.
volatile std::sig_atomic_t seed_playing = 0;

void tell_seed(int) {
  std::fprintf(stderr, "PERDURE_SEED=%d\n", static_cast<int>(seed_playing));
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// False: a law is broken.
bool play(std::uint64_t seed) {
  seed_playing = static_cast<int>(seed);
  Chaos chaos(Choices::from_seed(seed));
  for (int i = 0; i < kStepsPerSeed && chaos.broken().empty(); ++i) chaos.step();
  if (chaos.broken().empty()) chaos.finish();
  if (chaos.broken().empty()) return true;
  std::string story;
  for (const std::string& line : chaos.log()) story += "  " + line + "\n";
  for (const std::string& law : chaos.broken()) story += "BROKEN " + law + "\n";
  ADD_FAILURE() << "PERDURE_SEED=" << seed << "\n" << story;
  return false;
}

/// The seeds in parts, so that they run side by side.
class Shard : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Shard, KeepsItsLawsInRandomStories) {
  std::signal(SIGABRT, tell_seed);
  if (std::getenv("PERDURE_SEED") != nullptr) {
    if (GetParam() == 0) play(number_from("PERDURE_SEED", 0));
  } else {
    const std::uint64_t seeds = number_from("PERDURE_SEEDS", kSeeds);
    for (std::uint64_t seed = 1 + GetParam(); seed <= seeds; seed += kParts) {
      if (!play(seed)) break;
    }
  }
  std::signal(SIGABRT, SIG_DFL);
}

INSTANTIATE_TEST_SUITE_P(Part, Shard, ::testing::Range(std::uint64_t{0}, kParts),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace perdure::core::testing

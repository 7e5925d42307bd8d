// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One seed, from the first draw to the verdict, in two phases. Safety: anything may fail. Liveness:
// the faults are over, and everything must end. Then the rows are judged.
//
// The same seed gives the same run, event for event. Pure but for the lines it may be told to
// write; several may run at once on several threads.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "faults.h"
#include "invariants.h"

namespace perdure::sim {

/// A run that has not come to rest after so many events never will.
inline constexpr std::uint64_t kEventsMax = 300'000;

enum class World : std::uint8_t { kNode, kCluster };

struct RunOptions {
  std::uint64_t seed = 0;
  /// Absent: drawn from the seed.
  std::optional<std::string> workload;
  std::optional<World> world;  // absent: as the seed draws
  std::FILE* lines = nullptr;
};

struct Outcome {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  base::Duration virtual_time;
  Tally tally;
  std::vector<Breach> breaches;
};

Outcome run_seed(const RunOptions& options);

}  // namespace perdure::sim

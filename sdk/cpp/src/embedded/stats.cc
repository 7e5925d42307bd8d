// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "embedded/stats.h"

namespace perdure::embedded {

HostStats to_public(const engine::EngineStats& stats, std::uint64_t replays) {
  HostStats out;
  out.turns = stats.turns;
  out.activities = stats.activities;
  out.commits = stats.commits;
  out.replays = replays;
  out.rescued = stats.rescues;
  out.instances_in_memory = stats.instances;
  out.memory_bytes = stats.memory_bytes;
  return out;
}

}  // namespace perdure::embedded

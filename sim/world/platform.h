// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients see of a simulated world: one node with an engine (world/node.h), or several that
// share a store (cluster/cluster.h). The workloads are the same.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/time.h"
#include "core/testing/rows.h"
#include "model/command.h"
#include "model/effect.h"
#include "model/event.h"

namespace perdure::sim {

class Platform {
 public:
  virtual ~Platform() = default;

  /// Begins to live, and to suffer the scene's faults.
  virtual void boot() = 0;
  /// No faults from here on; every process starts once more.
  virtual void heal() = 0;
  /// The end: answers the rows that are left. REQUIRES: healed, and at rest.
  virtual core::testing::RowMap inspect() = 0;

  /// A command arrives. The reply may never come.
  virtual void request(model::Command command, std::function<void(model::ReplyBody)> reply) = 0;
  /// The events of a history from `from` on, some of them; none if nobody can say now.
  virtual std::vector<model::Event> read_history(const model::InstanceKey& key,
                                                 model::EventNumber from,
                                                 std::size_t bytes_max) = 0;
  /// What some clock of it says.
  [[nodiscard]] virtual base::Timestamp wall() const = 0;
  /// Starts after a crash so far.
  [[nodiscard]] virtual std::uint64_t crashes() const = 0;
};

}  // namespace perdure::sim

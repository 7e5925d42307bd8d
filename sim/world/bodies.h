// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The outside world that activities act upon: it remembers every time a body ran, whoever lost its
// answer afterwards. Each run gives a result that no other run gives, so that a result in a history
// says which run it came from.
//
//   work   succeeds
//   guess  the same; it is called speculatively
//   flaky  fails as long as the instance, or the one at the root of its tree, is not repaired
//
// Not thread-safe; cannot fail.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "model/payload.h"
#include "model/work_item.h"

namespace perdure::sim {

class Bodies final {
 public:
  /// An execution of one scheduled activity, whatever attempt.
  struct Task {
    model::InstanceKey key;
    model::Execution execution;
    model::TaskId task;

    friend auto operator<=>(const Task&, const Task&) = default;
  };
  /// Absent: the item did not carry it.
  using Input = std::optional<model::Payload>;
  struct Runs {
    std::uint64_t count = 0;
    std::uint64_t losses = 0;          // answers that may not have arrived: a worker died, ...
    std::uint64_t crashes_before = 0;  // of the node, when it ran first
    std::set<model::Attempt> attempts;
    std::uint64_t repeated = 0;  // runs under the number of an earlier attempt
    bool speculative = false;
    std::map<std::string, Input> results;  // as encoded; of what
    std::set<Input> inputs;
  };

  /// Runs the body. `crashes`: of the node so far.
  std::variant<model::Payload, model::Failure> run(const model::ActivityItem& item,
                                                   std::uint64_t crashes);
  /// The answer of a run may be lost.
  void lost(const model::ActivityToken& token);
  /// Every result that a turn is told of is one that a run for its own execution gave.
  [[nodiscard]] bool gave_results_of(const model::TurnItem& turn) const;
  /// From now on `flaky` succeeds for this instance.
  void repair(const std::string& id) { repaired_.insert(id); }

  [[nodiscard]] const std::map<Task, Runs>& runs() const { return runs_; }

 private:
  std::map<Task, Runs> runs_;
  std::set<std::string> repaired_;
  std::uint64_t last_ = 0;
};

}  // namespace perdure::sim

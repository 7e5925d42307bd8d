// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The timers of a shard, earliest first: the same set as the timer rows of its agenda. There is no
// "read up to" mark that could pass one by.
#pragma once

#include <set>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "model/command.h"
#include "model/ids.h"

namespace perdure::core {

struct Timer {
  base::Timestamp fire_at;
  model::InstanceKey key;
  model::Execution execution;
  model::TaskId task;

  friend auto operator<=>(const Timer& a, const Timer& b) {
    return std::tie(a.fire_at, a.key, a.execution, a.task) <=>
           std::tie(b.fire_at, b.key, b.execution, b.task);
  }
  friend bool operator==(const Timer&, const Timer&) = default;
};

class Timers {
 public:
  void add(Timer timer) { timers_.insert(std::move(timer)); }
  void remove(const Timer& timer) { timers_.erase(timer); }

  /// kEndOfTime: none.
  [[nodiscard]] base::Timestamp earliest() const {
    return timers_.empty() ? base::kEndOfTime : timers_.begin()->fire_at;
  }

  /// Commands for the timers with fire_at <= now, at most `count_max`. They stay until fired.
  [[nodiscard]] std::vector<model::FireTimer> due(base::Timestamp now,
                                                  std::size_t count_max) const {
    std::vector<model::FireTimer> commands;
    for (const Timer& timer : timers_) {
      if (timer.fire_at > now || commands.size() == count_max) break;
      commands.push_back({.key = timer.key,
                          .execution = timer.execution,
                          .task = timer.task,
                          .fire_at = timer.fire_at});
    }
    return commands;
  }

  [[nodiscard]] const std::set<Timer>& all() const { return timers_; }

 private:
  std::set<Timer> timers_;
};

}  // namespace perdure::core

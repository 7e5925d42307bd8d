// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Virtual time and everything that is yet to happen in it. The next event is the earliest; of those
// at the same moment, the one that was planned first. Time stands still while an event runs.
//
// A resource; not thread-safe; cannot fail.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace perdure::sim {

class Agenda final {
 public:
  using Event = std::move_only_function<void()>;

  /// True time, since the run began. Nobody in the simulated world can read it: nodes have clocks.
  [[nodiscard]] base::Timestamp now() const { return now_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] bool empty() const { return planned_.empty(); }

  void after(base::Duration delay, Event event) {
    planned_.push_back({now_ + delay, ++last_, std::move(event)});
    std::ranges::push_heap(planned_, later);
  }

  /// False: nothing is left to happen.
  bool run_next() {
    if (planned_.empty()) return false;
    std::ranges::pop_heap(planned_, later);
    Planned next = std::move(planned_.back());
    planned_.pop_back();
    now_ = std::max(now_, next.at);
    ++events_;
    next.event();
    return true;
  }

 private:
  struct Planned {
    base::Timestamp at;
    std::uint64_t order = 0;
    Event event;
  };
  static bool later(const Planned& a, const Planned& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  base::Timestamp now_;
  std::uint64_t last_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Planned> planned_;  // a heap
};

}  // namespace perdure::sim

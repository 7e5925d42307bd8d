// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "worker/pool.h"

#include <fmt/format.h>

#include <utility>

namespace perdure::worker {
namespace {

/// How long a thread sleeps at most before it looks whether the pool stops.
constexpr base::Duration kPullSpan = base::milliseconds(500);
/// Turns are short: taking several at once spares hand-overs.
constexpr std::size_t kTurnsAtOnce = 16;

}  // namespace

Pool::Pool(Port& port, Worker& worker, std::size_t turn_threads, std::size_t activity_threads)
    : port_(port), worker_(worker), turn_places_(turn_threads) {
  for (std::size_t i = 0; i < turn_threads; ++i) {
    threads_.emplace_back(fmt::format("turns-{}", i), [this] { run_turns(); });
  }
  for (std::size_t i = 0; i < activity_threads; ++i) {
    threads_.emplace_back(fmt::format("activities-{}", i), [this] { run_activities(); });
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  let_end();
  threads_.clear();
}

void Pool::run_turns() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    std::vector<model::WorkItem> items = port_.pull(Kind::kTurns, kTurnsAtOnce, kPullSpan);
    if (items.empty()) continue;
    turn_places_.take();
    for (model::WorkItem& item : items) worker_.run(std::move(item));
    turn_places_.give();
    port_.flush();
  }
}

/// A turn that became due by the activity that ran here is best run here, too, if a turn may run:
/// so a chain needs one thread.
void Pool::run_activities() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    bool has_place = turn_places_.try_take();
    std::vector<model::WorkItem> items;
    if (has_place) items = port_.pull_any();
    if (has_place &&
        (items.empty() || std::holds_alternative<model::ActivityItem>(items.front()))) {
      turn_places_.give();
      has_place = false;
    }
    if (items.empty()) items = port_.pull(Kind::kActivities, 1, kPullSpan);
    for (model::WorkItem& item : items) worker_.run(std::move(item));
    if (has_place) turn_places_.give();
    if (!items.empty()) port_.flush();
  }
}

}  // namespace perdure::worker

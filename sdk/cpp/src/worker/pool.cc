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
    : port_(port), worker_(worker) {
  for (std::size_t i = 0; i < turn_threads; ++i) {
    threads_.emplace_back(fmt::format("turns-{}", i), [this] { work(Kind::kTurns, kTurnsAtOnce); });
  }
  for (std::size_t i = 0; i < activity_threads; ++i) {
    threads_.emplace_back(fmt::format("activities-{}", i), [this] { work(Kind::kActivities, 1); });
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  let_end();
  threads_.clear();
}

void Pool::work(Kind kind, std::size_t batch) {
  while (!stopping_.load(std::memory_order_relaxed)) {
    std::vector<model::WorkItem> items = port_.pull(kind, batch, kPullSpan);
    if (items.empty()) continue;
    for (model::WorkItem& item : items) worker_.run(std::move(item));
    port_.flush();
  }
}

}  // namespace perdure::worker

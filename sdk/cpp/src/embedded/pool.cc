// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "embedded/pool.h"

#include <fmt/format.h>

#include <utility>

namespace perdure::embedded {
namespace {

/// How long a thread sleeps at most before it looks whether the pool stops.
constexpr base::Duration kPullSpan = base::milliseconds(500);
/// Turns are short: taking several at once spares hand-overs.
constexpr std::size_t kTurnsAtOnce = 16;

}  // namespace

Pool::Pool(dispatch::Dispatcher& dispatcher, Worker& worker, std::size_t turn_threads,
           std::size_t activity_threads)
    : dispatcher_(dispatcher), worker_(worker) {
  for (std::size_t i = 0; i < turn_threads; ++i) {
    threads_.emplace_back(fmt::format("turns-{}", i),
                          [this] { work(dispatch::Kinds::kTurns, kTurnsAtOnce); });
  }
  for (std::size_t i = 0; i < activity_threads; ++i) {
    threads_.emplace_back(fmt::format("activities-{}", i),
                          [this] { work(dispatch::Kinds::kActivities, 1); });
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  threads_.clear();
}

void Pool::work(dispatch::Kinds kinds, std::size_t batch) {
  while (!stopping_.load(std::memory_order_relaxed)) {
    for (model::WorkItem& item : dispatcher_.pull(worker_.id(), kinds, batch, kPullSpan)) {
      worker_.run(std::move(item));
    }
  }
}

}  // namespace perdure::embedded

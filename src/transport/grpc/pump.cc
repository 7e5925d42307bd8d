// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/grpc/pump.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/spin.h"

namespace perdure::transport {
namespace {

/// Nothing depends on it: a job or the end wakes the thread.
constexpr base::Duration kSleepSpan = base::seconds(60);

}  // namespace

Pump::Pump(std::size_t threads) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    Line& line = *lines_.emplace_back(std::make_unique<Line>());
    line.thread = runtime::Thread(fmt::format("streams-{}", i), [&line] { work(line); });
  }
}

Pump::~Pump() {
  for (const auto& line : lines_) {
    line->stopping.store(true, std::memory_order_release);
    line->jobs.poke();
  }
  for (const auto& line : lines_) line->thread.join();
  while (posting_.load(std::memory_order_acquire) > 0) runtime::pause_briefly();
}

std::size_t Pump::choose() { return next_.fetch_add(1, std::memory_order_relaxed) % lines_.size(); }

void Pump::post(std::size_t thread, Job job) {
  posting_.fetch_add(1, std::memory_order_relaxed);
  lines_[thread]->jobs.push_always(std::move(job));
  posting_.fetch_sub(1, std::memory_order_release);
}

bool Pump::offer(Job job) {
  posting_.fetch_add(1, std::memory_order_relaxed);
  const auto pushed = lines_[choose()]->jobs.push(std::move(job));
  posting_.fetch_sub(1, std::memory_order_release);
  return pushed == runtime::Pushed::kYes;
}

void Pump::work(Line& line) {
  std::vector<Job> jobs;
  for (;;) {
    line.jobs.take(jobs);
    for (Job& job : jobs) job();
    if (!jobs.empty()) continue;
    if (line.stopping.load(std::memory_order_acquire)) return;
    line.jobs.wait_for(kSleepSpan);
  }
}

}  // namespace perdure::transport

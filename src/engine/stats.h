// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the engine counts. Written by one thread each, read by any: numbers of one moment may not
// agree to the last unit.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "dispatch/dispatcher.h"
#include "store/store.h"

namespace perdure::engine {

/// A counter with one writer.
class Counter final {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct ExecutorCounters {
  Counter commands;
  Counter turns;       // answered by a worker
  Counter activities;  // answered by a worker
  Counter steps;       // that carried out at least one command
  Counter loads;       // instances read from the store
  Counter speculated;  // activities handed out before the turn that scheduled them was durable
  Counter rescues;
  Counter corrupt;    // commands that met a damaged record
  Counter held_back;  // messages that wait for a damaged instance, or behind one that does
  Counter instances;
  Counter bytes;
};

struct EngineStats {
  std::uint64_t commands = 0;
  std::uint64_t turns = 0;
  std::uint64_t activities = 0;
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;  // syncs of the log; commands / commits is the size of a group
  std::uint64_t commits_inline = 0;
  std::uint64_t loads = 0;
  std::uint64_t speculated = 0;
  std::uint64_t rescues = 0;  // work that only the sweeper found: a bug if not 0
  std::uint64_t corrupt = 0;
  std::uint64_t held_back = 0;     // messages kept in an outbox because their target is damaged
  std::uint64_t instances = 0;     // in memory
  std::uint64_t memory_bytes = 0;  // what the admission budget counts
  base::Duration recovery;         // until the engine could serve
  std::uint64_t recovering = 0;    // instances that owed work at the start and were not looked at
  dispatch::DispatcherStats dispatch;
  store::StoreStats store;
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Judges what a store holds after a restart, before anything runs on it: the laws of the core's
// rows (atomic steps, histories, timers, tasks, outboxes), and what only two restarts side by side
// show: executions only grow, what has ended stays ended, histories only grow. And what a query
// answers page by page must be what the rows hold.
//
// One per node; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "core/testing/rows.h"
#include "invariants.h"
#include "model/instance.h"
#include "store/store.h"

namespace perdure::sim {

class RowsOracle final {
 public:
  /// The verdict outlives it. `may_be_purged`: whether a client may have purged an instance; even
  /// its tombstone is gone after a while.
  RowsOracle(Verdict& verdict, std::uint32_t shards,
             std::function<bool(const model::InstanceKey&)> may_be_purged)
      : verdict_(verdict), shards_(shards), may_be_purged_(std::move(may_be_purged)) {}

  /// Answers the rows that it found.
  core::testing::RowMap judge(const store::Store& store);

 private:
  struct Known {
    model::Execution execution;
    model::Status status = model::Status::kPending;
    model::EventNumber events = 0;
    std::uint32_t chain = 0;
  };

  void judge_rows(const core::testing::RowMap& rows);
  void judge_past(const core::testing::RowMap& rows);
  void judge_lists(const store::Store& store, const core::testing::RowMap& rows);

  Verdict& verdict_;
  const std::uint32_t shards_;
  const std::function<bool(const model::InstanceKey&)> may_be_purged_;
  std::map<model::InstanceKey, Known> known_;
};

/// Every row of the store, but those of its own identity.
core::testing::RowMap rows_of(const store::Store& store);

}  // namespace perdure::sim

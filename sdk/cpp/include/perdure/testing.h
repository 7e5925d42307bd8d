// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests of orchestrations: would this code still do what it did in recorded executions?
//
//   for (const perdure::History& history : recorded) {      // Client::record, History::decode
//     EXPECT_TRUE(perdure::replay(history, checkout));
//   }
//
// Keep histories of every release and replay them before the next one is deployed. Thread-safe.
#pragma once

#include <utility>

#include "perdure/history.h"
#include "perdure/registry.h"
#include "perdure/result.h"

namespace perdure {

namespace internal {
Result<void> replay(const History& history, const OrchestrationFunction& function);
}

/// Runs the code over a history. FAILED_PRECONDITION if it decides otherwise than recorded: the
/// message shows the event, what it recorded and what the code attempts. Activities do not run.
template <class F>
Result<void> replay(const History& history, F orchestration) {
  return internal::replay(history, internal::make_orchestration(std::move(orchestration)));
}

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// After a restart: the agenda, read once, says what the shards owe. What instances owe is looked at
// later, in bounded steps, while the engine serves already.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/executor.h"
#include "store/store.h"

namespace perdure::engine {

/// REQUIRES: no executor has stepped.
base::Result<> restore(const store::Store& store,
                       const std::vector<std::unique_ptr<Executor>>& executors);

}  // namespace perdure::engine

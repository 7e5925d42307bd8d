// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs the batch of an entity: from the item that a worker was handed to the answer it gives. Used
// by every worker, whatever hands it the item. Cannot fail: what the code throws is the answer.
// Thread-safe if the function is.
#pragma once

#include "model/action.h"
#include "model/work_item.h"
#include "perdure/entity.h"

namespace perdure::internal {

/// Takes state and events out of the item; its token stays. REQUIRES: the item is an entity's.
model::TurnResult run_batch(const EntityFunction& function, model::TurnItem& item);

}  // namespace perdure::internal

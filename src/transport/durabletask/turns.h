// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A turn, a batch of an entity and an activity as work items of the protocol, and what workers
// answer as results of ours. Pure; thread-safe.
#pragma once

#include <durabletask/orchestrator_service.pb.h>

#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "model/action.h"
#include "model/work_item.h"

namespace perdure::durabletask {

/// The critical sections of an execution that may be open, by the name the worker has for them.
using Sections = std::map<std::string, model::TaskId>;

/// What earlier turns of an execution did that an answer refers to, or says again.
struct Earlier {
  Sections sections;
  std::set<model::TaskId> sent;  // events to others
};

/// kInvalidArgument: what no SDK sends, and we do not take; the turn should be refused with it.
base::Result<model::TurnResult> to_result(const model::TurnToken& token, Earlier earlier,
                                          ::OrchestratorResponse response);

void fill(model::TurnItem item, ::EntityRequest* request);
model::TurnResult to_result(::EntityBatchResult result);

void fill(model::ActivityItem item, ::ActivityRequest* request);
/// REQUIRES: the item's input is here (Engine::resolve).
std::variant<model::Payload, model::Failure> to_outcome(::ActivityResponse response);

}  // namespace perdure::durabletask

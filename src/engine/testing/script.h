// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Orchestrations for tests, as pure functions from events to decisions, and the checks that any
// history must pass. What an orchestration does is in its name:
//
//   "chain"   runs activity "work" as often as its input says, one after the other
//   "dash"    the same, speculatively
//   "fan"     runs as many side by side
//   "nap"     waits as many milliseconds
//   "parent"  runs a child "chain" with its input and answers what the child answers
//   "gather"  waits for as many events "go" and answers their payloads, joined
//   "again"   continues as new that many times, running one activity each time
//   "tell"    sends an event "go" to the instance that its input names, and ends
//   "greedy"  answers with more bytes than a payload may have
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/action.h"
#include "model/event.h"

namespace perdure::engine::testing {

/// What the orchestration decides, given its whole history and the new events.
model::TurnResult decide(const std::vector<model::Event>& events);

/// What `name` ends with, given its input, if nobody interferes. For the kinds with a number.
std::string expected_output(const std::string& name, const std::string& input);

/// Empty, or what is wrong with the history of an execution that ended.
std::string complaint_about(const std::vector<model::Event>& events);

}  // namespace perdure::engine::testing

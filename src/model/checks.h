// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The checks at the entry: ids, names and payloads against the limits of limits.h, before anything
// is durable. Each error names the thing, its size and the limit.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/action.h"
#include "model/command.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

/// `what` names the thing in the error: "instance id".
base::Result<> check_name(std::string_view what, std::string_view name, std::size_t bytes_max);
base::Result<> check_instance_key(const InstanceKey& key);
base::Result<> check_entity_id(std::string_view what, std::string_view id);
base::Result<> check_payload(std::string_view what, const Payload& payload, std::size_t bytes_max);
base::Result<> check_tags(const Tags& tags);

/// A command of a client, as a whole. Commands of the engine itself always pass.
base::Result<> check_command(const Command& command);

/// A turn's result, as a whole: an error fails the orchestration, it does not park it.
base::Result<> check_turn(const TurnResult& result);

/// Cuts a failure down to the limits instead of losing it: long texts end in "... (n bytes cut)".
void trim_failure(Failure& failure);

}  // namespace perdure::model

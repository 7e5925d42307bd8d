// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients see of instances and entities, as the protocol says it. Pure; thread-safe.
#pragma once

#include <durabletask/orchestrator_service.pb.h>

#include "model/instance.h"

namespace perdure::durabletask {

enum class Payloads : std::uint8_t { kLeaveOut, kInclude };

void fill(const model::InstanceSnapshot& instance, Payloads payloads, ::OrchestrationState* state);
void fill(const model::EntitySnapshot& entity, Payloads payloads, ::EntityMetadata* metadata);

}  // namespace perdure::durabletask

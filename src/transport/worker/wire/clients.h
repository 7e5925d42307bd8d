// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients are shown, as messages of clients.proto. Reading answers kInternal: the server sent
// what this program can not read. Pure.
#pragma once

#include <perdure/clients.pb.h>

#include <string>
#include <variant>

#include "base/result.h"
#include "model/effect.h"
#include "model/failure.h"
#include "model/instance.h"
#include "model/payload.h"

namespace perdure::worker_wire {

void to_wire(model::InstanceSnapshot snapshot, v1::Instance& out);
base::Result<model::InstanceSnapshot> snapshot_from(v1::Instance& wire, const std::string& hub);

void to_wire(model::EntitySnapshot snapshot, v1::Entity& out);
model::EntitySnapshot entity_from(v1::Entity& wire, const std::string& hub);

void to_wire(model::OperationOutcome outcome, v1::OperationReply& out);
base::Result<model::OperationOutcome> operation_from(const v1::OperationReply& wire);

}  // namespace perdure::worker_wire

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Work items and their answers as messages of worker.proto. Each pair of functions is used by one
// end each, and lives here together so that the ends can not disagree. Reading answers
// kInvalidArgument for what the other end should not have sent; nothing here crashes on any bytes.
//
// A token is the server's own (token.h of the server) and passes the worker unread; what the worker
// must know of an item is spelled out beside it. Pure.
#pragma once

#include <perdure/worker.pb.h>

#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "model/action.h"
#include "model/failure.h"
#include "model/payload.h"
#include "model/work_item.h"

namespace perdure::worker_wire {

/// Raised when an end must know more to understand the other.
inline constexpr std::uint32_t kProtocol = 1;

/// One message of either side. A turn is at most model::kTurnBytesMax, and what comes beside it is
/// at most a payload or two.
inline constexpr int kMessageBytesMax = 32 << 20;

using ActivityOutcome = std::variant<model::Payload, model::Failure>;

// ---- The server's messages: the token is not filled in, and not read ----------------------------

/// Moves out of the item.
void to_wire(model::TurnItem& item, v1::Turn& out);
/// REQUIRES: the input is a payload.
void to_wire(model::ActivityItem& item, v1::Activity& out);
/// `hub` is the one of the stream.
base::Result<model::TurnItem> item_from(v1::Turn& wire, const std::string& hub);
base::Result<model::ActivityItem> item_from(v1::Activity& wire, const std::string& hub);

// ---- The worker's messages ----------------------------------------------------------------------

/// Moves out of the result.
void to_wire(model::TurnResult& result, v1::TurnResult& out);
base::Result<model::TurnResult> result_from(v1::TurnResult& wire);

std::string to_wire(ActivityOutcome outcome);
base::Result<ActivityOutcome> outcome_from(std::string_view wire);

// ---- Errors within messages ---------------------------------------------------------------------

void to_wire(const base::Error& error, v1::Problem& out);
base::Error error_from(const v1::Problem& wire);

}  // namespace perdure::worker_wire

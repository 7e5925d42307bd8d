// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients ask, as the words of hub::Hubs. Shared by calls of their own and those of a
// conversation. Pure.
#pragma once

#include <perdure/clients.pb.h>

#include "base/result.h"
#include "hub/hubs.h"
#include "model/payload.h"

namespace perdure::worker_service {

/// kInvalidArgument: it can not be read.
base::Result<hub::StartRequest> start_from(const v1::StartRequest& wire);
model::Payload input_from(const v1::OperationRequest& wire);
model::Until until_from(const v1::WaitRequest& wire);

}  // namespace perdure::worker_service

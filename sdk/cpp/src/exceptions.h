// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Between what user code throws and what the platform records. Pure; thread-safe.
#pragma once

#include <exception>

#include "model/failure.h"
#include "perdure/failure.h"

namespace perdure::internal {

/// Whatever was thrown: a Failure as it says of itself; a TaskFailed with its cause as the inner
/// failure; another std::exception by its class name, with what it nests; anything else by its
/// type.
FailureDetails details_of(const std::exception_ptr& thrown);

model::Failure to_model(FailureDetails details);
FailureDetails from_model(model::Failure failure);

}  // namespace perdure::internal

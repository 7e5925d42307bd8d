// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Fencing: once an owner with an epoch has answered about a key, no owner with a smaller one
// answers a later call. Operations that carry no epoch are not judged. Pure; deterministic;
// O(n log n).
#pragma once

#include <span>

#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

Report check_epochs(std::span<const Operation> history);

}  // namespace perdure::verify

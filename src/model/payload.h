// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What users pass around: opaque to the platform.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace perdure::model {

/// Bytes that a codec of the SDK made, usually JSON. Absent and empty are different things: some
/// wire protocols tell them apart.
using Payload = std::optional<std::string>;

/// Labels on an instance or a task, in key order.
using Tags = std::map<std::string, std::string>;

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The orchestration "collect", which several workloads send to: it takes events "item" and
// continues as new after every few, until one says kEnd; its output is all it took, in order.
#pragma once

#include <string>
#include <vector>

#include "perdure/orchestration.h"
#include "verify/history.h"

namespace perdure::sim {

inline constexpr const char* kItem = "item";
inline constexpr const char* kEnd = "end";

Task<std::vector<std::string>> collect(Orchestration& ctx, std::vector<std::string> taken,
                                       int batch);

/// The output of a collector, as the receive that the sequence checker wants.
verify::Operation receive_of(const std::string& id, const std::string& output, std::int64_t at_ns);

}  // namespace perdure::sim

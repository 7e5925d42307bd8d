// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The workloads, by name. Each asks a client for work, checks every answer, and says what it saw as
// one object of JSON. bench/README.md says what each is.
#pragma once

#include <string>
#include <vector>

#include "perdure/client.h"

namespace bench {

/// `words`: the name of a workload, and its numbers. An unknown name, a missing or a bad number:
/// {"error":".."}.
std::string run_workload(perdure::Client& client, const std::vector<std::string>& words);

}  // namespace bench

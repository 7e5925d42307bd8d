// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one place that says what this server speaks.
#pragma once

#include <memory>
#include <vector>

#include "server/transport.h"

namespace perdure::server {

/// In the order in which they start.
std::vector<std::unique_ptr<Transport>> make_transports(const Platform& platform);

}  // namespace perdure::server

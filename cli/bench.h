// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure bench`: how fast is this server, from here? A worker and clients in this process run
// chains of five activities through it. Threads of its own.
#pragma once

#include <cstdint>

#include "command_line.h"
#include "connection.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// `connection` outlives `app`, as `chosen` does.
void declare_bench(CLI::App& app, const Connection& connection, StorelessCommand& chosen);

}  // namespace perdure::cli

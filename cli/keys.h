// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure keys`: makes, shows and revokes the API keys that `perdure serve` accepts. Works on
// their file; a server that is running sees the change within seconds. One thread.
#pragma once

#include "command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// Adds the commands to the program. What was typed is put into `chosen`, which outlives `app`.
void declare_keys(CLI::App& app, StorelessCommand& chosen);

}  // namespace perdure::cli

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure serve`: its flags, which are the declarations of server/options.h, and what they mean
// together with the environment and the configuration file. One thread.
#pragma once

#include "command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// Adds the command to the program. What was typed is put into `chosen`, which outlives `app`;
/// running it serves until the process is told to end.
void declare_serve(CLI::App& app, StorelessCommand& chosen);

}  // namespace perdure::cli

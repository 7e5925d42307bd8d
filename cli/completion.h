// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure completion`: what a shell needs to complete command lines, made of the declarations of
// the commands themselves. One thread.
#pragma once

#include "command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// REQUIRES: called after every other command was declared.
void declare_completion(CLI::App& app, StorelessCommand& chosen);

}  // namespace perdure::cli

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure entity`: get, call, signal, list. One thread.
#pragma once

#include "command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

void declare_entity(CLI::App& app, Make& chosen);

}  // namespace perdure::cli

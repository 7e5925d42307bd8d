// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The commands that go on for a while: waiting for an instance, watching all of them. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// Rows of unfinished instances that `top` shows.
inline constexpr std::size_t kTopRows = 20;
/// Instances that one look of `top` reads at most.
inline constexpr std::size_t kTopInstancesMax = 100'000;

void declare_wait(CLI::App& app, Make& chosen);
void declare_top(CLI::App& app, Make& chosen);

}  // namespace perdure::cli

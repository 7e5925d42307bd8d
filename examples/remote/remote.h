// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions that do not know where the engine is: the same registry goes to an embedded host and to
// a remote one.
#pragma once

#include <string>

#include "perdure/orchestration.h"
#include "perdure/registry.h"

namespace remote {

inline int add(int a, int b) { return a + b; }

/// 1 + 2 + ... + steps, one activity after the other.
inline perdure::Task<int> add_up(perdure::Orchestration& ctx, int steps) {
  int sum = 0;
  for (int step = 1; step <= steps; ++step) {
    sum = co_await ctx.call<int>("add", sum, step);
  }
  co_return sum;
}

inline void add_functions(perdure::Registry& functions) {
  functions.orchestration("add_up", add_up).activity("add", add);
}

}  // namespace remote

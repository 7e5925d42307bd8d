// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A Task that nobody awaits never runs.
// expected: a Task does nothing until it is awaited
#include "perdure/perdure.h"

perdure::Task<void> step(perdure::Orchestration& ctx) { co_await ctx.call("x"); }

perdure::Task<void> use(perdure::Orchestration& ctx) {
#ifdef PERDURE_MUST_FAIL
  step(ctx);
#endif
  co_await step(ctx);
}

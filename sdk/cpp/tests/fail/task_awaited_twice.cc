// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A Task is awaited once, and gives its coroutine away.
// expected: a Task is awaited once: co_await std::move(task)
#include "perdure/perdure.h"

perdure::Task<void> step(perdure::Orchestration& ctx) { co_await ctx.call("x"); }

perdure::Task<void> use(perdure::Orchestration& ctx) {
  perdure::Task<void> task = step(ctx);
#ifdef PERDURE_MUST_FAIL
  co_await task;
#endif
  co_await std::move(task);
}

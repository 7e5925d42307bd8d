// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the history knows nothing of can not be awaited.
// expected: an orchestration awaits perdure::Task and perdure::Future only
#include "perdure/perdure.h"

perdure::Task<void> use(perdure::Orchestration& ctx) {
  co_await ctx.call("x");
#ifdef PERDURE_MUST_FAIL
  co_await std::suspend_always();
#endif
}

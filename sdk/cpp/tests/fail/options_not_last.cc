// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Options among the arguments would be sent to the activity.
// expected: options come last
#include "perdure/perdure.h"

perdure::Task<void> use(perdure::Orchestration& ctx) {
#ifdef PERDURE_MUST_FAIL
  co_await ctx.call("x", perdure::Retry(), 5);
#else
  co_await ctx.call("x", 5, perdure::Retry());
#endif
}

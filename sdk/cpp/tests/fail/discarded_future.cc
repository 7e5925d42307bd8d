// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Forgetting to await an operation is nearly always a mistake.
// expected: await the Future
#include "perdure/perdure.h"

perdure::Task<void> use(perdure::Orchestration& ctx) {
  (void)ctx.call("on its own");
#ifdef PERDURE_MUST_FAIL
  ctx.call("forgotten");
#endif
  co_return;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A type without a codec is refused in words.
// expected: no codec for this type: give it PERDURE_FIELDS
#include "perdure/perdure.h"

struct Order {
  int id = 0;
#ifndef PERDURE_MUST_FAIL
  PERDURE_FIELDS(Order, id);
#endif
};

perdure::Task<void> use(perdure::Orchestration& ctx) { co_await ctx.call("x", Order{}); }

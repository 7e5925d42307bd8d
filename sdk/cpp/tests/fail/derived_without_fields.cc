// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of a base class are not all the data of a derived one.
// expected: no codec for this type: give it PERDURE_FIELDS
#include "perdure/perdure.h"

struct Base {
  int id = 0;
  PERDURE_FIELDS(Base, id);
};
struct Derived : Base {
  int more = 0;
#ifndef PERDURE_MUST_FAIL
  PERDURE_FIELDS(Derived, id, more);
#endif
};

perdure::Task<Derived> use(perdure::Orchestration& ctx) {
  co_return co_await ctx.call<Derived>("x");
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The coroutine of a capturing lambda would outlive the captures.
// expected: an orchestration is a function or a lambda without captures
#include "perdure/perdure.h"

void use(perdure::Registry& functions) {
  [[maybe_unused]] int outside = 5;
#ifdef PERDURE_MUST_FAIL
  functions.orchestration(
      "x", [outside](perdure::Orchestration&) -> perdure::Task<int> { co_return outside; });
#else
  functions.orchestration("x", [](perdure::Orchestration&) -> perdure::Task<int> { co_return 5; });
#endif
}

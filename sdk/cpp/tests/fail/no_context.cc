// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An orchestration needs its context.
// expected: the first parameter of an orchestration is perdure::Orchestration&
#include "perdure/perdure.h"

#ifdef PERDURE_MUST_FAIL
perdure::Task<int> run(int value) { co_return value; }
#else
perdure::Task<int> run(perdure::Orchestration&, int value) { co_return value; }
#endif

void use(perdure::Registry& functions) { functions.orchestration("run", run); }

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Activities are ordinary functions.
// expected: an activity is an ordinary function: it returns its result
#include "perdure/perdure.h"

#ifdef PERDURE_MUST_FAIL
perdure::Task<int> act() { co_return 5; }
#else
int act() { return 5; }
#endif

void use(perdure::Registry& functions) { functions.activity("act", act); }

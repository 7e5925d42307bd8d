// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// There is nothing that a mutable reference could refer to.
// expected: a parameter is a value or a const reference
#include "perdure/perdure.h"

#ifdef PERDURE_MUST_FAIL
int act(std::string& text) { return static_cast<int>(text.size()); }
#else
int act(const std::string& text) { return static_cast<int>(text.size()); }
#endif

void use(perdure::Registry& functions) { functions.activity("act", act); }

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A growing set: what was acknowledged is there at the end, and nothing that was never asked for.
// Pure; deterministic; O(n log n).
//
//   add    value: a number or text
//   read   result: the list of elements
//
// No read shows an element before its add was called, or one that was only refused, or one twice.
// The last read of a key is the final one: every add acknowledged before its call is in it. An
// unknown add may be in it or not.
#pragma once

#include <span>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

base::Result<Report> check_set(std::span<const Operation> history);

}  // namespace perdure::verify

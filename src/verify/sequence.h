// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages: what one sender sent to one receiver arrives once and in the order sent. Pure;
// deterministic; O(n log n).
//
//   send      process: the sender, key: the receiver, value: a number or text, once in a history
//             and key
//   receive   key: the receiver, result: the list of values it took since its last receive, in
//   order
//
// The last receive of a key is taken to be the end: what was acknowledged before its call must have
// arrived. An unknown send may arrive at any place after its call, once, or not at all.
#pragma once

#include <span>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

base::Result<Report> check_sequence(std::span<const Operation> history);

}  // namespace perdure::verify

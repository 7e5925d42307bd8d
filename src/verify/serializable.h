// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Strict serializability of transactions over several keys, seen through lists: each transaction
// appends numbers that are unique for their key, and reads whole lists. A list tells the order in
// which it grew, so the dependencies between transactions are known, not guessed:
//
//   ww         the next append to a key comes after the one before it
//   wr         who read an append comes after it
//   rw         who read a list without an append comes before that append
//   realtime   who began after another had ended comes after it
//
// A cycle of these is a history that no order of the transactions explains. Pure; deterministic;
// near-linear in the size of the history.
//
//   transaction   value: a list of ["append", key, number] and ["read", key]; result: a list of
//                 the same length, for each read the list it saw, null for an append.
//                 fail: rolled back. unknown: committed or not; its reads are not judged
#pragma once

#include <span>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

/// Reports, in this order: reads that show what was rolled back (G1a), a state in the middle of a
/// transaction (G1b), values that nobody wrote or twice, lists that are no prefix of each other,
/// reads that contradict the transaction's own appends; then cycles, each named with its edges.
base::Result<Report> check_serializable(std::span<const Operation> history);

}  // namespace perdure::verify

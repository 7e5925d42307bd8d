// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// From what transactions read to what must have come before what. Pure.
#pragma once

#include <span>
#include <vector>

#include "verify/graph.h"
#include "verify/history.h"
#include "verify/report.h"
#include "verify/transactions.h"

namespace perdure::verify {

/// The longest list that was read of a key: the order in which it grew.
using VersionOrder = Versions;

/// One for each key, by its number. Reports lists that are no prefix of the longest.
std::vector<VersionOrder> version_orders(std::span<const Operation> history,
                                         const Transactions& transactions, Report& report);

/// The graph of all transactions that may have been committed; node n is transactions.all[n].
Graph dependencies(std::span<const Operation> history, const Transactions& transactions,
                   const std::vector<VersionOrder>& orders);

}  // namespace perdure::verify

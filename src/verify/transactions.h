// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The transactions of a history, taken apart, and what can be said of each read by itself. Values
// that borrow from the history they were read from. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

using Versions = std::vector<std::int64_t>;

/// A transaction's part that appends or reads.
struct Access {
  std::size_t key = 0;                   // its number
  std::optional<std::int64_t> appended;  // nothing: it is a read
  Versions seen;                         // of a read that is judged
};

struct Transaction {
  std::size_t index = 0;  // in the history
  Status status = Status::kOk;
  std::vector<Access> accesses;
};

/// Who appended a value, and what the same transaction appended to the same key just after it.
struct Writer {
  std::size_t transaction = 0;
  std::optional<std::int64_t> next;
};

struct Transactions {
  std::vector<Transaction> all;
  std::vector<std::string> keys;
  std::map<std::pair<std::size_t, std::int64_t>, Writer> writers;  // of (key, value)

  /// nullptr: nobody.
  [[nodiscard]] const Writer* writer(std::size_t key, std::int64_t value) const;
};

/// kInvalidArgument, with the line, for what is no transaction and for a value appended twice.
base::Result<Transactions> read_transactions(std::span<const Operation> history);

/// What a read saw of others: without the values that its own transaction had appended before it.
/// Nothing: it does not even show those.
std::optional<Versions> seen_of_others(const Transaction& transaction, std::size_t access);

/// Reports what is wrong with a read whatever the order: G1a, G1b, values from nowhere, twice, or
/// against the transaction's own view.
void check_reads(std::span<const Operation> history, const Transactions& transactions,
                 Report& report);

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Transfers between accounts under a critical section: nobody sees half of one, whatever dies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perdure/perdure.h"

namespace bank {

struct Account {
  long cents = 0;
  /// The transfers that touched it, in order: so that a checker can tell which came first.
  std::vector<std::int64_t> transfers;

  /// The initial balance; again: nothing.
  void open(long amount) {
    if (cents == 0 && transfers.empty()) cents = amount;
  }
  /// Answers the transfers before this one.
  std::vector<std::int64_t> move(std::int64_t transfer, long amount) {
    if (cents + amount < 0) throw perdure::Failure("insufficient funds").type("InsufficientFunds");
    std::vector<std::int64_t> before = transfers;
    cents += amount;
    transfers.push_back(transfer);
    return before;
  }
  [[nodiscard]] long balance() const { return cents; }

  PERDURE_FIELDS(Account, cents, transfers);
  PERDURE_OPERATIONS(Account, open, move, balance);
};

struct Transfer {
  std::int64_t number = 0;
  std::string from;
  std::string to;
  long cents = 0;
  PERDURE_FIELDS(Transfer, number, from, to, cents);
};

/// What a transfer saw of its two accounts.
struct Receipt {
  bool moved = false;
  std::vector<std::int64_t> from_before;
  std::vector<std::int64_t> to_before;
  PERDURE_FIELDS(Receipt, moved, from_before, to_before);
};

inline perdure::Task<Receipt> transfer(perdure::Orchestration& ctx, Transfer order) {
  const perdure::Entity<Account> from(order.from);
  const perdure::Entity<Account> to(order.to);
  // Both or none. Two transfers in opposite directions do not wait for each other for ever.
  auto section = co_await ctx.lock(from, to);
  const long balance = co_await ctx.call(from, &Account::balance);
  if (balance < order.cents) co_return Receipt{};
  Receipt receipt{.moved = true, .from_before = {}, .to_before = {}};
  receipt.from_before = co_await ctx.call(from, &Account::move, order.number, -order.cents);
  receipt.to_before = co_await ctx.call(to, &Account::move, order.number, order.cents);
  co_return receipt;
}

}  // namespace bank

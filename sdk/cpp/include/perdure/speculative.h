// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Declares a call of an activity to be safe to repeat, and safe to run in vain.
//
//   Digest digest = co_await ctx.call<Digest>("hash", block, perdure::Speculative());
//   Price price = co_await ctx.call<Price>("quote", order, perdure::Speculative(perdure::Retry()));
//
// By default an activity begins when the turn that called it is durable. A speculative one may
// begin before, so that a chain of them waits for the disk once, at its end, instead of once a
// step. What it answers, and what the code then decides, stays inside until all of it is durable
// together: clients, other instances' readers and ordinary activities never see anything that a
// crash takes back.
//
// What a crash may show is the activity itself. It may have run although no history tells of it:
// after the crash the code decides anew, and may call it again, call it with another input (if that
// came from an outcome that was not durable), or not call it at all. So declare what reads or
// computes, and what is overwritten by its next run. Do not declare what charges, sends, or counts.
#pragma once

#include <optional>
#include <utility>

#include "perdure/retry.h"

namespace perdure {

/// See the top of this file. A value.
class Speculative {
 public:
  Speculative() = default;
  explicit Speculative(Retry retry) : retry_(std::move(retry)) {}

  /// nullptr: a failure is not tried again.
  [[nodiscard]] const Retry* retry() const { return retry_ ? &*retry_ : nullptr; }

 private:
  std::optional<Retry> retry_;
};

}  // namespace perdure

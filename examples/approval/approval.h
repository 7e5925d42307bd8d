// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Human interaction: a person has to answer, within a time, and may be wrong a few times.
//
// A payment is confirmed by a code that is sent to the payer's telephone. The orchestration waits
// for the event "code" for at most five minutes in all, and accepts three attempts. While it waits
// it costs no thread; if the process dies, the same code is still good for what is left of the five
// minutes.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>

#include "perdure/perdure.h"

namespace approval {

struct Payment {
  std::string phone;
  int cents = 0;
  PERDURE_FIELDS(Payment, phone, cents);
};

inline perdure::Task<std::string> confirm_payment(perdure::Orchestration& ctx, Payment payment) {
  using std::chrono_literals::operator""min;
  constexpr int kAttempts = 3;

  // Drawn from the context: a replay draws the same code.
  const std::string code = fmt::format("{:06}", ctx.random().below(1'000'000));
  co_await ctx.call("send_code", payment.phone, code);

  const auto deadline = ctx.now() + 5min;
  for (int left = kAttempts; left > 0; --left) {
    ctx.set_status(fmt::format("{} attempts left", left));
    const auto rest = std::chrono::floor<std::chrono::microseconds>(deadline - ctx.now());
    const std::optional<std::string> answer = co_await ctx.event<std::string>("code", rest);
    if (!answer) co_return "declined: no answer in time";
    if (*answer == code) {
      co_await ctx.call("pay", payment);
      co_return "paid";
    }
  }
  co_return "declined: too many wrong codes";
}

}  // namespace approval

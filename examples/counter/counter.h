// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An aggregator: many senders, one number for each page. The smallest entity there is.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "perdure/perdure.h"

namespace counter {

struct Counter {
  long visits = 0;
  std::map<std::string, long> by_country;

  void visit(const std::string& country) {
    ++visits;
    ++by_country[country];
  }
  [[nodiscard]] long total() const { return visits; }
  /// Reports and begins anew, now and then every day: an entity may send messages to itself.
  void report_daily(perdure::EntityContext& ctx) {
    using std::chrono_literals::operator""h;
    ctx.start("mail_report", std::string(ctx.key()), visits);
    visits = 0;
    by_country.clear();
    ctx.signal_at(ctx.now() + 24h, perdure::Entity<Counter>(ctx.key()), &Counter::report_daily);
  }

  PERDURE_FIELDS(Counter, visits, by_country);
  PERDURE_OPERATIONS(Counter, visit, total, report_daily);
};

inline perdure::Task<void> mail_report(perdure::Orchestration& ctx, std::string page, long visits) {
  co_await ctx.call("mail", page, visits);
}

}  // namespace counter

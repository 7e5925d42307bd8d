// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A monitor: look again and again, more and more rarely, until something has happened.
//
// It watches a job of a print service. Each look is an execution of its own: continue_as_new begins
// the next one with an empty history, so that a monitor may run for years.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "perdure/perdure.h"

namespace monitor {

struct Watch {
  std::string job;
  std::chrono::seconds interval{60};
  int looks = 0;
  int looks_max = 100;
  PERDURE_FIELDS(Watch, job, interval, looks, looks_max);
};

inline perdure::Task<std::string> watch_job(perdure::Orchestration& ctx, Watch watch) {
  using std::chrono_literals::operator""h;

  const std::string state = co_await ctx.call<std::string>("look", watch.job);
  ++watch.looks;
  ctx.set_status(watch);
  if (state == "printed") co_return state;
  if (watch.looks >= watch.looks_max) {
    co_await ctx.call("alert", watch.job + " is still " + state);
    co_return "given up";
  }
  co_await ctx.timer(watch.interval);
  watch.interval = std::min<std::chrono::seconds>(watch.interval * 2, 1h);
  co_await ctx.continue_as_new(watch);
}

}  // namespace monitor

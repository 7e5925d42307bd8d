// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Closed loops of callers, and what came of them as one line of JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "perdure/result.h"

namespace bench {

/// Milliseconds of a clock that never goes back.
double now_ms();

/// Of a load that fails this often nothing more is asked.
inline constexpr std::uint64_t kErrorsMax = 50;

/// What one caller, or all of them, saw.
struct Seen {
  std::vector<double> latencies_ms;
  std::vector<double> events_ms;  // of a part of each operation, if the workload has one
  std::uint64_t errors = 0;
  std::string last_error;
  double elapsed_ms = 0;

  void add(Seen other);
  void fail(const perdure::Error& error);
};

/// `callers` threads, each with one operation after the other, until `duration_ms` is over and the
/// last ones have ended. `operation` is called as (caller, count of its operations, what it saw).
using Operation = std::function<perdure::Result<void>(std::size_t, std::uint64_t, Seen&)>;
Seen closed_loop(std::size_t callers, double duration_ms, const Operation& operation);

/// Calls `each` for 0 .. count-1, from `callers` threads.
Seen for_each(std::size_t callers, std::uint64_t count,
              const std::function<perdure::Result<void>(std::uint64_t)>& each);

/// {"n":..,"p50":..,"p90":..,"p99":..,"p999":..,"min":..,"max":..,"mean":..}
std::string distribution(std::vector<double> values);
/// {"done":..,"err":..,"elapsed_s":..,"rate":..,"lat_ms":{..}}
std::string line(const Seen& seen);
/// A JSON string.
std::string quoted(const std::string& text);

}  // namespace bench

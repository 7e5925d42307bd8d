// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Closed loops of callers, and what came of them as one line of JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
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

/// One thread with so many operations on their way: `send` begins the n-th one, `take` waits for
/// the oldest and checks it. When one ends before an older one, its latency counts until its turn.
template <class Sent>
struct Flight {
  std::function<Sent(std::uint64_t)> send;
  std::function<perdure::Result<void>(Sent&)> take;
};
template <class Sent>
Seen in_flight(std::size_t count, double duration_ms, const Flight<Sent>& flight) {
  struct Out {
    double at_ms;
    Sent sent;
  };
  Seen seen;
  std::deque<Out> out;
  const double begin = now_ms();
  for (std::uint64_t number = 0;; ++number) {
    if (now_ms() < begin + duration_ms && seen.errors < kErrorsMax) {
      out.push_back({now_ms(), flight.send(number)});
      if (out.size() < count) continue;
    }
    if (out.empty()) break;
    if (const auto taken = flight.take(out.front().sent); taken) {
      seen.latencies_ms.push_back(now_ms() - out.front().at_ms);
    } else {
      seen.fail(taken.error());
    }
    out.pop_front();
  }
  seen.elapsed_ms = now_ms() - begin;
  return seen;
}

/// Calls `each` for 0 .. count-1, from `callers` threads.
Seen for_each(std::size_t callers, std::uint64_t count,
              const std::function<perdure::Result<void>(std::uint64_t)>& each);

/// {"n":..,"p50":..,"p90":..,"p99":..,"p999":..,"min":..,"max":..,"mean":..,"buckets":[..]}
std::string distribution(std::vector<double> values);
/// {"done":..,"err":..,"elapsed_s":..,"rate":..,"lat_ms":{..}}
std::string line(const Seen& seen);
/// A JSON string.
std::string quoted(const std::string& text);

}  // namespace bench

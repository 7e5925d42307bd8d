// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <latch>
#include <numeric>
#include <thread>
#include <utility>

namespace bench {
namespace {

double percentile(const std::vector<double>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// As BOUNDS_MS in harness/statistics.mjs. Above the last one there is one bucket more.
constexpr std::array kBoundsMs = {0.1,  0.2,   0.5,   1.0,   2.0,    5.0,    10.0,  20.0,
                                  50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0};

/// How many values each bucket holds: "12,30,0,...".
std::string buckets(const std::vector<double>& sorted) {
  std::string counts;
  auto from = sorted.begin();
  for (const double bound : kBoundsMs) {
    const auto to = std::upper_bound(from, sorted.end(), bound);
    counts += std::to_string(to - from) + ',';
    from = to;
  }
  return counts + std::to_string(sorted.end() - from);
}

/// Runs `caller` on so many threads that begin together.
Seen together(std::size_t callers, const std::function<void(std::size_t, Seen&)>& caller) {
  std::vector<Seen> seen_by(callers);
  std::latch ready(static_cast<std::ptrdiff_t>(callers) + 1);
  double begin = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(callers);
    for (std::size_t i = 0; i < callers; ++i) {
      threads.emplace_back([&, i] {
        ready.arrive_and_wait();
        caller(i, seen_by[i]);
      });
    }
    ready.arrive_and_wait();
    begin = now_ms();
  }
  Seen all;
  all.elapsed_ms = now_ms() - begin;
  for (Seen& seen : seen_by) all.add(std::move(seen));
  return all;
}

}  // namespace

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Seen::add(Seen other) {
  latencies_ms.insert(latencies_ms.end(), other.latencies_ms.begin(), other.latencies_ms.end());
  events_ms.insert(events_ms.end(), other.events_ms.begin(), other.events_ms.end());
  errors += other.errors;
  if (!other.last_error.empty()) last_error = std::move(other.last_error);
}

void Seen::fail(const perdure::Error& error) {
  ++errors;
  last_error = error.what();
}

Seen closed_loop(std::size_t callers, double duration_ms, const Operation& operation) {
  std::atomic<std::uint64_t> errors = 0;
  return together(callers, [&](std::size_t caller, Seen& seen) {
    const double end = now_ms() + duration_ms;  // when all have begun, so that each runs
    for (std::uint64_t count = 0; now_ms() < end && errors < kErrorsMax; ++count) {
      const double begin = now_ms();
      if (const auto done = operation(caller, count, seen); !done) {
        seen.fail(done.error());
        ++errors;
      } else {
        seen.latencies_ms.push_back(now_ms() - begin);
      }
    }
  });
}

Seen for_each(std::size_t callers, std::uint64_t count,
              const std::function<perdure::Result<void>(std::uint64_t)>& each) {
  std::atomic<std::uint64_t> next = 0;
  return together(callers, [&](std::size_t, Seen& seen) {
    for (std::uint64_t i = next++; i < count; i = next++) {
      const double begin = now_ms();
      if (const auto done = each(i); !done) {
        seen.fail(done.error());
      } else {
        seen.latencies_ms.push_back(now_ms() - begin);
      }
    }
  });
}

std::string distribution(std::vector<double> values) {
  if (values.empty()) return R"({"n":0})";
  std::sort(values.begin(), values.end());
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return fmt::format(
      R"({{"n":{},"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"p999":{:.4f},"min":{:.4f},"max":{:.4f},)"
      R"("mean":{:.4f},"buckets":[{}]}})",
      values.size(), percentile(values, 0.5), percentile(values, 0.9), percentile(values, 0.99),
      percentile(values, 0.999), values.front(), values.back(), mean, buckets(values));
}

std::string line(const Seen& seen) {
  const auto done = seen.latencies_ms.size();
  std::string text =
      fmt::format(R"({{"done":{},"err":{},"elapsed_s":{:.4f},"rate":{:.2f},"lat_ms":{})", done,
                  seen.errors, seen.elapsed_ms / 1000,
                  seen.elapsed_ms > 0 ? static_cast<double>(done) / seen.elapsed_ms * 1000 : 0,
                  distribution(seen.latencies_ms));
  if (!seen.events_ms.empty()) text += R"(,"event_lat_ms":)" + distribution(seen.events_ms);
  if (!seen.last_error.empty()) text += R"(,"last_err":)" + quoted(seen.last_error);
  return text + "}";
}

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else {
      json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return json + "\"";
}

}  // namespace bench

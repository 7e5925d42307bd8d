// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the connections of a listener share: the limits, how many there are and from where, the
// bytes of bodies, the counters. Thread-safe. Shared, because a late answer may be all that is left
// of a listener.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "transport/http/listener.h"

namespace perdure::transport::http {

class Hall final {
 public:
  Hall(const ListenerLimits& bounds, Handler serve, const runtime::Clock& time)
      : limits(bounds), handler(std::move(serve)), clock(time) {}

  /// False: there are as many as there may be, in all or from that place.
  bool enter(const std::string& place);
  void leave(const std::string& place);
  /// True: nobody is here any more.
  bool wait_until_empty(base::Duration span);

  /// False: the bodies would take more than they may together.
  bool take_bytes(std::size_t count);
  void return_bytes(std::size_t count) { bytes_.fetch_sub(count, std::memory_order_relaxed); }

  [[nodiscard]] ListenerStats stats() const;

  const ListenerLimits limits;
  const Handler handler;
  const runtime::Clock& clock;
  std::atomic<bool> draining = false;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> rejected = 0;
  std::atomic<std::uint64_t> given_up = 0;

 private:
  mutable runtime::Mutex mutex_;
  runtime::Condition left_;
  std::unordered_map<std::string, std::size_t> places_;  // only those that are not empty
  std::size_t count_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace perdure::transport::http

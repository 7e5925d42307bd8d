// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys that tokens are checked with, from where the identity provider publishes them. They are
// fetched at the start, every fifteen minutes, and soon after a token named a key that is not among
// them: the provider may have changed its keys. Anybody can send such tokens, so they cause a fetch
// every thirty seconds at most, however many there are. While a fetch fails, what was fetched last
// stays in use.
//
// Threads: `begin` and `end` are the owner's. One of its own fetches, and waits for at most
// kFetchPatience. `ask` and `ask_at_once` are anybody's, and do not block.
//
// Owned by the server. The guard, the clock and the log outlive it; nobody asks the guard any more
// when it goes.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>

#include "access/guard.h"
#include "base/result.h"
#include "base/time.h"
#include "egress/fetch.h"
#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "server/log.h"

namespace perdure::server {

/// Between two fetches that tokens with unknown keys cause, and after one that failed.
inline constexpr base::Duration kFetchEveryMin = base::seconds(30);
inline constexpr base::Duration kFetchEvery = base::seconds(900);
/// Until there are keys at all nobody with a token gets in: the first tries follow each other
/// faster, each after twice the time, up to kFetchEveryMin.
inline constexpr base::Duration kFirstRetry = base::seconds(1);
inline constexpr base::Duration kFetchPatience = base::seconds(5);
inline constexpr std::size_t kJwksBytesMax = std::size_t{1} << 20;

class TokenKeys final {
 public:
  /// REQUIRES: the guard has this URL, which was checked (options.h).
  TokenKeys(std::string url, access::Guard& guard, const runtime::Clock& clock, const Log& log);
  /// As `end`, and waits for a fetch that is under way.
  ~TokenKeys();
  TokenKeys(const TokenKeys&) = delete;
  TokenKeys& operator=(const TokenKeys&) = delete;

  /// Fetches once on this thread; from then on by itself.
  void begin();
  /// No more fetches begin.
  void end();

  /// A token named a key that is not known.
  void ask();
  /// An operator wants it now.
  void ask_at_once();

  /// Fetches if it is time to. Answers when to come again: the thread's loop, for tests without.
  base::Duration step();

 private:
  [[nodiscard]] base::Timestamp due() const;
  base::Result<> fetch() const;
  void tell(const base::Result<>& fetched);

  const std::string url_;
  access::Guard& guard_;
  const runtime::Clock& clock_;
  const Log& log_;
  const egress::Fetcher fetcher_;

  std::atomic<bool> asked_ = false;
  std::atomic<bool> hurried_ = false;
  std::atomic<bool> ending_ = false;
  runtime::Signal bell_;

  // ---- of whoever calls `step` ----
  std::optional<base::Timestamp> begun_;  // the last fetch, monotonic
  base::Duration pause_;                  // after it, if nobody asks
  base::Duration retry_ = kFirstRetry;
  bool has_keys_ = false;
  bool failing_ = false;

  runtime::Thread thread_;
};

}  // namespace perdure::server

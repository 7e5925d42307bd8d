// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of the APIs stand on, and one call of one of them. Everything that a handler
// does to a task hub goes through `hubs`, with the permit that the guard gave for its route.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/guard.h"
#include "access/permit.h"
#include "hub/hubs.h"
#include "runtime/clock.h"
#include "transport/http/answer.h"
#include "transport/http/message.h"

namespace perdure::transport::http {

enum class Forwarded : std::uint8_t { kIgnored, kTrusted };

struct SiteOptions {
  std::string default_hub = "default";
  /// What the header Host may name, without a port; empty: anything. A listener that asks for no
  /// credentials should name itself: else a page in a browser reaches it by a name of its own.
  std::vector<std::string> host_names;
  /// Of X-Forwarded-Proto: trusted behind a proxy that sets it.
  Forwarded forwarded = Forwarded::kIgnored;
  std::string version;
  /// Whether /readyz says yes. Any thread. Empty: always.
  std::function<bool()> ready;
};

/// Thread-safe. The hubs, the guard and the clock outlive it.
struct Site {
  hub::Hubs& hubs;
  const access::Guard& guard;
  const runtime::Clock& clock;
  const SiteOptions options;
  std::atomic<std::size_t> streams_open = 0;
};

/// Shared by the handler and by what it waits for: callbacks of the hubs, timers of the connection.
struct Call {
  std::shared_ptr<Site> site;
  Request request;
  Answer answer;
  std::string authorization;  // as the guard was shown it
  access::Permit permit;      // for what the route is for

  /// For a step that is another action than the route's: it is decided on its own.
  [[nodiscard]] base::Result<access::Permit> also(access::Action action) const {
    return site->guard.admit({.authorization = authorization, .identity = request.identity}, action,
                             permit.hub());
  }
  [[nodiscard]] hub::Hubs& hubs() const { return site->hubs; }
};
using CallHandle = std::shared_ptr<const Call>;

}  // namespace perdure::transport::http

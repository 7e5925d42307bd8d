// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What listens and speaks a protocol. The server owns its transports, starts them when everything
// behind them is there, and ends them in two steps: first they tell whoever asks that the end is
// near, while workers still hand in what they hold; then the engine stops, and they close.
//
// A transport translates and calls: hub::Hubs for clients, the engine's dispatcher for workers. It
// asks the guard for a permit before it touches a hub.
#pragma once

#include <string_view>

#include "access/guard.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/engine.h"
#include "hub/hubs.h"
#include "server/address.h"
#include "server/log.h"
#include "server/options.h"

namespace perdure::server {

/// What a transport works with. All of it outlives every transport.
struct Platform {
  const Options& options;
  engine::Engine& engine;
  hub::Hubs& hubs;
  const access::Guard& guard;
  const Log& log;
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// "grpc", as in the ready line.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// From now on calls come in. Answers where it listens, with the port that it really has.
  virtual base::Result<Address> start() = 0;
  /// The health check says that the end is near; everything else goes on.
  virtual void announce_end() = 0;
  /// Streams end, no new calls; those under way are answered within `patience`, then cut off.
  /// Returns when no call is left. Also the way out of a start that failed.
  virtual void close(base::Duration patience) = 0;
};

}  // namespace perdure::server

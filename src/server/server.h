// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The platform as one process: the store, the engine on it, who may call, and the transports. This
// is the wiring; what it wires is elsewhere, and what this server speaks is in transports.cc.
//
// Thread: the one that starts it also drains it. Failure: a store that can not go on ends the
// process with status 75; starting again recovers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/guard.h"
#include "base/result.h"
#include "engine/engine.h"
#include "hub/hubs.h"
#include "runtime/clock.h"
#include "server/builtin.h"
#include "server/log.h"
#include "server/options.h"
#include "server/token_keys.h"
#include "server/transport.h"

namespace perdure::server {

/// Calls that are under way when the engine has stopped have their answer, or get UNAVAILABLE; this
/// is how long they may take to leave.
inline constexpr base::Duration kCloseMax = base::seconds(5);

struct Endpoint {
  std::string name;  // "grpc"
  Address address;
};

class Server final {
 public:
  /// Opens the store, recovers, listens. The options, the clock and the log outlive it. Whatever
  /// fails leaves nothing behind.
  static base::Result<std::unique_ptr<Server>> start(const Options& options,
                                                     const runtime::Clock& clock, const Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

  /// Reads again who may call. On an error whoever was known stays known.
  base::Result<> reload();
  /// The same, if a file of it is another than before.
  base::Result<access::Reloaded> reload_if_changed();

  /// Workers hand in what they hold, for as long as the options allow; then everything is durable,
  /// every caller has an answer, and the store is closed. Once.
  base::Result<> drain();

 private:
  Server(const Options& options, std::unique_ptr<engine::Engine> engine, access::Guard guard,
         const Log& log);

  base::Result<> listen();
  void close_transports();

  const Options& options_;
  const Log& log_;
  const std::unique_ptr<engine::Engine> engine_;
  access::Guard guard_;
  std::unique_ptr<TokenKeys> token_keys_;  // null: they are in a file, or nowhere
  hub::Hubs hubs_;
  std::unique_ptr<Builtin> builtin_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<Endpoint> endpoints_;
};

}  // namespace perdure::server

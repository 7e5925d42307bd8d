// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A server for tests: an engine with threads over a store in memory, and the services of workers
// and clients on a loopback port that the system chose. Its connections can be cut, as a network
// does it. Used by one thread.
#pragma once

#include <grpcpp/server.h>

#include <cstddef>
#include <memory>
#include <string>

#include "access/guard.h"
#include "engine/engine.h"
#include "hub/hubs.h"
#include "runtime/clock.h"
#include "transport/worker/clients.h"
#include "transport/worker/workers.h"

namespace perdure::worker_service::testing {

class Server final {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] engine::Engine& engine() { return *engine_; }
  [[nodiscard]] Workers& workers() { return *workers_; }
  [[nodiscard]] Clients& clients() { return *clients_; }
  /// Until so many workers are connected.
  void wait_for_workers(std::size_t count);

  /// Every connection ends at once, and nobody listens.
  void go_down();
  /// Listens again, at the same address.
  void come_up();

 private:
  runtime::SystemClock clock_;
  std::unique_ptr<engine::Engine> engine_;
  access::Guard guard_ = access::Guard::open_to_all();
  std::unique_ptr<hub::Hubs> hubs_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<::grpc::Server> server_;
  int port_ = 0;
};

}  // namespace perdure::worker_service::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/testing/server.h"

#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>

#include "base/check.h"
#include "store/log/memory/memory_log.h"
#include "store/store.h"
#include "store/table/memory/memory_table.h"

namespace perdure::worker_service::testing {
namespace {

constexpr int kMessageBytesMax = 4 << 20;
constexpr int kPingOfPeerMs = 5'000;
constexpr std::size_t kReaders = 1;

}  // namespace

Server::Server() {
  auto store = store::Store::open({},
                                  std::make_unique<store::log::memory::MemoryLog>(
                                      std::make_shared<store::log::memory::LogDisk>()),
                                  std::make_unique<store::table::memory::MemoryTable>(
                                      std::make_shared<store::table::memory::TableDisk>()));
  PERDURE_CHECK(store.has_value(), "a store in memory opens");
  auto engine = engine::Engine::open({}, *std::move(store), clock_);
  PERDURE_CHECK(engine.has_value(), "an engine without a history opens");
  engine_ = *std::move(engine);
  engine_->start_threads();
  hubs_ = std::make_unique<hub::Hubs>(*engine_, kReaders);
  come_up();
}

Server::~Server() {
  if (server_) workers_->drain();
  PERDURE_CHECK(engine_->stats().rescues == 0,
                "work was lost on its way, and found by the sweeper");
  (void)engine_->stop({});
  go_down();
}

void Server::come_up() {
  workers_ = std::make_unique<Workers>(
      *hubs_, guard_, WorkersOptions{.threads = 1, .message_bytes_max = kMessageBytesMax});
  clients_ = std::make_unique<Clients>(*hubs_, guard_);
  ::grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingOfPeerMs);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port_),
                           ::grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(workers_.get()).RegisterService(clients_.get());
  server_ = builder.BuildAndStart();
  PERDURE_CHECK(server_ != nullptr && port_ != 0, "the test's server can not listen");
}

void Server::go_down() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
  workers_.reset();
  clients_.reset();
}

void Server::wait_for_workers(std::size_t count) {
  while (workers_->connected().size() != count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace perdure::worker_service::testing

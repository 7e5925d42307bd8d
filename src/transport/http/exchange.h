// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One request on its way to an answer, as the handler's side sees it: whatever a handler says, on
// whatever thread, is carried to the connection's. It outlives the connection and even the
// listener; then what is said goes nowhere. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "transport/http/answer.h"
#include "transport/http/loop.h"

namespace perdure::transport::http {

class Connection;

/// Counts the requests of one connection: what is said too late must not meet the next one.
using ExchangeNumber = std::uint64_t;

class Exchange final : public Outlet {
 public:
  Exchange(std::weak_ptr<Connection> connection, ExchangeNumber number, std::shared_ptr<Loop> loop,
           std::size_t stream_bytes_max)
      : connection_(std::move(connection)),
        number_(number),
        loop_(std::move(loop)),
        stream_bytes_max_(stream_bytes_max) {}

  void send(Response response) override;
  void begin(Head head) override;
  bool write(std::string piece) override;
  [[nodiscard]] std::size_t waiting() const override {
    return waiting_.load(std::memory_order_relaxed);
  }
  void end() override;
  void on_interrupted(std::function<void(Interruption)> callback) override;
  void after(base::Duration span, std::function<void()> callback) override;

  // ---- the connection's side ----

  /// So many bytes of the stream are with the client, or at least with the system.
  void taken(std::size_t count) { waiting_.fetch_sub(count, std::memory_order_relaxed); }
  /// Nobody is there any more: answered, or left.
  void set_gone() { gone_.store(true, std::memory_order_release); }

 private:
  /// Runs `what(connection)` on the connection's thread, if it still serves this exchange.
  template <class What>
  void carry(What what);

  const std::weak_ptr<Connection> connection_;
  const ExchangeNumber number_;
  const std::shared_ptr<Loop> loop_;
  const std::size_t stream_bytes_max_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<bool> gone_ = false;
};

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The HTTP listener of the server: both APIs on one port, with the limits that the options say.
//
// Thread: start, announce_end and close are the server's thread's. The listener has its own.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "server/transport.h"

namespace perdure::transport::http {
class Listener;
}  // namespace perdure::transport::http

namespace perdure::server {

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(const Platform& platform);
  ~HttpTransport() override;

  [[nodiscard]] std::string_view name() const override { return "http"; }
  base::Result<Address> start() override;
  void announce_end() override;
  void close(base::Duration patience) override;

 private:
  const Platform platform_;
  // Shared with the answers under way, which may be given late.
  const std::shared_ptr<std::atomic<bool>> ready_;
  std::unique_ptr<transport::http::Listener> listener_;  // null: closed
};

}  // namespace perdure::server

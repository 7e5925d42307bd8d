// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A client for tests that says exactly what it is told to, on a blocking socket. Owned by the test;
// one thread. A test that would wait for ever fails after kPatience.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http/message.h"

namespace perdure::transport::http::testing {

class Client final {
 public:
  enum class Window : std::uint8_t { kUsual, kSmall };
  explicit Client(std::uint16_t port, Window window = Window::kUsual);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False: the other side is gone.
  bool send(std::string_view bytes);
  void shut_sending();
  /// One answer with a length or in chunks; nothing: the connection ended before it was complete.
  std::optional<Response> read_response();
  /// Up to and including `mark`; what came until the end, if it never came.
  std::string read_until(std::string_view mark);
  /// Everything up to the end of the connection.
  std::string read_rest();
  /// True: nothing more will come.
  bool is_closed() { return read_rest().empty(); }

  /// Sends a request on this connection and reads the answer.
  std::optional<Response> ask(std::string_view method, std::string_view target,
                              std::string_view body = {},
                              std::string_view content_type = "application/json",
                              std::string_view more_headers = {});

 private:
  bool read_more();
  std::optional<std::string> read_chunks();
  std::optional<std::string> take(std::size_t count);

  int socket_ = -1;
  std::string buffer_;
};

}  // namespace perdure::transport::http::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A server for tests: http_stage [CONNECTIONS [CERTIFICATE KEY]]. Serves the HTTP APIs on a free
// port of loopback, on a store in memory, with a worker that knows a few scripts (testing/stage.h).
// Prints "port N" and one line "route METHOD PATTERN" for each route, then "ready"; ends when its
// standard input does.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "transport/http/message.h"
#include "transport/http/testing/stage.h"

int main(int count, char** arguments) {
  namespace http = perdure::transport::http;
  http::ListenerOptions options;
  if (count > 1) {
    options.limits.connections_max = std::strtoul(arguments[1], nullptr, 10);
    options.limits.connections_per_address_max = options.limits.connections_max;
  }
  if (count > 3) {
    options.certificate_file = arguments[2];
    options.key_file = arguments[3];
  }
  http::testing::Stage stage(options, {.version = "test"});
  fmt::print("port {}\n", stage.port());
  for (const http::Route& route : stage.service().router().routes()) {
    fmt::print("route {} {}\n", http::method_name(route.method), route.pattern);
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const http::ListenerStats stats = stage.listener().stats();
    fmt::print("connections {} refused {} given_up {}\n", stats.connections, stats.refused,
               stats.given_up);
    std::fflush(stdout);
  }
  return 0;
}

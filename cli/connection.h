// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How the commands reach a server, instead of opening a store folder themselves. One thread.
#pragma once

#include <string>

#include "perdure/remote.h"
#include "perdure/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace perdure::cli {

/// What was typed. Without an address the commands work on a folder.
struct Connection {
  std::string server;        // "host:port"
  std::string api_key_file;  // never the key itself: a command line is for everybody to see
  std::string tls_roots;
  std::string certificate;
  std::string key;
  bool tls = false;
};

/// Adds the options to the program; they are put into `connection`, which outlives `app`.
void declare_connection(CLI::App& app, Connection& connection);

/// The key comes from the file, or from the variable PERDURE_API_KEY.
Result<ConnectOptions> connect_options(const Connection& connection, const std::string& hub);

}  // namespace perdure::cli

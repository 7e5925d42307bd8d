// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "commands.h"

namespace perdure::cli {

void declare_connection(CLI::App& app, Connection& connection) {
  app.add_option("--server", connection.server,
                 "a server (perdure serve) to ask, instead of a folder")
      ->envname("PERDURE_SERVER")
      ->type_name("HOST:PORT");
  app.add_option("--api-key-file", connection.api_key_file,
                 "holds the API key, or a token; or set PERDURE_API_KEY")
      ->type_name("FILE");
  app.add_flag("--tls", connection.tls, "speak TLS with the server");
  app.add_option("--tls-roots", connection.tls_roots, "whom to trust, PEM; default: the system's")
      ->type_name("FILE");
  CLI::Option* certificate =
      app.add_option("--client-certificate", connection.certificate,
                     "show this to the server, PEM, where it knows its callers by certificates")
          ->type_name("FILE");
  app.add_option("--client-key", connection.key, "the private key of it, PEM")
      ->type_name("FILE")
      ->needs(certificate);
  certificate->needs("--client-key");
}

Result<ConnectOptions> connect_options(const Connection& connection, const std::string& hub) {
  ConnectOptions options(connection.server);
  options.hub(hub);
  if (connection.tls || !connection.tls_roots.empty()) options.tls(connection.tls_roots);
  if (!connection.certificate.empty()) options.certificate(connection.certificate, connection.key);
  std::string key;
  if (!connection.api_key_file.empty()) {
    auto text = read_text_file(connection.api_key_file);
    if (!text) return text.error();
    key = *std::move(text);
  } else if (const char* variable = std::getenv("PERDURE_API_KEY")) {
    key = variable;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) {
    key.pop_back();
  }
  if (!key.empty()) options.api_key(key);
  return options;
}

}  // namespace perdure::cli

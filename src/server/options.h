// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Every option of `perdure serve`, declared once (options.cc). From the declaration come the flag
// --grpc-address, the variable PERDURE_SERVE_GRPC_ADDRESS, the key grpc-address of the
// configuration file, the help, --print-config and docs/reference/config.md.
//
// What is given twice: a flag wins over a variable, a variable over the file, the file over the
// default. No option holds a secret; those that need one name the file it is in, so that a process
// list, a core of the environment or a printed configuration gives nothing away.
//
// Values and pure functions; reading the file and the environment is option_sources.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/address.h"

namespace perdure::server {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

/// Credentials travel only over TLS, or within the machine; unless somebody says otherwise.
enum class PlaintextCredentials : std::uint8_t { kRefused, kAllowed };

struct Options {
  std::string data = "perdure-data";
  std::string hub = "default";
  Address grpc{.host = "127.0.0.1", .port = 4001};
  Address http{.host = "127.0.0.1", .port = 8080};
  std::string ready_file;

  // Who may call. A file name that is empty: this way is closed.
  std::string keys_file;
  std::string jwks_file;
  std::string jwks_url;
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string jwt_scopes_claim = "scope";
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  PlaintextCredentials plaintext_credentials = PlaintextCredentials::kRefused;

  /// Networks that durable HTTP calls may reach although they are not public.
  std::vector<std::string> http_allow;

  // How much.
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  std::uint64_t message_bytes_max = std::uint64_t{4} << 20;
  std::uint64_t executors = 1;
  /// More than an engine in a program: the stream of a remote worker ends for many reasons that say
  /// nothing about the items it held (a deployment, a network), and each counts for all of them.
  std::uint64_t attempts_max = 100;
  std::uint64_t connections_max = 10'000;
  std::uint64_t connections_per_address_max = 256;
  std::uint64_t drain_seconds = 30;
  LogLevel log_level = LogLevel::kInfo;

  [[nodiscard]] bool knows_callers() const { return !keys_file.empty() || takes_tokens(); }
  [[nodiscard]] bool takes_tokens() const { return !jwks_file.empty() || !jwks_url.empty(); }
  [[nodiscard]] bool has_tls() const { return !tls_certificate.empty(); }
};

/// One option, as people see it.
struct Declaration {
  std::string name;          // "grpc-address"
  std::string variable;      // "PERDURE_SERVE_GRPC_ADDRESS"
  std::string placeholder;   // "HOST:PORT"; empty: a switch, on when it is named
  std::string sentence;      // what it does
  std::string bounds;        // "1 to 64"; empty: nothing beyond the placeholder
  std::string default_text;  // as it would be typed; empty: not set
};

const std::vector<Declaration>& declarations();

/// What one source says: the texts by the names of the options.
struct Given {
  std::string text;
  std::string origin;  // "--executors", "PERDURE_SERVE_EXECUTORS", "serve.toml, line 3"
};
using Layer = std::map<std::string, Given, std::less<>>;

/// Options with their origins, by name; none: the default.
struct Configuration {
  Options options;
  std::map<std::string, std::string, std::less<>> origins;
};

/// The first layer that has a name wins. kInvalidArgument names the origin, what is wrong with the
/// text, and what would be right.
base::Result<Configuration> resolve(const std::vector<Layer>& layers);

/// What fits together, and what is safe: see docs/guides/security.md.
base::Result<> validate(const Options& options);

/// A complete configuration file with these values; a remark on each line says where it came from.
std::string print(const Configuration& configuration);

/// docs/reference/config.md.
std::string reference_page();

/// The candidate that a typing mistake was most likely meant to be; "" if none is near.
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

std::string_view log_level_name(LogLevel level);

}  // namespace perdure::server

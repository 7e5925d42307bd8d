// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one declaration of every option, and what follows from all of them together.
#include "server/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "egress/address.h"
#include "egress/fetch.h"
#include "model/checks.h"
#include "model/limits.h"
#include "server/option_values.h"

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::uint64_t kKiB = std::uint64_t{1} << 10;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kTiB = std::uint64_t{1} << 40;

/// A declaration, and the field that it is about.
struct Binding {
  Declaration declaration;
  std::function<Result<>(Options&, std::string_view)> set;
  std::function<std::string(const Options&)> text;
};

/// Name and sentence of an option.
struct Named {
  std::string name;
  std::string sentence;
};

std::string variable_of(std::string_view name) {
  if (name == "data") return "PERDURE_DATA";  // what every command of the program reads
  std::string variable = "PERDURE_SERVE_";
  for (const char letter : name) {
    variable += letter == '-' ? '_' : static_cast<char>(letter - 'a' + 'A');
  }
  return variable;
}

/// `parse` makes the field's value of a text, `show` a text of it.
template <class Field, class Parse, class Show>
Binding binding(Named named, std::string placeholder, std::string bounds, Field Options::* field,
                Parse parse, Show show) {
  std::string variable = variable_of(named.name);
  return {.declaration = {.name = std::move(named.name),
                          .variable = std::move(variable),
                          .placeholder = std::move(placeholder),
                          .sentence = std::move(named.sentence),
                          .bounds = std::move(bounds),
                          .default_text = show(Options{}.*field)},
          .set = [field, parse](Options& options, std::string_view text) -> Result<> {
            PERDURE_ASSIGN_OR_RETURN(options.*field, parse(text));
            return {};
          },
          .text = [field, show](const Options& options) { return show(options.*field); }};
}

Binding text(Named named, std::string placeholder, std::string Options::* field) {
  return binding(std::move(named), std::move(placeholder), "", field, parse_text,
                 [](const std::string& value) { return value; });
}

Binding address(Named named, Address Options::* field) {
  return binding(std::move(named), "HOST:PORT", "", field, parse_address,
                 [](const Address& value) { return to_text(value); });
}

Binding number(Named named, Bounds bounds, std::uint64_t Options::* field) {
  return binding(
      std::move(named), "COUNT", fmt::format("{} to {}", bounds.min, bounds.max), field,
      [bounds](std::string_view typed) { return parse_number(typed, bounds); },
      [](std::uint64_t value) { return fmt::format("{}", value); });
}

Binding bytes(Named named, Bounds bounds, std::uint64_t Options::* field) {
  return binding(
      std::move(named), "SIZE",
      fmt::format("{} to {}", bytes_text(bounds.min), bytes_text(bounds.max)), field,
      [bounds](std::string_view typed) { return parse_bytes(typed, bounds); }, bytes_text);
}

Binding hub() {
  return binding(
      Named{"hub", "the task hub of a call that names none"}, "NAME", "", &Options::hub,
      [](std::string_view typed) -> Result<std::string> {
        PERDURE_RETURN_IF_ERROR(model::check_name("task hub name", typed, model::kHubNameBytesMax));
        return std::string(typed);
      },
      [](const std::string& value) { return value; });
}

Binding http_allow() {
  return binding(
      Named{"http-allow",
            "networks that durable HTTP calls may reach although they are not public, with commas"},
      "NETWORK,...", "", &Options::http_allow,
      [](std::string_view typed) -> Result<std::vector<std::string>> {
        std::vector<std::string> networks;
        while (!typed.empty()) {
          const std::size_t comma = std::min(typed.find(','), typed.size());
          networks.emplace_back(typed.substr(0, comma));
          PERDURE_RETURN_IF_ERROR(egress::Network::parse(networks.back()));
          typed.remove_prefix(std::min(comma + 1, typed.size()));
        }
        return networks;
      },
      [](const std::vector<std::string>& networks) {
        return fmt::format("{}", fmt::join(networks, ","));
      });
}

Binding plaintext() {
  return binding(
      Named{"allow-plaintext-credentials",
            "take keys and tokens without TLS from other machines: only where something in front "
            "of the server does TLS"},
      "", "", &Options::plaintext_credentials,
      [](std::string_view typed) -> Result<PlaintextCredentials> {
        PERDURE_ASSIGN_OR_RETURN(const bool allowed, parse_switch(typed));
        return allowed ? PlaintextCredentials::kAllowed : PlaintextCredentials::kRefused;
      },
      [](PlaintextCredentials value) {
        return value == PlaintextCredentials::kAllowed ? "true" : "false";
      });
}

Binding log_level() {
  return binding(Named{"log-level", "the least important lines that are written to stderr"},
                 "LEVEL", "error, warning, info or debug", &Options::log_level, parse_log_level,
                 [](LogLevel value) { return std::string(log_level_name(value)); });
}

std::vector<Binding> declare_access() {
  return {
      text({"keys-file", "the API keys that are accepted; made by `perdure keys create`"}, "FILE",
           &Options::keys_file),
      text({"jwks-file", "the public keys of who signs the JSON Web Tokens that are accepted"},
           "FILE", &Options::jwks_file),
      text({"jwks-url",
            "where they are published, in place of a file: https, or http on this machine; asked "
            "again and again"},
           "URL", &Options::jwks_url),
      text({"jwt-issuer", "what a token's `iss` must be"}, "TEXT", &Options::jwt_issuer),
      text({"jwt-audience", "what a token's `aud` must be, or contain"}, "TEXT",
           &Options::jwt_audience),
      text({"jwt-scopes-claim", "the claim of a token that lists its scopes"}, "NAME",
           &Options::jwt_scopes_claim),
      text({"tls-certificate",
            "the certificate chain of the server, PEM; read again when it "
            "changes"},
           "FILE", &Options::tls_certificate),
      text({"tls-key", "the private key of the certificate, PEM"}, "FILE", &Options::tls_key),
      text({"tls-client-ca",
            "who signs the certificates that clients must show, PEM; read again when it changes"},
           "FILE", &Options::tls_client_ca),
      plaintext(),
  };
}

std::vector<Binding> declare_sizes() {
  return {
      bytes({"memory",
             "instances in memory, queued work and waiting calls together; above it new "
             "work is refused"},
            {64 * kMiB, kTiB}, &Options::memory_bytes),
      bytes({"message-size-max", "the largest message that a client or worker may send"},
            {64 * kKiB, 32 * kMiB}, &Options::message_bytes_max),
      number({"executors", "threads that decide; one is enough for most machines"},
             {1, model::kShardsDefault}, &Options::executors),
      number({"attempts-max", "hand-outs of a work item whose worker dies each time"}, {1, 1000},
             &Options::attempts_max),
      number(
          {"connections-max", "connections that gRPC, and as many that HTTP, may have at a time"},
          {1, 100'000}, &Options::connections_max),
      number({"connections-per-address-max", "of these, from one address"}, {1, 100'000},
             &Options::connections_per_address_max),
      number({"drain-seconds",
              "how long workers may answer what they hold when the server is told "
              "to end"},
             {0, 3600}, &Options::drain_seconds),
  };
}

std::vector<Binding> declare() {
  std::vector<Binding> all{
      text({"data", "the store folder; made if it is not there"}, "DIR", &Options::data),
      hub(),
      address({"grpc-address", "where gRPC is served; port 0: a free one"}, &Options::grpc),
      address({"http-address", "where HTTP is served; port 0: a free one"}, &Options::http),
      text({"ready-file", "written, as JSON, when calls are served: the addresses and the process"},
           "FILE", &Options::ready_file),
  };
  std::ranges::move(declare_access(), std::back_inserter(all));
  all.push_back(http_allow());
  std::ranges::move(declare_sizes(), std::back_inserter(all));
  all.push_back(log_level());
  return all;
}

const std::vector<Binding>& bindings() {
  static const std::vector<Binding> all = declare();
  return all;
}

const Given* find(const std::vector<Layer>& layers, std::string_view name) {
  for (const Layer& layer : layers) {
    if (const auto found = layer.find(name); found != layer.end()) return &found->second;
  }
  return nullptr;
}

/// Letters to change, add or drop to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

Result<> refuse(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<> validate_open(std::string_view name, const Address& address, const Options& options) {
  if (is_loopback(address)) return {};
  if (!options.knows_callers()) {
    return refuse(fmt::format(
        "{} {} can be reached from other machines, and nothing says who may call: set keys-file "
        "(perdure keys create makes one), jwks-file or jwks-url, or listen on 127.0.0.1",
        name, to_text(address)));
  }
  if (!options.has_tls() && options.plaintext_credentials == PlaintextCredentials::kRefused) {
    return refuse(fmt::format(
        "{} {} can be reached from other machines, and without TLS they would send their keys in "
        "the clear: set tls-certificate and tls-key, or listen on 127.0.0.1, or, if something in "
        "front of the server does TLS, set allow-plaintext-credentials",
        name, to_text(address)));
  }
  return {};
}

Result<> validate_jwks_url(const std::string& text) {
  const auto url = egress::parse_url(text);
  if (!url) return refuse("jwks-url: " + url.error().message);
  if (url->scheme == "https" || url->host == "localhost" || is_loopback({.host = url->host}))
    return {};
  return refuse(
      fmt::format("jwks-url {} is without TLS, and somebody on the way could put in keys of his "
                  "own: write https://",
                  text));
}

Result<> validate_tokens(const Options& options) {
  const bool has_jwt = !options.jwt_issuer.empty() || !options.jwt_audience.empty();
  if (!options.takes_tokens()) {
    if (!has_jwt) return {};
    return refuse(
        "jwt-issuer and jwt-audience need jwks-file or jwks-url, the keys to check tokens with");
  }
  if (!options.jwks_file.empty() && !options.jwks_url.empty()) {
    return refuse("jwks-file and jwks-url are both set: the keys of tokens have one source");
  }
  if (options.jwt_issuer.empty() || options.jwt_audience.empty() ||
      options.jwt_scopes_claim.empty()) {
    return refuse(
        "jwks-file and jwks-url need jwt-issuer, jwt-audience and jwt-scopes-claim: a token for "
        "somebody else must not open this server");
  }
  return options.jwks_url.empty() ? Result<>() : validate_jwks_url(options.jwks_url);
}

}  // namespace

const std::vector<Declaration>& declarations() {
  static const std::vector<Declaration> all = [] {
    std::vector<Declaration> made;
    for (const Binding& one : bindings()) made.push_back(one.declaration);
    return made;
  }();
  return all;
}

Result<Configuration> resolve(const std::vector<Layer>& layers) {
  Configuration made;
  for (const Binding& one : bindings()) {
    const Given* given = find(layers, one.declaration.name);
    if (given == nullptr) continue;
    if (const auto set = one.set(made.options, given->text); !set) {
      return fail(set.error().code, fmt::format("{}: {}", given->origin, set.error().message));
    }
    made.origins.emplace(one.declaration.name, given->origin);
  }
  return made;
}

Result<> validate(const Options& options) {
  if (options.data.empty()) return refuse("data is empty: name the store folder");
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return refuse("tls-certificate and tls-key belong together: set both, or neither");
  }
  if (!options.tls_client_ca.empty() && !options.has_tls()) {
    return refuse("tls-client-ca needs tls-certificate and tls-key: both sides show a certificate");
  }
  if (!options.tls_client_ca.empty() && !options.knows_callers()) {
    return refuse(
        "tls-client-ca says whose certificates are good, and nothing says what each may: set "
        "keys-file (perdure keys create --identity adds to it)");
  }
  PERDURE_RETURN_IF_ERROR(validate_tokens(options));
  if (options.grpc.port != 0 && options.grpc == options.http) {
    return refuse(fmt::format("grpc-address and http-address are both {}: give each its own port",
                              to_text(options.grpc)));
  }
  PERDURE_RETURN_IF_ERROR(validate_open("grpc-address", options.grpc, options));
  return validate_open("http-address", options.http, options);
}

std::string print(const Configuration& configuration) {
  std::string file;
  for (const Binding& one : bindings()) {
    const Declaration& option = one.declaration;
    const std::string value = one.text(configuration.options);
    const auto origin = configuration.origins.find(option.name);
    const bool bare = option.placeholder == "COUNT" || option.placeholder.empty();
    file += fmt::format("{} = {}  # {}\n", option.name, bare ? value : quoted(value),
                        origin == configuration.origins.end() ? "default" : origin->second);
  }
  return file;
}

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  constexpr std::size_t kTypedMax = 128;
  typed = typed.substr(0, kTypedMax);
  std::string best;
  std::size_t best_distance = std::clamp<std::size_t>(typed.size() / 3, 3, 8) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t far = distance(typed, candidate);
    if (far < best_distance) {
      best = candidate;
      best_distance = far;
    }
  }
  return best;
}

std::string reference_page() {
  std::string page =
      "# Options of `perdure serve`\n\n"
      "<!-- Made from src/server/options.cc: `PERDURE_UPDATE=1 ctest -R ConfigPage`. -->\n\n"
      "Each can be given as a flag (`--grpc-address 127.0.0.1:4001`), as a variable of the\n"
      "environment, or as a line of a TOML file (`grpc-address = \"127.0.0.1:4001\"`) that\n"
      "`--config FILE` or `PERDURE_SERVE_CONFIG` names. A flag wins over a variable, a variable\n"
      "over the file, the file over the default. A key or a variable `PERDURE_SERVE_...` that is\n"
      "not in this table is an error.\n\n"
      "No option holds a secret: those that need one name the file that it is in.\n\n"
      "`perdure serve --print-config` checks the options, prints those in effect as such a file,\n"
      "with where each came from, and ends. What is refused, and why:\n"
      "[security](../guides/security.md).\n\n"
      "| option | default | what it does |\n| --- | --- | --- |\n";
  for (const Declaration& option : declarations()) {
    page += fmt::format(
        "| `--{}`{} | {} | {}{}<br>`{}` |\n", option.name,
        option.placeholder.empty() ? "" : fmt::format(" {}", option.placeholder),
        option.default_text.empty() ? "none" : fmt::format("`{}`", option.default_text),
        option.sentence, option.bounds.empty() ? "" : fmt::format(" ({})", option.bounds),
        option.variable);
  }
  return page;
}

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one decision point: who is calling, and may they do this in that task hub?
//
// A caller is known by an API key, by a JSON Web Token, or by the certificate of its connection.
// What it sends with a call comes before what its connection is for. A refusal names the action,
// the hub and the way out, and nothing of the credential. A bundle of operations is admitted one by
// one, each for its own action and hub.
//
// Thread-safe. Owned by the server; outlives the transports. The clock outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "access/permit.h"
#include "base/result.h"
#include "runtime/clock.h"

namespace perdure::access {

/// What a call brought along. Views that need only outlive the decision.
struct Credentials {
  /// The value of the header "authorization"; empty: none. "Bearer <key or token>".
  std::string_view authorization;
  /// Whom the client's certificate is for (certificate.h), which TLS has verified; empty: none.
  std::string_view identity{};
};

/// The task hub of a call that names none, unless the options name another.
inline constexpr std::string_view kDefaultHub = "default";

/// Where it says who may call. Empty: this way is closed.
struct GuardOptions {
  /// The task hub of a call that names none.
  std::string default_hub = std::string(kDefaultHub);
  std::string keys_file;
  std::string jwks_file;
  /// In place of a file: whoever has the guard gives it the keys (set_token_keys), which are
  /// published here. Until then no token is believed.
  std::string jwks_url;
  // Of tokens: needed with `jwks_file` or `jwks_url`.
  std::string issuer;
  std::string audience;
  std::string scopes_claim;
};

enum class Reloaded : std::uint8_t { kUnchanged, kChanged };

class Guard final {
 public:
  /// Whoever reaches the server may do everything: for listeners on loopback only.
  static Guard open_to_all(std::string default_hub = std::string(kDefaultHub));
  /// Reads the files; an error is that of a file. REQUIRES: a file or a URL is named.
  static base::Result<Guard> open(GuardOptions options, const runtime::Clock& clock);

  Guard(Guard&&) noexcept;
  Guard& operator=(Guard&&) noexcept;
  ~Guard();

  /// kUnauthenticated, kPermissionDenied, or kInvalidArgument for what can not be a hub's name.
  /// An empty hub means the default one.
  [[nodiscard]] base::Result<Permit> admit(const Credentials& credentials, Action action,
                                           std::string_view hub) const;

  /// What the verifier of tokens calls (TokenVerifier), on any thread; must not block. REQUIRES:
  /// there is a `jwks_url`, and nobody was asked to be admitted yet.
  void on_unknown_key(std::function<void()> callback);
  /// The keys that are published at `jwks_url`, in place of those before. On an error
  /// (kInvalidArgument) the ones before stay. REQUIRES: there is a `jwks_url`.
  base::Result<> set_token_keys(std::string_view jwks);

  /// Reads the files again. On an error whoever was known stays known.
  base::Result<> reload();
  /// The same, if a file is another than it was when it was last read, well or badly.
  base::Result<Reloaded> reload_if_changed();

 private:
  struct Gate;
  Guard(std::string default_hub, std::unique_ptr<Gate> gate);

  std::string default_hub_;
  std::unique_ptr<Gate> gate_;  // nullptr: open to all
};

}  // namespace perdure::access

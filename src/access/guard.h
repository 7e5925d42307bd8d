// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one decision point: who is calling, and may they do this in that task hub?
//
// A caller is known by an API key or by a JSON Web Token. A refusal names the action, the hub and
// the way out, and nothing of the credential. A bundle of operations is admitted one by one, each
// for its own action and hub.
//
// Thread-safe. Owned by the server; outlives the transports. The clock outlives it.
#pragma once

#include <cstdint>
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
};

/// The task hub of a call that names none, unless the options name another.
inline constexpr std::string_view kDefaultHub = "default";

/// Where it says who may call. Empty: this way is closed.
struct GuardOptions {
  /// The task hub of a call that names none.
  std::string default_hub = std::string(kDefaultHub);
  std::string keys_file;
  std::string jwks_file;
  // Of tokens: needed with `jwks_file`.
  std::string issuer;
  std::string audience;
  std::string scopes_claim;
};

enum class Reloaded : std::uint8_t { kUnchanged, kChanged };

class Guard final {
 public:
  /// Whoever reaches the server may do everything: for listeners on loopback only.
  static Guard open_to_all(std::string default_hub = std::string(kDefaultHub));
  /// Reads the files; an error is that of a file. REQUIRES: at least one file is named.
  static base::Result<Guard> open(GuardOptions options, const runtime::Clock& clock);

  Guard(Guard&&) noexcept;
  Guard& operator=(Guard&&) noexcept;
  ~Guard();

  /// kUnauthenticated, kPermissionDenied, or kInvalidArgument for what can not be a hub's name.
  /// An empty hub means the default one.
  [[nodiscard]] base::Result<Permit> admit(const Credentials& credentials, Action action,
                                           std::string_view hub) const;

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

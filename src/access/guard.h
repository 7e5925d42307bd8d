// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one decision point: who is calling, and may they do this in that task hub?
//
// Thread-safe. Owned by the server; outlives the transports.
#pragma once

#include <string_view>

#include "access/permit.h"
#include "base/result.h"

namespace perdure::access {

/// What a call brought along. Views that need only outlive the decision.
struct Credentials {
  /// The value of the header "authorization"; empty: none. "Bearer <key or token>".
  std::string_view authorization;
};

class Guard final {
 public:
  /// Whoever reaches the server may do everything: for listeners on loopback only.
  static Guard open_to_all();

  /// kUnauthenticated, kPermissionDenied, or kInvalidArgument for what can not be a hub's name.
  [[nodiscard]] base::Result<Permit> admit(const Credentials& credentials, Action action,
                                           std::string_view hub) const;

 private:
  Guard() = default;
};

}  // namespace perdure::access

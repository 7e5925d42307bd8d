// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a credential allows: an action in one task hub, or in all of them. "operate:orders",
// "read:*". Values; pure.
//
// Operating includes reading, and administering includes everything. Working stands alone: a worker
// takes items and answers them, and need not be able to start or to look at anything.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "access/permit.h"
#include "base/result.h"

namespace perdure::access {

inline constexpr std::size_t kScopesMax = 64;

struct Scope {
  Action action = Action::kRead;
  std::string hub;  // "*": every one

  friend bool operator==(const Scope&, const Scope&) = default;
};

/// kInvalidArgument says what a scope looks like.
base::Result<Scope> parse_scope(std::string_view text);
std::string to_text(const Scope& scope);

[[nodiscard]] bool allows(const Scope& scope, Action action, std::string_view hub);
[[nodiscard]] bool allow(const std::vector<Scope>& scopes, Action action, std::string_view hub);

}  // namespace perdure::access

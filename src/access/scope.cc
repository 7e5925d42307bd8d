// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/checks.h"
#include "model/limits.h"

namespace perdure::access {
namespace {

constexpr std::string_view kEveryHub = "*";

std::optional<Action> action_from_name(std::string_view name) {
  for (const Action action :
       {Action::kRead, Action::kOperate, Action::kWork, Action::kAdminister}) {
    if (name == action_name(action)) return action;
  }
  return std::nullopt;
}

bool includes(Action granted, Action wanted) {
  if (granted == wanted || granted == Action::kAdminister) return true;
  return granted == Action::kOperate && wanted == Action::kRead;
}

}  // namespace

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kRead: return "read";
    case Action::kOperate: return "operate";
    case Action::kWork: return "work";
    case Action::kAdminister: return "administer";
  }
  return "unknown";
}

base::Result<Scope> parse_scope(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto action = action_from_name(text.substr(0, colon));
  if (colon == std::string_view::npos || !action) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "a scope is ACTION:HUB, where ACTION is read, operate, work or administer "
                      "and HUB a task hub or * for every one; such as operate:orders");
  }
  const std::string_view hub = text.substr(colon + 1);
  if (hub != kEveryHub) {
    PERDURE_RETURN_IF_ERROR(
        model::check_name("task hub name of a scope", hub, model::kHubNameBytesMax));
  }
  return Scope{.action = *action, .hub = std::string(hub)};
}

std::string to_text(const Scope& scope) {
  return fmt::format("{}:{}", action_name(scope.action), scope.hub);
}

bool allows(const Scope& scope, Action action, std::string_view hub) {
  return includes(scope.action, action) && (scope.hub == kEveryHub || scope.hub == hub);
}

bool allow(const std::vector<Scope>& scopes, Action action, std::string_view hub) {
  return std::ranges::any_of(scopes,
                             [&](const Scope& scope) { return allows(scope, action, hub); });
}

}  // namespace perdure::access

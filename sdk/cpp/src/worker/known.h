// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Names that there are, for errors about a name that there is not. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "perdure/registry.h"
#include "perdure/result.h"

namespace perdure::worker {

inline constexpr std::size_t kNamesShown = 20;

/// "'a', 'b', 'c'"; at most kNamesShown of them.
template <class Functions>
std::string names_of(const Functions& functions) {
  if (functions.empty()) return "none";
  std::string names;
  std::size_t shown = 0;
  for (const auto& [name, function] : functions) {
    if (shown++ == kNamesShown) return names + ", ...";
    names += (names.empty() ? "'" : ", '") + name + "'";
  }
  return names;
}

inline Result<void> check_known(const Registry& functions, const std::string& name) {
  if (functions.find_orchestration(name) != nullptr) return {};
  return Error(ErrorCode::kNotFound, "this program has no orchestration '" + name + "'; it has " +
                                         names_of(functions.orchestrations()));
}

inline Result<void> check_known_entity(const Registry& functions, const EntityId& entity) {
  if (functions.find_entity(entity.name()) != nullptr) return {};
  return Error(ErrorCode::kNotFound, "this program has no entity '" + std::string(entity.name()) +
                                         "'; it has " + names_of(functions.entities()));
}

}  // namespace perdure::worker

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A number with a meaning: two ids of different kinds do not compare, convert or add.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace perdure::base {

template <class Tag, class Rep>
struct Strong {
  Rep value{};

  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

/// For hash maps keyed by a Strong: `std::unordered_map<TaskId, X, StrongHash>`.
struct StrongHash {
  template <class Tag, class Rep>
  std::size_t operator()(Strong<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};

}  // namespace perdure::base

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A store as small as it can be: ordered maps. A value, so that two states can be compared and an
// old one kept. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/shard.h"
#include "model/key.h"
#include "model/write.h"

namespace perdure::core::testing {

class RowMap {
 public:
  using Space = std::map<std::string, std::string, std::less<>>;

  [[nodiscard]] const Space& of(model::Space space) const { return spaces_[index(space)]; }

  [[nodiscard]] const std::string* find(model::Space space, std::string_view key) const {
    const auto found = of(space).find(key);
    return found == of(space).end() ? nullptr : &found->second;
  }

  /// The rows in [from, to), at most `rows_max` of them (0: all). An empty `to` is the end.
  [[nodiscard]] Rows scan(model::Space space, std::string_view from, std::string_view to,
                          std::size_t rows_max = 0) const {
    Rows rows;
    for (auto at = of(space).lower_bound(from); at != of(space).end(); ++at) {
      if (!to.empty() && at->first >= to) break;
      if (rows_max != 0 && rows.size() == rows_max) break;
      rows.emplace_back(at->first, at->second);
    }
    return rows;
  }

  [[nodiscard]] Rows with_prefix(model::Space space, std::string_view prefix) const {
    return scan(space, prefix, model::prefix_end(prefix));
  }

  /// Puts or deletes a row and answers what was there before.
  std::optional<std::string> write(model::Space space, const std::string& key,
                                   std::optional<std::string> value) {
    Space& rows = spaces_[index(space)];
    std::optional<std::string> before;
    if (const auto found = rows.find(key); found != rows.end()) before = found->second;
    if (value) {
      rows.insert_or_assign(key, *std::move(value));
    } else {
      rows.erase(key);
    }
    return before;
  }

  friend bool operator==(const RowMap&, const RowMap&) = default;

 private:
  static std::size_t index(model::Space space) { return static_cast<std::size_t>(space) - 1; }

  std::array<Space, std::size(model::kSpaces)> spaces_;
};

}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a store should hold, as plain maps: the oracle of the conformance suite.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/conformance/pairs.h"
#include "store/store.h"

namespace perdure::store::conformance {

using Rows = std::vector<std::pair<std::string, std::string>>;

inline Rows scan(const Store& store, model::Space space, std::string_view from = {},
                 std::string_view to = {}) {
  Rows rows;
  must(store.scan(space, from, to, [&rows](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  }));
  return rows;
}

class ModelStore {
 public:
  void apply(const std::vector<Write>& writes) {
    for (const Write& write : writes) {
      if (write.value) {
        spaces_[write.space][write.key] = *write.value;
      } else {
        spaces_[write.space].erase(write.key);
      }
    }
  }

  [[nodiscard]] Rows rows(model::Space space, std::string_view from = {},
                          std::string_view to = {}) const {
    const auto at = spaces_.find(space);
    if (at == spaces_.end()) return {};
    Rows rows;
    for (auto row = at->second.lower_bound(from);
         row != at->second.end() && (to.empty() || row->first < to); ++row)
      rows.emplace_back(*row);
    return rows;
  }

  [[nodiscard]] std::optional<std::string> get(model::Space space, std::string_view key) const {
    const auto at = spaces_.find(space);
    if (at == spaces_.end()) return std::nullopt;
    const auto row = at->second.find(key);
    if (row == at->second.end()) return std::nullopt;
    return row->second;
  }

  friend bool operator==(const ModelStore&, const ModelStore&) = default;

 private:
  std::map<model::Space, std::map<std::string, std::string, std::less<>>> spaces_;
};

/// The spaces that the store leaves to its callers.
inline constexpr model::Space kUserSpaces[] = {model::Space::kInstance, model::Space::kHistory,
                                               model::Space::kAgenda};

inline bool holds(const Store& store, const ModelStore& model) {
  for (const model::Space space : kUserSpaces)
    if (scan(store, space) != model.rows(space)) return false;
  return true;
}

inline Write put(std::string key, std::string value, model::Space space = model::Space::kInstance) {
  return {space, std::move(key), std::move(value), false};
}
inline Write put_fresh(std::string key, std::string value,
                       model::Space space = model::Space::kInstance) {
  return {space, std::move(key), std::move(value), true};
}
inline Write drop(std::string key, model::Space space = model::Space::kInstance) {
  return {space, std::move(key), std::nullopt, false};
}

/// One write or several, without a fence: the shards are nobody's here.
template <class... Writes>
Position stage(Store& store, Writes... writes) {
  std::vector<Write> set;
  (set.push_back(std::move(writes)), ...);
  return must(store.stage({}, std::move(set)));
}

}  // namespace perdure::store::conformance

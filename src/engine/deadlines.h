// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What must have happened by a certain time, of each key once. Owned by an executor, on its thread.
// Each leaves at its time at the latest, so whoever bounds the spans and the keys bounds this.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/time.h"

namespace perdure::engine {

template <class Key>
class Deadlines final {
 public:
  /// `by`: on the monotonic clock. Replaces what was expected before.
  void expect(const Key& key, base::Timestamp by) {
    const auto [at, is_new] = by_key_.try_emplace(key, by);
    if (!is_new) {
      due_.erase({at->second, key});
      at->second = by;
    }
    due_.emplace(by, key);
  }

  /// It happened, or is not expected any more.
  void forget(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    due_.erase({found->second, key});
    by_key_.erase(found);
  }

  /// One whose time is over; nothing: none is. Each comes once.
  std::optional<Key> take(base::Timestamp now) {
    if (next() > now || due_.empty()) return std::nullopt;
    Key taken = due_.begin()->second;
    forget(taken);
    return taken;
  }

  /// When the next one is due; kEndOfTime: none.
  [[nodiscard]] base::Timestamp next() const {
    return due_.empty() ? base::kEndOfTime : due_.begin()->first;
  }
  [[nodiscard]] bool contains(const Key& key) const { return by_key_.contains(key); }
  [[nodiscard]] bool empty() const { return due_.empty(); }

 private:
  std::map<Key, base::Timestamp> by_key_;
  std::set<std::pair<base::Timestamp, Key>> due_;
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/overdue.h"

namespace perdure::engine {

void Overdue::expect(const model::ActivityToken& token, base::Timestamp by) {
  const auto [at, is_new] = by_token_.try_emplace(token, by);
  if (!is_new) {
    due_.erase({at->second, token});
    at->second = by;
  }
  due_.emplace(by, token);
}

void Overdue::forget(const model::ActivityToken& token) {
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) return;
  due_.erase({found->second, token});
  by_token_.erase(found);
}

std::vector<model::ActivityToken> Overdue::take(base::Timestamp now) {
  std::vector<model::ActivityToken> taken;
  while (!due_.empty() && due_.begin()->first <= now) {
    taken.push_back(due_.begin()->second);
    forget(taken.back());
  }
  return taken;
}

}  // namespace perdure::engine

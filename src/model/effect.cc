// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/effect.h"

#include <algorithm>

namespace perdure::model {

bool is_speculative(const ActivityItem& item) {
  if (item.token.attempt != 1 || item.uncounted_redelivery) return false;
  return std::ranges::any_of(item.tags, [](const auto& tag) {
    return tag.first == kSpeculativeTag && tag.second == kSpeculativeValue;
  });
}

bool leaves_at_once(const Effect& effect) {
  if (const auto* turn = std::get_if<OfferTurn>(&effect)) return turn->item.token.attempt == 1;
  if (const auto* activity = std::get_if<OfferActivity>(&effect)) {
    return is_speculative(activity->item);
  }
  if (const auto* reply = std::get_if<Reply>(&effect)) {
    return std::holds_alternative<EntitySnapshot>(reply->body);
  }
  return std::holds_alternative<MoreGarbage>(effect) || std::holds_alternative<GatherTurn>(effect);
}

}  // namespace perdure::model

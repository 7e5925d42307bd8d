// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/effect.h"

namespace perdure::model {

bool leaves_at_once(const Effect& effect) {
  if (const auto* turn = std::get_if<OfferTurn>(&effect)) return turn->item.token.attempt == 1;
  if (const auto* reply = std::get_if<Reply>(&effect)) {
    return std::holds_alternative<EntitySnapshot>(reply->body);
  }
  return std::holds_alternative<MoreGarbage>(effect);
}

}  // namespace perdure::model

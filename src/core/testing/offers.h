// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What has been offered and is not answered or withdrawn: a dispatcher without workers. A value;
// not thread-safe.
#pragma once

#include <map>
#include <variant>

#include "base/overloaded.h"
#include "model/command.h"
#include "model/effect.h"
#include "model/work_item.h"

namespace perdure::core::testing {

struct Offers {
  std::map<model::TurnToken, model::TurnItem> turns;
  std::map<model::ActivityToken, model::ActivityItem> activities;

  [[nodiscard]] bool contains(const model::WorkToken& token) const {
    return std::visit(base::Overloaded{
                          [&](const model::TurnToken& t) { return turns.contains(t); },
                          [&](const model::ActivityToken& t) { return activities.contains(t); },
                      },
                      token);
  }

  void erase(const model::WorkToken& token) {
    std::visit(base::Overloaded{
                   [&](const model::TurnToken& t) { turns.erase(t); },
                   [&](const model::ActivityToken& t) { activities.erase(t); },
               },
               token);
  }

  /// Does what an effect says about work; the others are nothing to it.
  void take(const model::Effect& effect) {
    std::visit(base::Overloaded{
                   [&](const model::OfferTurn& e) { turns.insert_or_assign(e.item.token, e.item); },
                   [&](const model::OfferActivity& e) {
                     activities.insert_or_assign(e.item.token, e.item);
                   },
                   [&](const model::WithdrawWork& e) { erase(e.token); },
                   [](const auto&) {},
               },
               effect);
  }
};

/// The work that a command answers; nothing for other commands.
inline std::optional<model::WorkToken> answered_by(const model::Command& command) {
  return std::visit(
      base::Overloaded{
          [](const model::CompleteTurn& c) -> std::optional<model::WorkToken> { return c.token; },
          [](const model::RefuseTurn& c) -> std::optional<model::WorkToken> { return c.token; },
          [](const model::CompleteActivity& c) -> std::optional<model::WorkToken> {
            return c.token;
          },
          [](const model::BeginAttempt& c) -> std::optional<model::WorkToken> { return c.token; },
          [](const model::ReturnWork& c) -> std::optional<model::WorkToken> { return c.token; },
          [](const auto&) -> std::optional<model::WorkToken> { return std::nullopt; },
      },
      command);
}

}  // namespace perdure::core::testing

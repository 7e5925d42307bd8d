// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A singleton that never ends: one orchestration under a fixed id runs the game, round after round,
// and takes the guesses of whoever plays. Each player's score is an entity.
#pragma once

#include <fmt/format.h>

#include <string>

#include "perdure/perdure.h"

namespace game {

inline constexpr const char* kId = "the-game";
inline constexpr std::uint64_t kNumbers = 100;

struct Guess {
  std::string player;
  std::uint64_t number = 0;
  PERDURE_FIELDS(Guess, player, number);
};

struct Player {
  int points = 0;
  std::string last_answer;

  void won(int round) {
    ++points;
    last_answer = fmt::format("round {}: right", round);
  }
  void missed(const std::string& hint) { last_answer = hint; }
  [[nodiscard]] std::string answer() const { return last_answer; }

  PERDURE_FIELDS(Player, points, last_answer);
  PERDURE_OPERATIONS(Player, won, missed, answer);
};

/// One round. The next one begins with an empty history; guesses that came meanwhile are not lost.
inline perdure::Task<void> play(perdure::Orchestration& ctx, int round) {
  const std::uint64_t secret = 1 + ctx.random().below(kNumbers);
  for (int guesses = 1;; ++guesses) {
    ctx.set_status(fmt::format("round {}, {} guesses so far", round, guesses - 1));
    const Guess guess = co_await ctx.event<Guess>("guess");
    const perdure::Entity<Player> player(guess.player);
    if (guess.number == secret) {
      ctx.signal(player, &Player::won, round);
      co_await ctx.continue_as_new(round + 1);
    }
    ctx.signal(player, &Player::missed, guess.number < secret ? "higher" : "lower");
  }
}

}  // namespace game

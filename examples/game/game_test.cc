// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "game/game.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace game {
namespace {

TEST(Game, GoesOnForEverAndLosesNoGuess) {
  perdure::TestHost host;
  host.entity<Player>().orchestration("play", play);
  perdure::Client client = host.client();
  ASSERT_TRUE(client.start("play", 1, perdure::StartOptions().id(kId)));
  const perdure::Entity<Player> ada("ada");
  int rounds = 0;
  for (int turn = 0; turn < 500 && rounds < 5; ++turn) {
    // All numbers at once: the right one ends the round, the rest is for the next rounds.
    for (std::uint64_t number = 1; number <= kNumbers; ++number) {
      ASSERT_TRUE(client.raise(kId, "guess", Guess{"ada", number}));
    }
    if (turn % 2 == 0) host.restart();
    host.run();
    rounds = client.state(ada).value().value_or(Player{}).points;
  }
  EXPECT_GE(rounds, 5);
  EXPECT_EQ(client.get(kId).value().status, perdure::Status::kRunning);
  EXPECT_EQ(client.get(kId).value().unread_messages, 0U);
}

}  // namespace
}  // namespace game

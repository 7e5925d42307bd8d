// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/game [--data DIR]: guess a number; end with Ctrl-D. With --data, kill it
// and run it again: the number and your points are still there.
#include "game/game.h"

#include <iostream>

#include "program.h"

namespace {

int play(perdure::Client client) {
  const auto started = client.start(
      "play", 1,
      perdure::StartOptions().id(game::kId).if_exists(perdure::StartOptions::IfExists::kIgnore));
  if (!started) return example::report(started.error());
  const perdure::Entity<game::Player> me("you");
  fmt::print("a number from 1 to {}: ", game::kNumbers);
  std::fflush(stdout);
  for (std::uint64_t number = 0; std::cin >> number;) {
    const auto sent = client.raise(game::kId, "guess", game::Guess{"you", number});
    if (!sent) return example::report(sent.error());
    std::string answer;
    while (answer.empty()) answer = client.query(me, &game::Player::answer).value();
    // The answer is taken back, so that the next one is told from it.
    if (const auto taken = client.call(me, &game::Player::missed, ""); !taken) {
      return example::report(taken.error());
    }
    fmt::print("{}\n", answer);
    std::fflush(stdout);
  }
  const auto score = client.state(me);
  fmt::print("{} points\n", score && *score ? (*score)->points : 0);
  return perdure::kExitOk;
}

}  // namespace

int main(int count, char** values) {
  perdure::Host host(example::host_options(count, values));
  host.entity<game::Player>().orchestration("play", game::play);
  const auto client = host.start();
  return client ? play(*client) : example::report(client.error());
}

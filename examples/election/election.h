// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Leader election between agents that send each other messages: the bully algorithm. The live
// agent with the highest number leads.
//
// Whoever misses the leader asks all agents above him who is alive, and waits for a while: that
// nobody answers can only be told by time. The highest who answered is made to lead, or he himself
// if nobody did, and tells everybody. An agent above such a leader, who was merely slow, does not
// put up with it and asks again: so the highest wins in the end, however long messages take. This
// is the variant in which those who are asked do not all begin elections of their own: a round
// costs 3 N messages at most, instead of N * N.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "perdure/perdure.h"

namespace election {

struct Agent {
  int number = 0;
  int agents = 0;
  std::int64_t patience_us = 0;
  int leader = -1;
  int round = 0;  // of the election that this agent runs or ran last
  bool asking = false;
  int highest = -1;  // who answered, in that election
  bool down = false;

  void join(int own, int all, std::int64_t patience) {
    number = own;
    agents = all;
    patience_us = patience;
    leader = all - 1;
  }
  /// For the example: a dead agent that gets messages and does nothing.
  void crash() { down = true; }
  void recover() { down = false; }

  /// The leader is missed.
  void elect(perdure::EntityContext& ctx) {
    if (down || asking) return;
    asking = true;
    highest = -1;
    ++round;
    for (int other = number + 1; other < agents; ++other) {
      ctx.signal(address(other), &Agent::ask, number, round);
    }
    const auto due = ctx.now() + std::chrono::microseconds(number + 1 < agents ? patience_us : 0);
    ctx.signal_at(due, address(number), &Agent::decide, round);
  }
  void ask(perdure::EntityContext& ctx, int asker, int its_round) {
    if (!down) ctx.signal(address(asker), &Agent::alive, number, its_round);
  }
  void alive(int who, int its_round) {
    if (asking && its_round == round && who > highest) highest = who;
  }
  void decide(perdure::EntityContext& ctx, int its_round) {
    if (!asking || its_round != round) return;
    asking = false;
    ctx.signal(address(highest < 0 ? number : highest), &Agent::lead);
  }
  void lead(perdure::EntityContext& ctx) {
    if (down) return;
    for (int other = 0; other < agents; ++other) {
      ctx.signal(address(other), &Agent::follow, number);
    }
    ctx.send("observer", "elected", number);
  }
  void follow(perdure::EntityContext& ctx, int who) {
    if (down) return;
    leader = who;
    if (who < number) ctx.signal(address(number), &Agent::elect);
  }
  [[nodiscard]] int follows() const { return leader; }

  static perdure::Entity<Agent> address(int number) {
    return perdure::Entity<Agent>(std::to_string(number));
  }

  PERDURE_FIELDS(Agent, number, agents, patience_us, leader, round, asking, highest, down);
  PERDURE_OPERATIONS(Agent, join, crash, recover, elect, ask, alive, decide, lead, follow, follows);
};

/// Waits for the next leader; its answer is who it is.
inline perdure::Task<int> observe(perdure::Orchestration& ctx) {
  co_return co_await ctx.event<int>("elected");
}

}  // namespace election

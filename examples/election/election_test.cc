// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "election/election.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace election {
namespace {

using std::chrono_literals::operator""s;

class Election : public testing::Test {
 protected:
  static constexpr int kAgents = 8;

  Election() {
    host_.entity<Agent>();
    for (int i = 0; i < kAgents; ++i) {
      EXPECT_TRUE(client_.call(Agent::address(i), &Agent::join, i, kAgents, std::int64_t{20'000}));
    }
  }
  void crash(int agent) { ASSERT_TRUE(client_.call(Agent::address(agent), &Agent::crash)); }
  void elect(int agent) {
    ASSERT_TRUE(client_.signal(Agent::address(agent), &Agent::elect));
    host_.advance(1s);
  }
  int leader_of(int agent) { return client_.query(Agent::address(agent), &Agent::follows).value(); }

  perdure::TestHost host_;
  perdure::Client client_ = host_.client();
};

TEST_F(Election, IsWonByTheHighestWhoIsAlive) {
  crash(7);
  crash(6);
  elect(0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(leader_of(i), 5) << i;
}

TEST_F(Election, OfSeveralAtOnceHasOneWinner) {
  crash(7);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(client_.signal(Agent::address(i), &Agent::elect));
  host_.advance(1s);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(leader_of(i), 6) << i;
}

TEST_F(Election, IsWonByTheLowestIfNobodyElseIsLeft) {
  for (int i = 1; i < kAgents; ++i) crash(i);
  elect(0);
  EXPECT_EQ(leader_of(0), 0);
}

TEST_F(Election, SurvivesTheProcess) {
  crash(7);
  ASSERT_TRUE(client_.signal(Agent::address(2), &Agent::elect));
  host_.restart();
  host_.advance(1s);
  EXPECT_EQ(leader_of(3), 6);
}

}  // namespace
}  // namespace election

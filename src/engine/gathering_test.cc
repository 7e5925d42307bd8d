// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Turns that wait for more outcomes: the engine ends each wait, whatever else happens.
#include <gtest/gtest.h>

#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using testing::World;

constexpr base::Duration kTurn = base::milliseconds(20);

class Gathering : public ::testing::Test {
 protected:
  explicit Gathering(core::GatherRules rules = {.history_events_min = 5})
      : world_({.shards = 8, .engine = {.gather = rules}, .store = {}}) {}

  /// A fan of eight whose turn gathers: it took in one outcome, slowly, and two came meanwhile.
  void begin(base::Duration took = kTurn) {
    world_.begin_fan("f", "8");
    activities_ = world_.pull(8);
    ASSERT_EQ(activities_.size(), 8U);
    answer(1);
    auto turn = world_.pull(1);
    ASSERT_EQ(turn.size(), 1U);
    answer(2);
    world_.clock.advance(took);
    world_.run(std::move(turn.front()));
    world_.engine->run_until_idle();
  }

  void answer(int count) {
    for (; count > 0; --count) {
      world_.run(std::move(activities_.back()));
      activities_.pop_back();
    }
    world_.engine->run_until_idle();
  }

  void expect_completed() {
    world_.settle();
    EXPECT_EQ(world_.snapshot("f").record.status, model::Status::kCompleted);
    EXPECT_EQ(world_.engine->stats().rescues, 0U);
  }

  World world_;
  std::vector<model::WorkItem> activities_;
};

TEST_F(Gathering, ATurnIsOfferedWhenItsTimeIsOver) {
  begin();
  EXPECT_TRUE(world_.pull(1).empty());
  EXPECT_EQ(world_.engine->next_timer(), world_.clock.now() + kTurn + kTurn);
  world_.clock.advance(kTurn);
  answer(1);
  EXPECT_TRUE(world_.pull(1).empty());
  world_.clock.advance(kTurn);
  world_.engine->run_until_idle();
  auto turn = world_.pull(1);
  ASSERT_EQ(turn.size(), 1U);
  EXPECT_EQ(std::get<model::TurnItem>(turn.front()).new_events.size(), 1U + 3U);
  EXPECT_EQ(world_.engine->next_timer(), base::kEndOfTime);
  world_.run(std::move(turn.front()));
  answer(4);
  expect_completed();
}

TEST_F(Gathering, ATurnIsOfferedAtOnceWhenAllHasCome) {
  begin();
  answer(5);
  EXPECT_EQ(world_.engine->next_timer(), base::kEndOfTime);
  expect_completed();
}

TEST_F(Gathering, TheWallClockHasNoSayInIt) {
  begin();
  world_.clock.jump_wall_to(base::Timestamp{world_.clock.now().us - 3'600'000'000});
  world_.clock.advance(kTurn);
  world_.clock.advance(kTurn);
  world_.engine->run_until_idle();
  EXPECT_EQ(world_.pull(1).size(), 1U);
}

TEST_F(Gathering, ARestartOffersAtOnce) {
  begin();
  world_.crash();
  expect_completed();
}

class LongGathering : public Gathering {
 protected:
  LongGathering() : Gathering({.history_events_min = 5, .wait_max = base::seconds(3600)}) {}
};

TEST_F(LongGathering, IsNotForgottenWorkToTheSweeper) {
  begin(base::seconds(300));
  for (int i = 0; i < 5; ++i) {
    world_.clock.advance(kSweepInterval);
    world_.engine->run_until_idle();
  }
  EXPECT_TRUE(world_.pull(1).empty());
  answer(5);
  expect_completed();
}

}  // namespace
}  // namespace perdure::engine

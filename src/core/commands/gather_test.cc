// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Turns that wait for more outcomes, and OfferGathered, which ends the wait.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

constexpr int kWidth = 8;
constexpr base::Duration kTurn = base::milliseconds(20);

class Gather : public CoreTest {
 protected:
  void SetUp() override { begin({.history_events_min = 5, .turn_min = base::milliseconds(5)}); }

  /// "a" runs kWidth activities side by side. The turn that took in the first outcome was slow, and
  /// two more came meanwhile.
  void begin(GatherRules rules) {
    Story other({.gather = rules});
    std::swap(world, other);
    world.run(start("a"));
    std::vector<model::Action> actions;
    for (int task = 0; task < kWidth; ++task) actions.push_back(activity(task));
    world.turn("a", std::move(actions));
    world.done("a", 0);
    slow_turn({1, 2});
  }

  /// The turn takes so long, and these activities end while it runs.
  void slow_turn(const std::vector<int>& ending, base::Duration took = kTurn,
                 std::vector<model::Action> actions = {}) {
    const model::TurnItem turn = world.take_turn("a");
    for (const int task : ending) world.done("a", task);
    world.advance(took);
    world.run(model::CompleteTurn{turn.token, {std::move(actions), model::Waiting{}, {}}});
  }

  bool gathers() { return world.gathering().contains(key("a")); }
  /// How many outcomes the offered turn takes in; nothing: none is offered.
  std::optional<std::size_t> offered() {
    const model::TurnItem* turn = world.offered_turn("a");
    if (turn == nullptr) return std::nullopt;
    return turn->new_events.size() - 1;
  }
};

TEST_F(Gather, WaitsWhileOutcomesComeFasterThanTurns) {
  EXPECT_FALSE(offered());
  EXPECT_EQ(world.gathering().at(key("a")).us, kTurn.us * model::kGatherTurns);
  world.done("a", 3);
  world.fails("a", 4);
  EXPECT_FALSE(offered());
  world.run(model::OfferGathered{key("a")});
  EXPECT_EQ(offered(), 4U);
  EXPECT_FALSE(gathers());
}

TEST_F(Gather, WaitsAlsoForTheFirstOutcomeAfterATurnThatTookInSeveral) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({});
  EXPECT_FALSE(gathers());
  world.done("a", 3);
  EXPECT_FALSE(offered());
  EXPECT_TRUE(gathers());
}

TEST_F(Gather, EndsWhenNothingMoreIsExpected) {
  for (int task = 3; task < kWidth; ++task) {
    EXPECT_FALSE(offered());
    world.done("a", task);
  }
  EXPECT_EQ(offered(), kWidth - 1);
}

TEST_F(Gather, EndsWhenATurnTakesNoMore) {
  const std::string large(model::kPayloadBytesMax, 'x');
  world.run(model::OfferGathered{key("a")});
  std::vector<model::Action> more;
  for (int task = kWidth; task < 2 * kWidth + 2; ++task) more.push_back(activity(task));
  slow_turn({3, 4}, kTurn, std::move(more));
  const auto large_ones = model::kTurnBytesMax / model::kPayloadBytesMax;
  for (std::size_t i = 0; i < large_ones; ++i) {
    EXPECT_FALSE(offered());
    world.done("a", kWidth + static_cast<int>(i), large);
  }
  EXPECT_TRUE(offered());
}

TEST_F(Gather, EndsWithWhateverIsNoOutcome) {
  world.run(raise("a", "go"));
  EXPECT_EQ(offered(), 3U);
  EXPECT_FALSE(gathers());
}

TEST_F(Gather, EndsWithATimer) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({3, 4}, kTurn, {timer(kWidth, world.now + base::seconds(1))});
  EXPECT_FALSE(offered());
  world.advance(base::seconds(1));
  EXPECT_EQ(offered(), 3U);
}

TEST_F(Gather, IsNotForWhoeverIsFast) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({3, 4}, base::milliseconds(4));
  EXPECT_EQ(offered(), 2U);
}

TEST_F(Gather, IsNotForAShortHistory) {
  begin({.history_events_min = 1000, .turn_min = base::milliseconds(5)});
  EXPECT_EQ(offered(), 2U);
}

TEST_F(Gather, IsNotForOutcomesThatComeOneByOne) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({});
  world.done("a", 3);
  world.run(model::OfferGathered{key("a")});
  slow_turn({});  // took in the one
  world.done("a", 4);
  EXPECT_EQ(offered(), 1U);
}

TEST_F(Gather, IsBounded) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({3, 4}, base::seconds(3600));
  EXPECT_EQ(world.gathering().at(key("a")).us, model::kGatherWaitMax.us);
}

TEST_F(Gather, StopsWithASuspensionAndTheResumeOffersAtOnce) {
  world.run(suspend("a"));
  world.run(model::OfferGathered{key("a")});
  world.done("a", 3);
  EXPECT_FALSE(offered());
  world.run(resume("a"));
  EXPECT_TRUE(offered());
}

TEST_F(Gather, EndsWithTheInstance) {
  world.run(terminate("a"));
  EXPECT_EQ(world.status("a"), "TERMINATED");
  world.run(model::OfferGathered{key("a")});
  EXPECT_FALSE(offered());
}

TEST_F(Gather, ForgetsNothingWhenTheProcessDies) {
  world.crash();
  EXPECT_EQ(offered(), 2U);
}

TEST_F(Gather, StaysInMemory) {
  world.evict(0);
  world.run(model::OfferGathered{key("a")});
  EXPECT_EQ(offered(), 2U);
}

TEST_F(Gather, OffersNothingForWhatDoesNotGather) {
  world.run(model::OfferGathered{key("a")});
  world.run(model::OfferGathered{key("a")});
  world.run(model::OfferGathered{key("nobody")});
  EXPECT_EQ(offered(), 2U);
  EXPECT_EQ(world.shard_for(key("nobody")).instances.find(key("nobody")), nullptr);
}

TEST_F(Gather, IsTheSameForChildren) {
  world.run(model::OfferGathered{key("a")});
  slow_turn({3, 4, 5, 6, 7}, kTurn, {child(kWidth, "b"), child(kWidth + 1, "c")});
  EXPECT_FALSE(offered());
  world.turn("b", {}, completed());
  EXPECT_FALSE(offered());
  world.turn("c", {}, completed());
  EXPECT_EQ(offered(), 7U);
}

}  // namespace
}  // namespace perdure::core::testing

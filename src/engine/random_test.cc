// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Many instances, one clumsy worker, and crashes at random points. Whatever was acknowledged must
// end as if nothing had happened. A failure prints its seed.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "engine/testing/script.h"
#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

using store::log::memory::Tail;
using testing::answered;
using testing::World;

class Chaos {
 public:
  Chaos(std::uint64_t seed, std::uint32_t executors)
      : world_({.shards = 8,
                .engine = {.executors = executors,
                           .attempts_max = 100'000,
                           .gather = {.history_events_min = 3, .turn_min = {}}},
                .store = {.checkpoint_at_bytes = 20'000}}),
        random_(seed) {}

  void run(int moves) {
    for (int i = 0; i < moves; ++i) move();
    note_answers();
  }

  void check() {
    drop_held();
    world_.settle_for_ever();
    for (const auto& [id, work] : acknowledged_) {
      if (work.name == "gather") feed(id, work);
    }
    world_.settle_for_ever();
    world_.clock.advance(kSweepInterval);
    for (int i = 0; i < 10; ++i) {
      world_.clock.advance(base::seconds(1));
      world_.settle();
    }
    for (const auto& [id, work] : acknowledged_) {
      const auto snapshot = world_.snapshot(id);
      EXPECT_EQ(model::status_name(snapshot.record.status), "COMPLETED")
          << id << " " << work.name << " " << snapshot.parked;
      EXPECT_EQ(snapshot.record.output, testing::expected_output(work.name, work.input)) << id;
      EXPECT_TRUE(snapshot.pending.empty()) << id;
      EXPECT_EQ(testing::complaint_about(world_.history(id)), "") << id;
    }
    EXPECT_EQ(world_.engine->stats().rescues, 0U);
    EXPECT_EQ(world_.engine->stats().corrupt, 0U);
    EXPECT_FALSE(world_.fatal.has_value());
    EXPECT_GT(acknowledged_.size(), 5U);
  }

 private:
  struct Work {
    std::string name;
    std::string input;
    World::Answer answer;
  };

  int below(int n) { return std::uniform_int_distribution<>(0, n - 1)(random_); }

  void move() {
    const int dice = below(100);
    if (dice < 12) {
      start_one();
    } else if (dice < 40) {
      world_.engine->step();
    } else if (dice < 60) {
      world_.engine->commit();
    } else if (dice < 75) {
      for (model::WorkItem& item : world_.pull(static_cast<std::size_t>(1 + below(5)))) {
        held_.push_back(std::move(item));
      }
    } else if (dice < 92) {
      answer_some();
    } else if (dice < 95) {
      world_.clock.advance(base::milliseconds(below(2000)));
    } else if (dice < 97) {
      drop_held();
    } else {
      crash();
    }
  }

  void start_one() {
    static constexpr const char* kNames[] = {"chain", "fan", "nap", "parent", "again", "gather"};
    const std::string id = "i" + std::to_string(started_++);
    const std::string name = kNames[below(6)];
    const std::string input = std::to_string(1 + below(4));
    pending_.emplace(id, Work{name, input, world_.start(id, name, input)});
  }

  void answer_some() {
    for (int i = 1 + below(4); i > 0 && !held_.empty(); --i) {
      std::swap(held_[static_cast<std::size_t>(below(static_cast<int>(held_.size())))],
                held_.back());
      world_.run(std::move(held_.back()));
      held_.pop_back();
    }
  }

  void drop_held() {
    held_.clear();
    world_.replace_worker();
  }

  void crash() {
    note_answers();
    held_.clear();
    // In the middle of a sync, now and then.
    if (below(3) == 0) {
      world_.log->break_append_after(0, store::log::memory::Fault::kInterrupted);
      world_.engine->step();
      world_.engine->commit();
      world_.fatal.reset();
    }
    static constexpr Tail kTails[] = {Tail::kKept, Tail::kDropped, Tail::kTorn};
    world_.crash(kTails[below(3)]);
    note_answers();
    pending_.clear();  // nobody was told: they may exist or not
  }

  void note_answers() {
    for (auto at = pending_.begin(); at != pending_.end();) {
      const bool started = answered<model::Started>(at->second.answer) != nullptr;
      if (started) acknowledged_.insert(*at);
      at = started ? pending_.erase(at) : std::next(at);
    }
  }

  void feed(const std::string& id, const Work& work) {
    for (int i = 0; i < std::stoi(work.input); ++i) world_.raise(id);
  }

  World world_;
  std::mt19937_64 random_;
  int started_ = 0;
  std::vector<model::WorkItem> held_;
  std::map<std::string, Work> pending_;
  std::map<std::string, Work> acknowledged_;
};

class RandomCrashes : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomCrashes, LoseAndDoubleNothingThatWasAcknowledged) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Chaos chaos(GetParam(), GetParam() % 2 == 0 ? 1 : 3);
  chaos.run(1000);
  chaos.check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCrashes, ::testing::Range<std::uint64_t>(1, 17));

}  // namespace
}  // namespace perdure::engine

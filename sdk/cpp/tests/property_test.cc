// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Random orchestrations under random orders of completion. The Driver compares every turn with two
// replays of everything before it; then every recorded decision is changed in every way, and the
// replay must name exactly that event.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "driver.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;

// ---- A program that makes itself up -------------------------------------------------------------

class Program {
 public:
  Program(Orchestration& ctx, std::uint64_t seed) : ctx_(ctx), random_(seed) {}

  Task<int> run(int depth) {
    int sum = 0;
    const std::uint64_t steps = 1 + random_.below(4);
    for (std::uint64_t i = 0; i < steps; ++i) sum += co_await step(depth);
    co_return sum;
  }

 private:
  Task<int> step(int depth) {
    switch (random_.below(depth > 0 ? 12 : 9)) {
      case 0: co_return co_await call(); break;
      case 1: co_return co_await fan_out(); break;
      case 2: co_return co_await race(); break;
      case 3: co_return co_await event(); break;
      case 4: co_return co_await cancelled(); break;
      case 5: co_return co_await child(); break;
      case 6: co_return co_await forgotten(); break;
      case 7: co_return say(); break;
      case 8: co_await ctx_.timer(std::chrono::seconds(random_.below(5))); break;
      case 9: co_return co_await run(depth - 1); break;
      case 10: co_return co_await beside(depth - 1); break;
      default: co_return co_await nested(depth - 1); break;
    }
    co_return 0;
  }

  Future<int> start() {
    if (random_.below(2) == 0) return ctx_.call<int>("work", random_());
    return ctx_.call<int>(
        "flaky", Retry().attempts(3).first(std::chrono::seconds(random_.below(2))).factor(2));
  }

  Task<int> call() {
    Future<int> one = start();
    int value = -1;
    try {
      value = co_await one;
    } catch (const TaskFailed&) {
      value = -2;
    }
    co_return value;
  }

  Task<int> fan_out() {
    std::vector<Future<int>> many;
    const std::uint64_t count = random_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) many.push_back(start());
    int sum = 0;
    try {
      const std::vector<int> values = co_await ctx_.all(std::move(many));
      for (const int value : values) sum += value;
    } catch (const TaskFailed&) {
      sum = -3;
    }
    co_return sum;
  }

  Task<int> race() {
    int winner = -4;
    try {
      auto first = co_await ctx_.any(start(), ctx_.timer(1s), ctx_.event<int>("e"), start());
      winner = static_cast<int>(first.index);
    } catch (const TaskFailed&) {
      winner = -5;
    }
    co_return winner;
  }

  Task<int> event() {
    const auto value = co_await ctx_.event<int>(random_.below(2) == 0 ? "e" : "E",
                                                std::chrono::seconds(random_.below(3)));
    co_return value.value_or(-6);
  }

  Task<int> cancelled() {
    Future<int> one = start();
    if (random_.below(2) == 0) co_await ctx_.call("pause", Retry().forever().first(0s));
    ctx_.cancel(one);
    int value = 0;
    try {
      value = co_await one;
    } catch (const TaskFailed& failed) {
      value = failed.cancelled() ? -7 : -8;
    }
    co_return value;
  }

  Task<int> child() {
    int value = 0;
    try {
      value = co_await ctx_.child<int>("kid", ChildOptions().id(ctx_.new_uuid()));
    } catch (const TaskFailed&) {
      value = -9;
    }
    co_return value;
  }

  /// Handles that are let go of at different moments.
  Task<int> forgotten() {
    auto lost = ctx_.event<int>("e", 3s);
    (void)ctx_.any(start(), ctx_.timer(2s));
    co_await ctx_.timer(1s);
    co_return lost.ready() ? 1 : 0;
  }

  int say() {
    ctx_.set_status(random_.below(3));
    ctx_.send("other-" + std::to_string(ctx_.random().below(3)), "hello", random_());
    ctx_.log("said");
    return 0;
  }

  Task<int> beside(int depth) {
    auto a = ctx_.spawn(run(depth));
    auto b = ctx_.spawn(run(depth));
    if (random_.below(2) == 0) {
      auto winner = co_await ctx_.any(a, b, ctx_.timer(2s));
      co_return static_cast<int>(winner.index);
    }
    auto [x, y] = co_await ctx_.all(a, b);
    co_return x + y;
  }

  Task<int> nested(int depth) {
    auto inner = ctx_.all(ctx_.spawn(run(depth)), ctx_.timer(1s));
    auto outer = co_await ctx_.any(inner, ctx_.event("stop"));
    co_return static_cast<int>(outer.index);
  }

  Orchestration& ctx_;
  Random random_;
};

Task<int> random_program(Orchestration& ctx, std::uint64_t seed) {
  Program program(ctx, seed);
  const int sum = co_await program.run(2);
  if (sum % 5 == 1) co_await ctx.continue_as_new(seed + 1);
  if (sum % 5 == 2) throw Failure("two");
  co_return sum;
}

// ---- An engine that completes things in any order -----------------------------------------------

class World {
 public:
  World(Driver& driver, std::uint64_t seed) : driver_(driver), random_(seed) {}

  void note(const model::TurnResult& result) {
    for (const model::Action& action : result.actions) {
      if (const auto* cancelled = std::get_if<model::TaskCancelled>(&action)) {
        open_.erase(cancelled->cancelled.value);
      } else if (const auto* call = std::get_if<model::ActivityScheduled>(&action)) {
        open_[call->task.value] = action;
      } else if (const auto* timer = std::get_if<model::TimerCreated>(&action)) {
        open_[timer->task.value] = action;
      } else if (const auto* child = std::get_if<model::ChildScheduled>(&action)) {
        open_[child->task.value] = action;
      }
    }
  }

  std::vector<model::EventBody> next_events() {
    std::vector<model::EventBody> events;
    const std::uint64_t count = 1 + random_.below(3);
    for (std::uint64_t i = 0; i < count && !open_.empty(); ++i) {
      auto task = open_.begin();
      std::advance(task, static_cast<std::ptrdiff_t>(random_.below(open_.size())));
      events.push_back(outcome(task->second));
      open_.erase(task);
    }
    if (random_.below(4) == 0)
      events.push_back(Driver::raised("e", static_cast<int>(random_.below(9))));
    if (events.empty() || random_.below(8) == 0) {
      events.push_back(Driver::raised(random_.below(2) == 0 ? "stop" : "e", 1));
    }
    driver_.advance(std::chrono::milliseconds(random_.below(3000)));
    return events;
  }

 private:
  model::EventBody outcome(const model::Action& action) {
    if (const auto* timer = std::get_if<model::TimerCreated>(&action)) {
      return model::TimerFired{timer->task, timer->fire_at};
    }
    const model::Failure failure{.type = "Bad", .message = "luck", .stack = {}, .inner = {}};
    const bool fails = random_.below(4) == 0;
    if (const auto* child = std::get_if<model::ChildScheduled>(&action)) {
      if (fails) return model::ChildFailed{child->task, failure};
      return model::ChildCompleted{child->task, std::to_string(random_.below(100))};
    }
    const model::TaskId task = std::get<model::ActivityScheduled>(action).task;
    if (fails) return model::ActivityFailed{task, failure};
    return model::ActivityCompleted{task, std::to_string(random_.below(100))};
  }

  Driver& driver_;
  Random random_;
  std::map<std::int32_t, model::Action> open_;
};

constexpr int kTurnsMax = 300;

void play(Driver& driver, std::uint64_t seed) {
  World world(driver, seed ^ 0x5EED);
  driver.start(seed);
  world.note(driver.result());
  for (int turn = 0; turn < kTurnsMax && driver.waiting(); ++turn) {
    driver.turn(world.next_events());
    world.note(driver.result());
    if (::testing::Test::HasFailure()) return;
  }
}

// ---- Histories that were tampered with ----------------------------------------------------------

model::EventBody changed(model::EventBody body) {
  std::visit(
      [](auto& b) {
        if constexpr (requires { b.fire_at.us; }) {
          b.fire_at.us += 1;
        } else if constexpr (requires { b.cancelled; }) {
          b.cancelled.value += 1;
        } else if constexpr (requires { b.target; }) {
          b.target += "x";
        } else if constexpr (requires { b.name; }) {
          b.name += "x";
        }
      },
      body);
  return body;
}

void expect_found(const Driver& driver, std::vector<model::Event> history, std::size_t at,
                  const char* how) {
  // A further turn makes the end of the history count.
  history.push_back({{}, model::TurnStarted{}});
  const auto violation = driver.replay(std::move(history));
  ASSERT_TRUE(violation) << how << " at " << at << " went unnoticed";
  EXPECT_EQ(violation->event, at) << how << ": " << violation->message;
}

void tamper_everywhere(Driver& driver) {
  const std::vector<model::Event> history = driver.history();
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (!model::is_action(history[i])) continue;
    const auto place = static_cast<std::ptrdiff_t>(i);
    std::vector<model::Event> renamed = history;
    renamed[i].body = changed(renamed[i].body);
    expect_found(driver, renamed, i, "a changed decision");
    std::vector<model::Event> dropped = history;
    dropped.erase(dropped.begin() + place);
    expect_found(driver, dropped, i, "a dropped decision");
    std::vector<model::Event> added = history;
    added.insert(added.begin() + place, history[i]);
    expect_found(driver, added, i + 1, "an added decision");
    if (i + 1 < history.size() && model::is_action(history[i + 1])) {
      std::vector<model::Event> swapped = history;
      std::swap(swapped[i], swapped[i + 1]);
      expect_found(driver, swapped, i, "a swapped decision");
    }
    if (::testing::Test::HasFailure()) return;
  }
}

class RandomPrograms : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomPrograms, ReplayTheSameAndNoticeEveryChange) {
  for (std::uint64_t i = 0; i < 15; ++i) {
    const std::uint64_t seed = GetParam() * 1000 + i;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Driver driver(random_program);
    play(driver, seed);
    if (HasFailure()) return;
    tamper_everywhere(driver);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPrograms,
                         ::testing::Range(std::uint64_t{0}, std::uint64_t{20}));

}  // namespace
}  // namespace perdure

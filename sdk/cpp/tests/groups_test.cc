// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdexcept>

#include "driver.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

TEST(All, YieldsTheValuesInOrderWhateverTheOrderOfCompletion) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<int>> {
    const std::vector<int> inputs{10, 20, 30};
    co_return co_await ctx.all(ctx.map<int>("square", inputs));
  });
  EXPECT_EQ(driver.start(), (Lines{"ActivityScheduled #0 'square'", "ActivityScheduled #1 'square'",
                                   "ActivityScheduled #2 'square'"}));
  driver.complete(2, 3);
  driver.turn({Driver::completed(0, 1), Driver::completed(1, 2)});
  EXPECT_EQ(driver.output(), "[1,2,3]");
}

TEST(All, OfNothingIsDoneAtOnce) {
  Driver driver([](Orchestration& ctx) -> Task<std::size_t> {
    co_await ctx.all(std::vector<Future<void>>());
    const auto values = co_await ctx.all(std::vector<Future<int>>());
    co_return values.size();
  });
  EXPECT_EQ(driver.start(), Lines{});
  EXPECT_EQ(driver.output(), "0");
}

TEST(All, OfDoneFuturesIsDone) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<int>> {
    auto a = ctx.call<int>("a");
    auto b = ctx.call<int>("b");
    co_await a;
    co_await b;
    std::vector<Future<int>> twice{a, b, a};
    auto both = ctx.all(std::move(twice));
    const bool ready = both.ready();
    std::vector<int> values = co_await both;
    if (!ready) values.clear();
    co_return values;
  });
  driver.start();
  driver.complete(0, 1);
  driver.complete(1, 2);
  EXPECT_EQ(driver.output(), "[1,2,1]");
}

TEST(All, MixesTypesAndNests) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    auto a = ctx.call<int>("a");
    auto b = ctx.call<std::string>("b");
    auto c = ctx.timer(1s);
    const std::vector<int> inputs(2, 5);
    auto d = ctx.all(ctx.map<int>("c", inputs));
    auto pair = ctx.all(a, b);
    auto [both, nothing, list] = co_await ctx.all(pair, c, d);
    static_assert(std::is_same_v<decltype(nothing), Unit>);
    co_return std::get<1>(both) + std::to_string(std::get<0>(both) + list.at(0) + list.at(1));
  });
  driver.start();
  driver.turn({driver.fired(2), Driver::completed(4, 40)});
  driver.turn({Driver::completed(1, "sum "), Driver::completed(3, 30)});
  EXPECT_TRUE(driver.waiting());
  driver.complete(0, 2);
  EXPECT_EQ(driver.output(), R"("sum 72")");
}

TEST(All, FailsWithTheFirstFailureAndLeavesTheOthersRunning) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto slow = ctx.call<int>("slow");
    std::string caught;
    try {
      co_await ctx.all(slow, ctx.call<int>("bad"), ctx.call<int>("worse"));
    } catch (const TaskFailed& failed) {
      caught = failed.task();
    }
    if (caught != "activity 'worse'") co_return -1;
    co_return co_await slow;
  });
  driver.start();
  EXPECT_EQ(driver.fail(2), Lines{}) << "nothing is cancelled";
  EXPECT_EQ(driver.fail(1), Lines{});
  driver.complete(0, 5);
  EXPECT_EQ(driver.output(), "5");
}

TEST(Any, YieldsTheFirstAndCancelsTheOthers) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    const std::vector<int> inputs{1, 2, 3};
    auto [index, value] = co_await ctx.any(ctx.map<int>("ask", inputs));
    co_return std::to_string(index) + ":" + std::to_string(value);
  });
  driver.start();
  EXPECT_EQ(driver.complete(1, 7), (Lines{"TaskCancelled #3 of #0", "TaskCancelled #4 of #2"}));
  EXPECT_EQ(driver.output(), R"("1:7")");
}

TEST(Any, MixesTypesAndTellsWhichOne) {
  const auto race = [](Orchestration& ctx) -> Task<std::string> {
    auto first =
        co_await ctx.any(ctx.call<int>("work"), ctx.timer(5s), ctx.event<std::string>("stop"));
    if (first.index == 0) co_return "worked " + std::to_string(std::get<0>(first.value));
    if (first.index == 1) co_return "late";
    co_return "stopped: " + std::get<2>(first.value);
  };
  Driver worked(race);
  worked.start();
  EXPECT_EQ(worked.complete(0, 5), Lines{"TaskCancelled #2 of #1"});
  EXPECT_EQ(worked.output(), R"("worked 5")");
  Driver late(race);
  late.start();
  EXPECT_EQ(late.fire(1), Lines{"TaskCancelled #2 of #0"});
  EXPECT_EQ(late.output(), R"("late")");
  Driver stopped(race);
  stopped.start();
  EXPECT_EQ(stopped.raise("stop", "enough"),
            (Lines{"TaskCancelled #2 of #0", "TaskCancelled #3 of #1"}));
  EXPECT_EQ(stopped.output(), R"("stopped: enough")");
}

TEST(Any, ThrowsIfTheFirstToFinishFailed) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.any(ctx.call<int>("a"), ctx.call<int>("b"));
  });
  driver.start();
  EXPECT_EQ(driver.fail(1), Lines{"TaskCancelled #2 of #0"});
  EXPECT_EQ(driver.output(), "failed: perdure::TaskFailed: activity 'b' failed: Broken: it broke");
}

TEST(Any, TakesTheFirstInTheListOfThoseThatAreDone) {
  Driver driver([](Orchestration& ctx) -> Task<std::size_t> {
    auto a = ctx.call("a");
    auto b = ctx.call("b");
    auto c = ctx.call("c");
    co_await c;
    co_await b;
    std::vector<Future<void>> all{a, b, c};
    auto winner = co_await ctx.any(std::move(all));
    co_return winner.index;
  });
  driver.start();
  driver.complete(2);
  EXPECT_EQ(driver.complete(1), Lines{"TaskCancelled #3 of #0"});
  EXPECT_EQ(driver.output(), "1");
}

TEST(Any, OfNothingIsAnError) {
  Driver driver(
      [](Orchestration& ctx) -> Task<void> { co_await ctx.any(std::vector<Future<int>>()); });
  driver.start();
  EXPECT_EQ(driver.output(),
            "failed: std::invalid_argument: perdure: any() of nothing has no winner");
}

TEST(Any, CancelsLosersThatAreGroups) {
  Driver driver([](Orchestration& ctx) -> Task<std::size_t> {
    auto inner = ctx.all(ctx.call("a"), ctx.call("b"));
    auto outer = co_await ctx.any(inner, ctx.timer(1s));
    co_return outer.index;
  });
  driver.start();
  driver.complete(0);
  EXPECT_EQ(driver.fire(2), Lines{"TaskCancelled #3 of #1"});
  EXPECT_EQ(driver.output(), "1");
}

TEST(Any, CancelsEvenIfNobodyAwaitsIt) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    (void)ctx.any(ctx.call("a"), ctx.call("b"));
    co_await ctx.event("end");
  });
  driver.start();
  EXPECT_EQ(driver.complete(0), Lines{"TaskCancelled #2 of #1"});
}

TEST(Cancel, MakesAwaitingThrow) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    auto call = ctx.call("a");
    auto timer = ctx.timer(1s);
    auto event = ctx.event("e", 5s);
    auto child = ctx.child("c");
    ctx.cancel(child);
    ctx.cancel(event);
    ctx.cancel(timer);
    ctx.cancel(call);
    ctx.cancel(call);
    std::string caught;
    const auto note = [&](const TaskFailed& failed) {
      caught += failed.task() + (failed.cancelled() ? " cancelled;" : " failed;");
    };
    try {
      co_await call;
    } catch (const TaskFailed& failed) {
      note(failed);
    }
    try {
      co_await timer;
    } catch (const TaskFailed& failed) {
      note(failed);
    }
    try {
      co_await event;
    } catch (const TaskFailed& failed) {
      note(failed);
    }
    co_return caught;
  });
  EXPECT_EQ(driver.start(),
            (Lines{"ActivityScheduled #0 'a'", "TimerCreated #1 due at 2023-11-14T22:13:21.000000Z",
                   "TimerCreated #2 due at 2023-11-14T22:13:25.000000Z",
                   "ChildScheduled #3 'c' as ''", "TaskCancelled #4 of #3",
                   "TaskCancelled #5 of #2", "TaskCancelled #6 of #1", "TaskCancelled #7 of #0"}));
  EXPECT_EQ(driver.output(), R"("activity 'a' cancelled;timer cancelled;event 'e' cancelled;")");
}

TEST(Cancel, OfSomethingDoneDoesNothing) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto call = ctx.call<int>("a");
    co_await call;
    ctx.cancel(call);
    co_return co_await call;
  });
  driver.start();
  EXPECT_EQ(driver.complete(0, 5), Lines{});
  EXPECT_EQ(driver.output(), "5");
}

TEST(Cancel, ResumesACoroutineThatWaits) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    auto call = ctx.call("slow");
    auto beside = ctx.spawn([](Orchestration& context, Future<void> victim) -> Task<void> {
      co_await context.timer(1s);
      context.cancel(victim);
    }(ctx, call));
    std::string caught = "nothing";
    try {
      co_await call;
    } catch (const TaskFailed& failed) {
      caught = failed.details().type;
    }
    co_await beside;
    co_return caught;
  });
  driver.start();
  EXPECT_EQ(driver.fire(1), Lines{"TaskCancelled #2 of #0"});
  EXPECT_EQ(driver.output(), R"("perdure.Cancelled")");
}

// ---- spawn --------------------------------------------------------------------------------------

Task<int> two_steps(Orchestration& ctx, std::string name) {
  const int first = co_await ctx.call<int>(name);
  const int second = co_await ctx.call<int>(name);
  co_return first + second;
}

TEST(Spawn, RunsTasksAtTheSameTime) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<int>> {
    std::vector<Future<int>> all;
    all.push_back(ctx.spawn(two_steps(ctx, "a")));
    all.push_back(ctx.spawn(two_steps(ctx, "b")));
    co_return co_await ctx.all(std::move(all));
  });
  EXPECT_EQ(driver.start(), (Lines{"ActivityScheduled #0 'a'", "ActivityScheduled #1 'b'"}));
  EXPECT_EQ(driver.complete(1, 10), Lines{"ActivityScheduled #2 'b'"});
  EXPECT_EQ(driver.complete(2, 20), Lines{});
  EXPECT_EQ(driver.complete(0, 1), Lines{"ActivityScheduled #3 'a'"});
  driver.complete(3, 2);
  EXPECT_EQ(driver.output(), "[3,30]");
}

TEST(Spawn, PassesTheExceptionOnToWhoAwaits) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    auto beside = ctx.spawn([](Orchestration& context) -> Task<void> {
      co_await context.call("x");
      throw std::out_of_range("too far");
    }(ctx));
    std::string caught = "nothing";
    try {
      co_await beside;
    } catch (const std::out_of_range& error) {
      caught = error.what();
    }
    co_return caught;
  });
  driver.start();
  driver.complete(0);
  EXPECT_EQ(driver.output(), R"("too far")");
}

TEST(Spawn, HandsOverAResultThatCanOnlyMove) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto beside = ctx.spawn([](Orchestration& context) -> Task<std::unique_ptr<int>> {
      co_await context.call("x");
      co_return std::make_unique<int>(5);
    }(ctx));
    const std::unique_ptr<int> value = co_await beside;
    co_return *value;
  });
  driver.start();
  driver.complete(0);
  EXPECT_EQ(driver.output(), "5");
}

TEST(Spawn, CancelledStopsWhereItWaitsAndCancelsThat) {
  Driver driver([](Orchestration& ctx) -> Task<std::size_t> {
    auto inner = ctx.spawn(two_steps(ctx, "inner"));
    auto beside =
        ctx.spawn([](Future<int> awaited) -> Task<int> { co_return co_await awaited; }(inner));
    auto winner = co_await ctx.any(beside, ctx.timer(1s));
    co_return winner.index;
  });
  EXPECT_EQ(driver.start(), (Lines{"TimerCreated #0 due at 2023-11-14T22:13:21.000000Z",
                                   "ActivityScheduled #1 'inner'"}));
  EXPECT_EQ(driver.fire(0), Lines{"TaskCancelled #2 of #1"});
  EXPECT_EQ(driver.output(), "1");
}

TEST(Spawn, CancelledBeforeItBeganNeverRuns) {
  Driver driver([](Orchestration& ctx) -> Task<bool> {
    auto beside = ctx.spawn(two_steps(ctx, "x"));
    ctx.cancel(beside);
    bool cancelled = false;
    try {
      co_await beside;
    } catch (const TaskFailed& failed) {
      cancelled = failed.cancelled();
    }
    co_return cancelled;
  });
  EXPECT_EQ(driver.start(), Lines{});
  EXPECT_EQ(driver.output(), "true");
}

TEST(Spawn, EndsWithTheOrchestration) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    (void)ctx.spawn(two_steps(ctx, "x"));
    co_await ctx.call("y");
    co_return 1;
  });
  EXPECT_EQ(driver.start(), (Lines{"ActivityScheduled #0 'y'", "ActivityScheduled #1 'x'"}));
  EXPECT_EQ(driver.turn({Driver::completed(0, 0), Driver::completed(1, 1)}), Lines{});
  EXPECT_EQ(driver.output(), "1");
}

TEST(Spawn, DoesNothingMoreOnceTheOrchestrationHasEnded) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto shared = ctx.call<int>("shared");
    auto retried = ctx.call("retried", Retry().first(0s));
    auto beside = ctx.spawn([](Orchestration& context, Future<int> awaited) -> Task<void> {
      auto event = context.event("e", 5s);
      co_await awaited;
      co_await context.call("too late");
    }(ctx, shared));
    co_return co_await shared;
  });
  driver.start();
  // The first ends it; the others come in the same turn.
  EXPECT_EQ(driver.turn({Driver::completed(0, 5), Driver::failed(1), Driver::raised("e", 1)}),
            Lines{});
  EXPECT_EQ(driver.output(), "5");
}

TEST(Futures, MayBeAwaitedByTwo) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto shared = ctx.call<int>("x");
    const auto plus = [](Future<int> awaited, int more) -> Task<int> {
      const int value = co_await awaited;
      co_return value + more;
    };
    auto a = ctx.spawn(plus(shared, 1));
    auto b = ctx.spawn(plus(shared, 2));
    const int c = co_await shared;
    auto [first, second] = co_await ctx.all(a, b);
    co_return first * 10000 + second * 100 + c;
  });
  driver.start();
  driver.complete(0, 5);
  EXPECT_EQ(driver.output(), "60705");
}

}  // namespace
}  // namespace perdure

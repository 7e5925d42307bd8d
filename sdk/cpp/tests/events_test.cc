// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// External events, and what becomes of them when an execution continues as new.
#include <gtest/gtest.h>

#include "driver.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

TEST(Events, WaitUntilTheyAreAskedForInOrder) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<int>> {
    co_await ctx.call("x");
    std::vector<int> seen;
    for (int i = 0; i < 3; ++i) seen.push_back(co_await ctx.event<int>("number"));
    co_return seen;
  });
  driver.started().input = std::nullopt;
  driver.turn({Driver::raised("Number", 1), driver.started(), Driver::raised("NUMBER", 2)});
  driver.complete(0);
  driver.raise("number", 3);
  EXPECT_EQ(driver.output(), "[1,2,3]");
}

TEST(Events, GoToWhoAskedFirst) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    auto first = ctx.event<int>("n");
    auto second = ctx.event<int>("n");
    auto other = ctx.event<int>("m");
    const int a = co_await second;
    const int b = co_await first;
    const int c = co_await other;
    co_return std::to_string(b) + std::to_string(a) + std::to_string(c);
  });
  driver.start();
  driver.raise("n", 1);
  driver.turn({Driver::raised("m", 3), Driver::raised("n", 2)});
  EXPECT_EQ(driver.output(), R"("123")");
}

TEST(Events, WithADeadlineTheyMayNotCome) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    const std::optional<int> missed = co_await ctx.event<int>("n", 1s);
    const bool came = co_await ctx.event("go", 1s);
    const std::optional<int> late = co_await ctx.event<int>("n");
    co_return std::to_string(missed.has_value()) + std::to_string(came) + std::to_string(*late);
  });
  EXPECT_EQ(driver.start(), Lines{"TimerCreated #0 due at 2023-11-14T22:13:21.000000Z"});
  driver.fire(0);
  EXPECT_EQ(driver.raise("n", 5), Lines{}) << "it waits for the next who asks";
  EXPECT_EQ(driver.raise("go", 0), Lines{"TaskCancelled #2 of #1"});
  EXPECT_EQ(driver.output(), R"("015")");
}

TEST(Events, AreOnlyLookedAtWithoutATimeout) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    int seen = 0;
    for (;;) {
      const std::optional<int> next = co_await ctx.event<int>("n", 0s);
      if (!next) break;
      seen += *next;
    }
    co_return seen;
  });
  driver.turn({Driver::raised("n", 1), Driver::raised("n", 2), driver.started()});
  EXPECT_EQ(driver.output(), "3");
}

TEST(Events, DoNotVanishIntoAFutureThatIsGone) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    {
      auto dropped = ctx.event<int>("n");
      auto dropped_too = ctx.event<int>("n", 5s);
    }
    co_return co_await ctx.event<int>("n");
  });
  EXPECT_EQ(driver.start(), (Lines{"TimerCreated #0 due at 2023-11-14T22:13:25.000000Z",
                                   "TaskCancelled #1 of #0"}));
  driver.raise("n", 5);
  EXPECT_EQ(driver.output(), "5");
}

TEST(Events, ThatReachedALosingFutureGoToTheNextInOrder) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<int>> {
    {
      auto first = ctx.event<int>("n");
      co_await ctx.call("x");  // meanwhile the event reaches `first`, which nobody awaits
    }
    std::vector<int> seen;
    for (int i = 0; i < 2; ++i) seen.push_back(co_await ctx.event<int>("n"));
    co_return seen;
  });
  driver.start();
  driver.turn({Driver::raised("n", 1), Driver::raised("n", 2)});
  driver.complete(0);
  EXPECT_EQ(driver.output(), "[1,2]");
}

TEST(Events, SayWhosePayloadDoesNotFit) {
  Driver driver([](Orchestration& ctx) -> Task<void> { co_await ctx.event<int>("n", 5s); });
  driver.start();
  driver.raise("N", "text");
  EXPECT_EQ(driver.output(),
            "failed: perdure::DecodeError: the payload of event 'n': at $: expected an integer, "
            "found a string");
}

// ---- continue_as_new ----------------------------------------------------------------------------

Lines carried(const Driver& driver) {
  Lines lines;
  for (const model::EventRaised& event : driver.next().carried) {
    lines.push_back(event.name + "=" + event.payload.value_or("nothing"));
  }
  return lines;
}

TEST(ContinueAsNew, EndsTheExecutionWithANewInput) {
  Driver driver([](Orchestration& ctx, int round) -> Task<void> {
    co_await ctx.call("work");
    co_await ctx.continue_as_new(round + 1);
    ctx.log("unreachable");
  });
  driver.start(1);
  driver.complete(0);
  EXPECT_EQ(driver.output(), "continued as new");
  EXPECT_EQ(driver.next().input, "2");
  EXPECT_EQ(driver.next().version, std::nullopt);
  EXPECT_EQ(carried(driver), Lines{});
  EXPECT_EQ(driver.logged(), Lines{});
}

TEST(ContinueAsNew, MaySetAVersionAndSeveralArguments) {
  Driver driver(
      [](Orchestration& ctx) -> Task<int> { co_await ctx.continue_as_new(1, "two").version("9"); });
  driver.start();
  EXPECT_EQ(driver.next().input, R"([1,"two"])");
  EXPECT_EQ(driver.next().version, "9");
}

TEST(ContinueAsNew, DoesNothingUntilItIsAwaited) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto later = ctx.continue_as_new(1);
    co_await ctx.call("x");
    co_await later;
  });
  driver.start();
  EXPECT_TRUE(driver.waiting());
  driver.complete(0);
  EXPECT_EQ(driver.next().input, "1");
}

TEST(ContinueAsNew, CarriesEventsThatWereNotConsumedInTheOrderOfTheirArrival) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    auto idle = ctx.event<int>("idle");    // reached, never awaited
    auto taken = ctx.event<int>("taken");  // reached and consumed
    co_await ctx.call("x");
    co_await taken;
    co_await ctx.continue_as_new();
  });
  driver.start();
  driver.turn({Driver::raised("b", 1), Driver::raised("a", 2), Driver::raised("Idle", 3),
               Driver::raised("taken", 4), Driver::raised("b", 5)});
  // The last two come in the very turn in which the code ends, after its end.
  driver.turn({Driver::completed(0, 0), Driver::raised("idle", 6), Driver::raised("z", 7)});
  EXPECT_EQ(carried(driver), (Lines{"b=1", "a=2", "Idle=3", "b=5", "idle=6", "z=7"}));
}

TEST(ContinueAsNew, CarriesAnEventThatASpawnedTaskStillWaitedFor) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    (void)ctx.spawn([](Orchestration& context) -> Task<void> {
      for (;;) co_await context.event("n");
    }(ctx));
    co_await ctx.call("x");
    co_await ctx.continue_as_new();
  });
  driver.start();
  driver.turn({Driver::completed(0, 0), Driver::raised("n", 1)});
  EXPECT_EQ(carried(driver), Lines{"n=1"});
}

TEST(ContinueAsNew, WorksFromASubCoroutine) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    co_await [](Orchestration& context) -> Task<void> {
      co_await context.continue_as_new("again");
    }(ctx);
    co_return 5;
  });
  driver.start();
  EXPECT_EQ(driver.next().input, R"("again")");
}

}  // namespace
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "runner.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "driver.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

struct Line {
  std::string sku;
  int count = 0;
  PERDURE_FIELDS(Line, sku, count);
};
struct Order {
  std::string id;
  std::vector<Line> lines;
  PERDURE_FIELDS(Order, id, lines);
};
struct Payment {
  long cents = 0;
  PERDURE_FIELDS(Payment, cents);
};
struct Parcel {
  std::string label;
  PERDURE_FIELDS(Parcel, label);
};
struct Receipt {
  Payment payment;
  std::vector<Parcel> parcels;
  PERDURE_FIELDS(Receipt, payment, parcels);
};

Task<Receipt> checkout(Orchestration& ctx, Order order) {
  Payment paid =
      co_await ctx.call<Payment>("charge", order, Retry().attempts(5).first(1s).factor(2));
  auto parcels = co_await ctx.all(ctx.map<Parcel>("pack", order.lines));
  auto approved = co_await ctx.event<bool>("approved", 72h);
  if (!approved.value_or(false)) {
    co_await ctx.call("refund", paid);
    throw Failure("not approved");
  }
  co_return Receipt{paid, parcels};
}

Order two_lines() { return {"order-1", {{"apple", 2}, {"pear", 1}}}; }

TEST(Checkout, RunsThroughWhenApproved) {
  Driver driver(checkout);
  EXPECT_EQ(driver.start(two_lines()), Lines{"ActivityScheduled #0 'charge'"});
  EXPECT_EQ(std::get<model::ActivityScheduled>(driver.result().actions[0]).input,
            R"({"id":"order-1","lines":[{"sku":"apple","count":2},{"sku":"pear","count":1}]})");
  EXPECT_EQ(driver.complete(0, Payment{300}),
            (Lines{"ActivityScheduled #1 'pack'", "ActivityScheduled #2 'pack'"}));
  EXPECT_EQ(driver.complete(2, Parcel{"b"}), Lines{});
  EXPECT_EQ(driver.complete(1, Parcel{"a"}),
            Lines{"TimerCreated #3 due at 2023-11-17T22:13:20.000000Z"});
  EXPECT_EQ(driver.raise("Approved", true), Lines{"TaskCancelled #4 of #3"});
  EXPECT_EQ(driver.output(),
            R"({"payment":{"cents":300},"parcels":[{"label":"a"},{"label":"b"}]})");
}

TEST(Checkout, RefundsAndFailsWhenNobodyApproves) {
  Driver driver(checkout);
  driver.start(Order{"order-1", {}});
  EXPECT_EQ(driver.complete(0, Payment{300}),
            Lines{"TimerCreated #1 due at 2023-11-17T22:13:20.000000Z"});
  EXPECT_EQ(driver.fire(1), Lines{"ActivityScheduled #2 'refund'"});
  driver.complete(2);
  EXPECT_EQ(driver.output(), "failed: perdure::Failure: not approved");
}

TEST(Run, DoesNothingBeforeTheFirstEvent) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    ctx.log("ran");
    co_return;
  });
  const auto run = driver.fresh();
  EXPECT_TRUE(run->turn({{{}, model::TurnStarted{}}}));
  EXPECT_EQ(driver.logged(), Lines{});
  EXPECT_FALSE(run->ended());
  EXPECT_EQ(run->events(), 1);
}

TEST(Run, EncodesNoArgumentOneAndSeveral) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.call("none");
    co_await ctx.call("one", 5);
    const std::vector<int> list{1, 2};
    co_await ctx.call("several", 5, "text", list, Retry().attempts(2));
  });
  const auto input = [&] {
    return std::get<model::ActivityScheduled>(driver.result().actions.at(0)).input;
  };
  driver.start();
  EXPECT_EQ(input(), std::nullopt);
  driver.complete(0);
  EXPECT_EQ(input(), "5");
  driver.complete(1);
  EXPECT_EQ(input(), R"([5,"text",[1,2]])");
}

TEST(Run, DecodesSeveralParametersOfTheOrchestration) {
  Driver driver([](Orchestration&, int number, const std::string& text,
                   std::optional<int> nothing) -> Task<std::string> {
    co_return text + std::to_string(number) + (nothing ? "some" : "none");
  });
  driver.start(5, R"(a "quoted", [text])", std::optional<int>());
  EXPECT_EQ(driver.output(), R"("a \"quoted\", [text]5none")");
}

TEST(Run, SaysWhichInputDoesNotFit) {
  Driver driver([](Orchestration&, Order) -> Task<void> { co_return; });
  driver.started().input = R"({"lines":[{},{"count":"many"}]})";
  driver.turn({driver.started()});
  EXPECT_EQ(driver.output(),
            "failed: perdure::DecodeError: the input of orchestration 'test': at $.lines[1].count: "
            "expected an integer, found a string");
}

TEST(Run, SaysWhichResultDoesNotFit) {
  Driver driver([](Orchestration& ctx) -> Task<void> { co_await ctx.call<int>("count"); });
  driver.start();
  driver.complete(0, "three");
  EXPECT_EQ(driver.output(),
            "failed: perdure::DecodeError: the result of activity 'count': at $: expected an "
            "integer, found a string");
}

TEST(Run, SchedulesFuturesBeforeTheyAreAwaited) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto a = ctx.call<int>("a");
    auto b = ctx.call<int>("b");
    const bool early = a.ready();
    const int second = co_await b;
    const bool late = a.ready();
    const int first = co_await a;
    const int again = co_await a;
    co_return first * 100 + second * 10 + again + (early ? 1000 : 0) + (late ? 2000 : 0);
  });
  EXPECT_EQ(driver.start(), (Lines{"ActivityScheduled #0 'a'", "ActivityScheduled #1 'b'"}));
  EXPECT_EQ(driver.complete(0, 1), Lines{});
  EXPECT_TRUE(driver.waiting());
  driver.complete(1, 2);
  EXPECT_EQ(driver.output(), "2121");
}

Task<int> add_one(Orchestration& ctx, int to) {
  const int sum = co_await ctx.call<int>("add", to, 1);
  co_return sum;
}
Task<void> refuse(Orchestration& ctx) {
  co_await ctx.call("look");
  throw std::runtime_error("refused");
}

TEST(Run, AwaitsTasksThatSplitTheCode) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    int sum = co_await add_one(ctx, 0);
    Task<int> later = add_one(ctx, sum);
    sum = co_await std::move(later);
    std::string caught;
    try {
      co_await refuse(ctx);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    co_return caught == "refused" ? sum : -1;
  });
  EXPECT_EQ(driver.start(), Lines{"ActivityScheduled #0 'add'"});
  EXPECT_EQ(driver.complete(0, 1), Lines{"ActivityScheduled #1 'add'"});
  EXPECT_EQ(driver.complete(1, 2), Lines{"ActivityScheduled #2 'look'"});
  driver.complete(2);
  EXPECT_EQ(driver.output(), "2");
}

Task<int> at_once(int value) { co_return value; }

TEST(Run, AwaitsAMillionTasksThatFinishAtOnceWithoutStack) {
  Driver driver([](Orchestration&) -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 1'000'000; ++i) sum += co_await at_once(1);
    co_return sum;
  });
  driver.start();
  EXPECT_EQ(driver.output(), "1000000");
}

TEST(Run, ThrowsWhatTheActivityFailedWith) {
  Driver driver([](Orchestration& ctx) -> Task<std::string> {
    std::string caught;
    try {
      co_await ctx.call("charge");
    } catch (const TaskFailed& failed) {
      caught = failed.task() + "|" + failed.details().type + "|" + failed.details().message + "|" +
               failed.what();
    }
    co_return caught;
  });
  driver.start();
  driver.fail(0, "CardDeclined", "no money");
  EXPECT_EQ(driver.output(),
            "\"activity 'charge'|CardDeclined|no money|"
            "activity 'charge' failed: CardDeclined: no money\"");
}

TEST(Run, RecordsWhatTheCodeFailedWith) {
  Driver failed_task([](Orchestration& ctx) -> Task<void> { co_await ctx.call("charge"); });
  failed_task.start();
  model::Failure cause{.type = "CardDeclined",
                       .message = "no money",
                       .stack = "here",
                       .retriable = false,
                       .inner = {}};
  failed_task.turn({model::ActivityFailed{model::TaskId{0}, cause}});
  EXPECT_EQ(failed_task.failure().type, "perdure::TaskFailed");
  EXPECT_FALSE(failed_task.failure().retriable);
  EXPECT_EQ(failed_task.failure().inner, std::vector{cause});

  Driver own([](Orchestration&) -> Task<void> {
    throw Failure("no").type("Refused").non_retriable().because({.type = "Below", .message = "m"});
    co_return;
  });
  own.start();
  EXPECT_EQ(own.output(), "failed: Refused: no");
  EXPECT_FALSE(own.failure().retriable);
  EXPECT_EQ(own.failure().inner.at(0).type, "Below");

  Driver nested([](Orchestration&) -> Task<void> {
    try {
      throw std::out_of_range("inside");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outside"));
    }
    co_return;
  });
  nested.start();
  EXPECT_TRUE(nested.failure().message == "outside");
  EXPECT_EQ(nested.failure().inner.at(0).type, "std::out_of_range");
  EXPECT_EQ(nested.failure().inner.at(0).message, "inside");

  Driver foreign([](Orchestration&) -> Task<void> {
    throw 5;
    co_return;
  });
  foreign.start();
  EXPECT_EQ(foreign.output(), "failed: int: an exception that is no std::exception");
}

TEST(Run, TellsTheTimeOfTheTurn) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<std::int64_t>> {
    const auto micros = [&] {
      return std::chrono::duration_cast<std::chrono::microseconds>(ctx.now().time_since_epoch())
          .count();
    };
    std::vector<std::int64_t> seen{micros()};
    co_await ctx.timer(1500ms);
    seen.push_back(micros());
    co_return seen;
  });
  EXPECT_EQ(driver.start(), Lines{"TimerCreated #0 due at 2023-11-14T22:13:21.500000Z"});
  driver.advance(2s);
  driver.fire(0);
  EXPECT_EQ(driver.output(), "[1700000000000000,1700000002000000]");
}

TEST(Run, NeverSetsATimerEarly) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    co_await ctx.timer(Orchestration::TimePoint(1'700'000'000s + 1ns));
    co_await ctx.timer(-5s);
    co_await ctx.timer(std::chrono::microseconds::max());
  });
  EXPECT_EQ(driver.start(), Lines{"TimerCreated #0 due at 2023-11-14T22:13:20.000001Z"});
  EXPECT_EQ(driver.fire(0), Lines{"TimerCreated #1 due at 2023-11-14T22:13:20.000000Z"});
  EXPECT_EQ(driver.fire(1), Lines{"TimerCreated #2 due at 9223372036854775807 us"});
}

TEST(Run, DrawsTheSameNumbersInEveryReplay) {
  // The driver compares each answer with that of two replays.
  Driver driver([](Orchestration& ctx) -> Task<std::vector<std::string>> {
    std::vector<std::string> seen{ctx.new_uuid(), std::to_string(ctx.random()())};
    co_await ctx.call("x");
    seen.push_back(ctx.new_uuid());
    seen.push_back(std::to_string(ctx.random()()));
    co_return seen;
  });
  driver.start();
  driver.complete(0);
  const auto seen = Codec<std::vector<std::string>>::decode(driver.output());
  ASSERT_EQ(seen.size(), 4);
  EXPECT_NE(seen[0], seen[2]);
  EXPECT_NE(seen[1], seen[3]);
  ASSERT_EQ(seen[0].size(), 36);
  EXPECT_EQ(seen[0][14], '8');
  EXPECT_NE(std::string("89ab").find(seen[0][19]), std::string::npos);
}

TEST(Run, DrawsOtherNumbersForOtherInstancesAndExecutions) {
  const internal::OrchestrationFunction function = internal::make_orchestration(
      [](Orchestration& ctx) -> Task<std::string> { co_return ctx.new_uuid(); });
  const auto uuid = [&](model::InstanceKey key, std::uint64_t execution, std::int64_t started) {
    internal::Run run(function, std::move(key), model::Execution{execution});
    const auto result =
        run.turn({{base::Timestamp{started}, model::TurnStarted{}},
                  {base::Timestamp{started}, model::ExecutionStarted{.name = "x",
                                                                     .version = {},
                                                                     .input = {},
                                                                     .tags = {},
                                                                     .parent = {},
                                                                     .scheduled_start = {},
                                                                     .trace_parent = {}}}});
    return std::get<model::Completed>(result->outcome).output.value();
  };
  const std::string first = uuid({"hub", "a"}, 1, 1000);
  EXPECT_EQ(uuid({"hub", "a"}, 1, 1000), first);
  EXPECT_EQ(uuid({"hub", "a"}, 2, 1000), first) << "a rewind replays under a new number";
  EXPECT_NE(uuid({"hub", "a"}, 1, 1001), first);
  EXPECT_NE(uuid({"hub", "b"}, 1, 1000), first);
  EXPECT_NE(uuid({"hua", "b"}, 1, 1000), first);
}

TEST(Run, LogsOnlyWhatIsNew) {
  Driver driver([](Orchestration& ctx) -> Task<bool> {
    ctx.log("begin");
    co_await ctx.call("x");
    ctx.log("end");
    co_return ctx.is_replaying();
  });
  driver.start();
  driver.complete(0);
  EXPECT_EQ(driver.logged(), (Lines{"begin", "end"}));
  EXPECT_EQ(driver.output(), "false");
}

TEST(Run, ReturnsTheStatusOnlyWhenATurnChangedIt) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    ctx.set_status(std::string("one"));
    co_await ctx.call("a");
    ctx.set_status("one");
    co_await ctx.call("b");
    ctx.set_status(2);
    ctx.set_status("one");
    co_await ctx.call("c");
    ctx.clear_status();
    co_await ctx.call("d");
  });
  driver.start();
  EXPECT_EQ(driver.result().custom_status, std::optional<model::Payload>(R"("one")"));
  driver.complete(0);
  EXPECT_EQ(driver.result().custom_status, std::nullopt);
  driver.complete(1);
  EXPECT_EQ(driver.result().custom_status, std::nullopt);
  driver.complete(2);
  EXPECT_EQ(driver.result().custom_status, std::optional<model::Payload>(model::Payload()));
}

TEST(Run, KnowsWhoItIs) {
  Driver driver([](Orchestration& ctx) -> Task<std::vector<std::string>> {
    co_return std::vector<std::string>{ctx.hub(),
                                       ctx.id(),
                                       ctx.name(),
                                       ctx.version(),
                                       ctx.parent().value_or("none"),
                                       std::to_string(ctx.execution())};
  });
  driver.started().parent =
      model::Parent{.key = {"hub", "mother"}, .execution = {}, .task = {}, .name = {}};
  driver.start();
  EXPECT_EQ(driver.output(), R"(["hub","instance-1","test","1","mother","7"])");
}

TEST(Run, StartsChildrenAndTakesTheirOutcome) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto named = ctx.child<int>("count", 1, 2, ChildOptions().id("kid").version("3"));
    auto unnamed = ctx.child<int>("count", 7);
    int sum = co_await named;
    try {
      sum += co_await unnamed;
    } catch (const TaskFailed& failed) {
      sum += failed.task() == "child 'count'" ? 100 : 0;
    }
    co_return sum;
  });
  EXPECT_EQ(driver.start(),
            (Lines{"ChildScheduled #0 'count' as 'kid'", "ChildScheduled #1 'count' as ''"}));
  const auto& scheduled = std::get<model::ChildScheduled>(driver.result().actions[0]);
  EXPECT_EQ(scheduled.version, "3");
  EXPECT_EQ(scheduled.input, "[1,2]");
  // The core names the child that the code left unnamed.
  std::get<model::ChildScheduled>(driver.history().back().body).id = "instance-1:7:0001";
  driver.turn({model::ChildCompleted{model::TaskId{0}, "5"}});
  driver.turn({model::ChildFailed{model::TaskId{1},
                                  {.type = "T", .message = "m", .stack = {}, .inner = {}}}});
  EXPECT_EQ(driver.output(), "105");
}

TEST(Run, SendsEvents) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    ctx.send("other", "ping");
    ctx.send("other", "pong", 5);
    co_await ctx.timer(1s);
  });
  EXPECT_EQ(driver.start(),
            (Lines{"EventSent #0 'ping' to 'other'", "EventSent #1 'pong' to 'other'",
                   "TimerCreated #2 due at 2023-11-14T22:13:21.000000Z"}));
  EXPECT_EQ(std::get<model::EventSent>(driver.result().actions[1]).payload, "5");
}

TEST(Run, StopsCodeThatDecidesWithoutEnd) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    for (;;) (void)ctx.call("again");
    co_return;
  });
  driver.start();
  EXPECT_EQ(driver.failure().type, kFailureTypeLimit);
}

TEST(Run, DropsAnOutcomeThatComesTwiceOrTooLate) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    auto slow = ctx.call<int>("slow");
    auto quick = ctx.call<int>("quick");
    ctx.cancel(slow);
    const int value = co_await quick;
    co_await ctx.call("last");
    co_return value;
  });
  driver.start();
  driver.turn({Driver::completed(0, 1), Driver::completed(1, 2)});
  driver.turn({Driver::completed(1, 3)});
  driver.complete(3);
  EXPECT_EQ(driver.output(), "2");
}

struct Witness {
  explicit Witness(int& alive) : alive_(&alive) { ++*alive_; }
  Witness(const Witness& other) : alive_(other.alive_) { ++*alive_; }
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --*alive_; }
  int* alive_;
};

int g_alive_for_test = 0;  // the coroutines below can not capture

Task<void> holds_a_witness(Orchestration& ctx) {
  const Witness witness(g_alive_for_test);
  auto forgotten = ctx.call<int>("forgotten");
  co_await ctx.event("never");
}

TEST(Run, FreesEverythingWhenItIsDestroyedInTheMiddle) {
  g_alive_for_test = 0;
  {
    Driver driver([](Orchestration& ctx) -> Task<void> {
      const Witness witness(g_alive_for_test);
      auto beside = ctx.spawn(holds_a_witness(ctx));
      auto both = ctx.all(ctx.call<int>("a"), ctx.event("b", 5s));
      auto nested = ctx.any(beside, ctx.timer(5s));
      co_await holds_a_witness(ctx);
      co_await both;
      co_await nested;
    });
    driver.start();
    EXPECT_EQ(g_alive_for_test, 3);
  }
  EXPECT_EQ(g_alive_for_test, 0);
}

}  // namespace
}  // namespace perdure

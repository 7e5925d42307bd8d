// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The forms in which people write coroutines, each compiled and run by every supported compiler.
// All work with Clang. The forms under PERDURE_EVERY_FORM are those that GCC 12 compiles wrongly,
// silently unless noted, each with the safe form beside it; this is why perdure/version.h refuses
// GCC 12 unless it is told otherwise.
#include <gtest/gtest.h>

#include "driver.h"
#include "perdure/perdure.h"

#if defined(__clang__) || __GNUC__ >= 13
#define PERDURE_EVERY_FORM 1
#else
#define PERDURE_EVERY_FORM 0
#endif

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

// Too long to be kept inside of a std::string: a second destruction is a double free.
const std::string kLong =
    "a text that is certainly longer than what a string keeps inside of itself";

struct Item {
  std::string name;
  int count = 0;
  PERDURE_FIELDS(Item, name, count);
};

Task<std::string> text(Orchestration& ctx, std::string value) {
  co_return co_await ctx.call<std::string>("text", value);
}
Task<std::string> text_at_once(std::string value) { co_return value; }
Task<std::string> name_of(Orchestration& ctx, Item item) {
  co_return co_await ctx.call<std::string>("text", item.name);
}
Task<bool> yes(Orchestration& ctx) {
  co_await ctx.call("yes");
  co_return true;
}
Task<int> number(Orchestration& ctx, int value) {
  co_return co_await ctx.call<int>("number", value);
}
std::string both(std::string a, std::string b) { return a + b; }

/// Completes every activity with its own input, until the orchestration ends.
template <class F>
std::string result_of_running(F orchestration) {
  Driver driver(orchestration);
  driver.start();
  for (int turn = 0; turn < 20 && driver.waiting(); ++turn) {
    std::vector<model::EventBody> events;
    for (const model::Action& action : driver.result().actions) {
      if (const auto* call = std::get_if<model::ActivityScheduled>(&action)) {
        events.emplace_back(model::ActivityCompleted{call->task, call->input});
      } else if (const auto* child = std::get_if<model::ChildScheduled>(&action)) {
        events.emplace_back(model::ChildCompleted{child->task, child->input});
      }
    }
    driver.turn(std::move(events));
  }
  return driver.output();
}

std::string quoted(const std::string& value) { return '"' + value + '"'; }

// ---- Safe everywhere ----------------------------------------------------------------------------

TEST(SafeForm, OptionsWithAConstructorAndSetters) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::string child = co_await ctx.child<std::string>(
                  "c", kLong, ChildOptions().id(kLong).version(kLong));
              co_return co_await ctx.call<std::string>("x", child,
                                                       Retry().attempts(5).first(1s).factor(2));
            }),
            quoted(kLong));
}

TEST(SafeForm, TemporaryStringsAndVectorsAsArguments) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::string a = co_await ctx.call<std::string>("x", kLong + "");
              std::string b = co_await text(ctx, kLong + "");
              auto c = co_await ctx.call<std::vector<std::string>>(
                  "x", std::vector<std::string>(2, kLong));
              co_return a == b&& b == c.at(1) ? a : "";
            }),
            quoted(kLong));
}

TEST(SafeForm, ANamedAggregateAsAnArgument) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const Item item{.name = kLong, .count = 1};
              std::string name = co_await name_of(ctx, item);
              Item same = co_await ctx.call<Item>("x", item);
              co_return same.name == name ? name : "";
            }),
            quoted(kLong));
}

TEST(SafeForm, AwaitsInOneExpression) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<int> {
              co_return co_await number(ctx, 1) + 2 * co_await ctx.call<int>("number", 3);
            }),
            "7");
}

TEST(SafeForm, AwaitedValuesNamedBeforeTheyAreUsedTogether) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::string a = co_await text(ctx, kLong);
              std::string b = co_await text(ctx, "b");
              const bool first = co_await yes(ctx);
              bool second = false;
              if (first) second = co_await yes(ctx);
              std::vector<std::string> list{a, b};
              const auto joined = [list] { return both(list[0], list[1]); };
              const Item item{.name = joined(), .count = second ? 1 : 0};
              co_return item.name;
            }),
            quoted(kLong + "b"));
}

TEST(SafeForm, ACaptureThatWasNamedFirst) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const std::string wanted = kLong;
              const auto filter = [wanted](const FailureDetails& f) { return f.type == wanted; };
              const Retry retry = Retry().when(filter);
              co_return co_await ctx.call<std::string>("x", wanted, retry);
            }),
            quoted(kLong));
}

TEST(SafeForm, ALambdaCoroutineWithoutCapturesAsATemporary) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              co_return co_await
                  [](Orchestration& context, std::string value) -> Task<std::string> {
                    co_return co_await text(context, value);
                  }(ctx, kLong);
            }),
            quoted(kLong));
}

TEST(SafeForm, IfWhileAndSwitchOnOneAwait) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<int> {
              int left = 3;
              while (co_await number(ctx, left) > 0) --left;
              if (co_await yes(ctx)) left += 10;
              switch (co_await ctx.call<int>("number", 5)) {
                case 5: left += 100; break;
                default: break;
              }
              co_return left;
            }),
            "110");
}

TEST(SafeForm, StructuredBindingsAlsoInALoop) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::string all;
              for (int i = 0; i < 3; ++i) {
                auto [a, b] =
                    co_await ctx.all(ctx.call<std::string>("x", kLong), ctx.call<int>("number", i));
                all = a + std::to_string(b);
              }
              co_return all;
            }),
            quoted(kLong + "2"));
}

TEST(SafeForm, ALoopOverAnAwaitedList) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const std::vector<std::string> inputs(3, kLong);
              std::string last;
              for (const std::string& value : co_await ctx.all(ctx.map<std::string>("x", inputs))) {
                last = value;
              }
              co_return last;
            }),
            quoted(kLong));
}

TEST(SafeForm, GroupsOfTemporaryFutures) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              auto winner = co_await ctx.any(ctx.call<std::string>("x", kLong), ctx.timer(5s));
              auto nested = co_await ctx.all(ctx.all(ctx.call<std::string>("x", kLong)),
                                             ctx.spawn(text(ctx, kLong)));
              co_return std::get<0>(winner.value) == std::get<1>(nested) ? std::get<1>(nested) : "";
            }),
            quoted(kLong));
}

TEST(SafeForm, ReturningAnAggregate) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<Item> {
              std::string name = co_await text(ctx, kLong);
              co_return Item{.name = name, .count = 2};
            }),
            R"({"name":")" + kLong + R"(","count":2})");
}

TEST(SafeForm, CatchingAndActingAfterwards) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::optional<std::string> failed;
              try {
                std::string value = co_await text(ctx, kLong);
                throw Failure(value);
              } catch (const Failure& failure) {
                failed = failure.details().message;
              }
              if (failed) co_return co_await text(ctx, *failed);
              co_return "";
            }),
            quoted(kLong));
}

TEST(SafeForm, TasksThatFinishAtOnce) {
  EXPECT_EQ(result_of_running([](Orchestration&) -> Task<std::string> {
              std::string last;
              for (int i = 0; i < 100'000; ++i) last = co_await text_at_once(kLong);
              co_return last;
            }),
            quoted(kLong));
}

#if PERDURE_EVERY_FORM

// ---- Not with GCC 12 ----------------------------------------------------------------------------

TEST(EveryForm, ATemporaryAggregateAsAnArgument) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              std::string name = co_await name_of(ctx, {.name = kLong, .count = 1});
              Item same = co_await ctx.call<Item>("x", Item{.name = name, .count = 1});
              co_return same.name;
            }),
            quoted(kLong));
}

TEST(EveryForm, ACapturingTemporaryAsAnArgument) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const std::string wanted = kLong;
              co_return co_await ctx.call<std::string>(
                  "x", wanted,
                  Retry().when([wanted](const FailureDetails& f) { return f.type == wanted; }));
            }),
            quoted(kLong));
}

TEST(EveryForm, AwaitsJoinedByAndOr) {  // GCC 12: right or abandoned, depending on the types
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<int> {
              int seen = 0;
              if (co_await yes(ctx) && co_await yes(ctx)) seen += 1;
              if (co_await yes(ctx) || co_await yes(ctx)) seen += 2;
              co_return seen;
            }),
            "3");
}

TEST(EveryForm, AwaitsInABracedList) {  // GCC 12: does not compile
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::size_t> {
              std::vector<std::string> list{co_await text(ctx, kLong), co_await text(ctx, "b")};
              const std::vector<int> twice =
                  co_await ctx.all(ctx.map<int>("number", std::vector<int>{1, 2}));
              co_return list.size() + twice.size();
            }),
            "4");
}

TEST(EveryForm, AwaitsInAnAggregate) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              Item item{.name = co_await text(ctx, kLong), .count = 1};
              co_return item.name;
            }),
            quoted(kLong));
}

TEST(EveryForm, AwaitsInAConditionalExpression) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const bool first = co_await yes(ctx);
              std::string value = first ? co_await text(ctx, kLong) : co_await text(ctx, "b");
              co_return value;
            }),
            quoted(kLong));
}

TEST(EveryForm, AnAwaitInACapture) {
  EXPECT_EQ(result_of_running([](Orchestration& ctx) -> Task<std::string> {
              const auto held = [value = co_await text(ctx, kLong)] { return value; };
              co_return held();
            }),
            quoted(kLong));
}

#endif  // PERDURE_EVERY_FORM

}  // namespace
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/speculative.h"

#include <gtest/gtest.h>

#include "driver.h"
#include "model/work_item.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using testing_internal::Driver;
using testing_internal::Lines;

const model::Tags kDeclared = {
    {std::string(model::kSpeculativeTag), std::string(model::kSpeculativeValue)}};

const model::ActivityScheduled& scheduled(const Driver& driver, std::size_t at = 0) {
  return std::get<model::ActivityScheduled>(driver.result().actions.at(at));
}

TEST(SpeculativeCall, CarriesTheDeclarationToTheEngineAndTheArgumentsToTheActivity) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    co_return co_await ctx.call<int>("quote", 7, std::string("eur"), Speculative());
  });
  EXPECT_EQ(driver.start(), Lines{"ActivityScheduled #0 'quote'"});
  EXPECT_EQ(scheduled(driver).tags, kDeclared);
  EXPECT_EQ(scheduled(driver).input, R"([7,"eur"])");
}

TEST(SpeculativeCall, IsOnlyTheCallThatSaysSo) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    auto guess = ctx.call<int>("quote", Speculative());
    auto charge = ctx.call<int>("charge", 1);
    co_await std::move(guess);
    co_await std::move(charge);
    co_await ctx.call("ship");
  });
  driver.start();
  EXPECT_EQ(scheduled(driver, 0).tags, kDeclared);
  EXPECT_EQ(scheduled(driver, 0).input, std::nullopt);
  EXPECT_TRUE(scheduled(driver, 1).tags.empty());
  driver.complete(0, 1);
  // The operation of the first call is used again for the last one.
  driver.complete(1, 1);
  EXPECT_TRUE(scheduled(driver).tags.empty());
}

TEST(SpeculativeCall, OfARangeIsEachOfThem) {
  Driver driver([](Orchestration& ctx) -> Task<void> {
    const std::vector<int> numbers = {1, 2};
    co_await ctx.all(ctx.map<int>("quote", numbers, Speculative()));
  });
  driver.start();
  EXPECT_EQ(scheduled(driver, 0).tags, kDeclared);
  EXPECT_EQ(scheduled(driver, 1).tags, kDeclared);
}

TEST(SpeculativeCall, IsRetriedAsSuch) {
  Driver driver([](Orchestration& ctx) -> Task<int> {
    co_return co_await ctx.call<int>("quote", Speculative(Retry().attempts(2).first(1s)));
  });
  driver.start();
  EXPECT_EQ(scheduled(driver).tags, kDeclared);
  EXPECT_EQ(driver.fail(0).size(), 1U) << "the timer before the second attempt";
  driver.advance(1s);
  driver.fire(1);
  EXPECT_EQ(scheduled(driver).tags, kDeclared);
}

}  // namespace
}  // namespace perdure

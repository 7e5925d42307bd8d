// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "exceptions.h"
#include "perdure/perdure.h"

namespace perdure {
namespace {

Activity some_activity(const std::atomic<bool>* cancelled = nullptr) {
  return {"instance-1", "act", 7, 3, 2, cancelled};
}

Payload run(const Registry& registry, const Payload& input) {
  Activity activity = some_activity();
  return (*registry.find_activity("act"))(activity, input);
}

int twice(int value) { return 2 * value; }
Task<void> nothing(Orchestration&) { co_return; }

TEST(Registry, RunsActivitiesOfEveryShape) {
  EXPECT_EQ(run(Registry().activity("act", twice), "21"), "42");
  EXPECT_EQ(run(Registry().activity(
                    "act", [](const std::string& a, int b) { return a + std::to_string(b); }),
                R"(["x,[\"",5])"),
            R"("x,[\"5")");
  EXPECT_EQ(run(Registry().activity("act", [] {}), std::nullopt), std::nullopt);
  EXPECT_EQ(
      run(Registry().activity("act", [](Activity& self) { return self.task(); }), std::nullopt),
      "3");
  const auto offset = std::make_shared<int>(5);
  EXPECT_EQ(run(Registry().activity("act",
                                    [offset](Activity& self, int value) noexcept {
                                      return *offset + value + static_cast<int>(self.attempt());
                                    }),
                "1"),
            "8");
}

TEST(Registry, TellsWhichInputDoesNotFit) {
  Registry registry;
  registry.activity("act", [](int, int) { return 0; });
  const auto message = [&](const Payload& input) {
    try {
      run(registry, input);
    } catch (const DecodeError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(message("[1,2]"), "none");
  EXPECT_EQ(message(R"([1,"x"])"),
            "the input of activity 'act': at $[1]: expected an integer, found a string");
  EXPECT_EQ(message("[1]"),
            "the input of activity 'act': at $: expected an array of 2 elements, found one of 1");
  EXPECT_EQ(message("7"), "the input of activity 'act': at $: expected an array of 2 arguments");
  EXPECT_EQ(message(std::nullopt),
            "the input of activity 'act': at $: expected a value, found none");
}

TEST(Registry, FindsByNameAndRefusesASecondOne) {
  Registry registry;
  registry.orchestration("a", nothing).activity("a", twice);
  EXPECT_NE(registry.find_orchestration("a"), nullptr);
  EXPECT_EQ(registry.find_orchestration("b"), nullptr);
  EXPECT_NE(registry.find_activity("a"), nullptr);
  EXPECT_EQ(registry.find_activity(""), nullptr);
  EXPECT_THROW(registry.orchestration("a", nothing), std::invalid_argument);
  EXPECT_THROW(registry.activity("a", twice), std::invalid_argument);
  EXPECT_THROW(registry.activity("", twice), std::invalid_argument);
  EXPECT_EQ(registry.orchestrations().size(), 1);
  EXPECT_EQ(registry.activities().size(), 1);
}

TEST(Activities, KnowThemselves) {
  std::atomic<bool> cancelled = false;
  const Activity activity = some_activity(&cancelled);
  EXPECT_EQ(activity.id(), "instance-1");
  EXPECT_EQ(activity.name(), "act");
  EXPECT_EQ(activity.execution(), 7);
  EXPECT_FALSE(activity.is_cancelled());
  cancelled = true;
  EXPECT_TRUE(activity.is_cancelled());
}

TEST(Registry, AnActivityTellsHowFarItIs) {
  std::vector<std::pair<Payload, std::chrono::microseconds>> told;
  Activity activity("instance-1", "act", 7, 3, 2, nullptr, "41",
                    [&](Payload progress, std::chrono::microseconds next_within) {
                      told.emplace_back(std::move(progress), next_within);
                    });
  EXPECT_EQ(activity.progress<int>(), 41);
  activity.report(42);
  activity.report("text", std::chrono::seconds(1));
  activity.still_alive(std::chrono::seconds(2));
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].first, "42");
  EXPECT_EQ(told[1].first, "\"text\"");
  EXPECT_EQ(told[1].second, std::chrono::seconds(1));
  EXPECT_EQ(told[2].first, std::nullopt);
  EXPECT_THROW(activity.report(std::string(kProgressBytesMax, 'x')), std::length_error);
  EXPECT_EQ(some_activity().progress<int>(), std::nullopt);
}

// ---- Result -------------------------------------------------------------------------------------

TEST(Results, HoldAValueOrAnError) {
  const Result<int> five = 5;
  EXPECT_TRUE(five);
  EXPECT_EQ(*five, 5);
  EXPECT_EQ(five.value(), 5);
  EXPECT_EQ(five.value_or(6), 5);
  const Result<int> none = Error(ErrorCode::kNotFound, "no instance 'x'");
  EXPECT_FALSE(none);
  EXPECT_EQ(none.value_or(6), 6);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_STREQ(none.error().what(), "NOT_FOUND: no instance 'x'");
  EXPECT_THROW(static_cast<void>(none.value()), Error);
  const Result<void> done;
  EXPECT_TRUE(done);
  EXPECT_NO_THROW(done.value());
  const Result<void> failed = none.error();
  EXPECT_EQ(failed.error(), none.error());
  EXPECT_THROW(failed.value(), Error);
  Result<std::unique_ptr<int>> moved = std::make_unique<int>(5);
  EXPECT_EQ(*std::move(moved).value(), 5);
}

TEST(Failures, SurviveTheWayThroughTheModel) {
  FailureDetails details{.type = "A", .message = "b", .stack = "c", .retriable = false};
  details.inner.push_back({.type = "D", .message = "e"});
  EXPECT_EQ(internal::from_model(internal::to_model(details)), details);
  EXPECT_EQ(details.root().type, "D");
}

}  // namespace
}  // namespace perdure

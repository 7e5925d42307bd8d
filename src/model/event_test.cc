// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <variant>

#include "model/action.h"
#include "model/testing/samples.h"

namespace perdure::model {
namespace {

using testing::Samples;

TEST(Event, HasANameOfItsOwnForEveryKind) {
  Samples samples(1);
  std::set<std::string> names;
  for (std::size_t i = 0; i < std::variant_size_v<EventBody>; ++i)
    names.emplace(kind_name(samples.event_body(i)));
  EXPECT_EQ(names.size(), std::variant_size_v<EventBody>);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(kind_name(TurnStarted{}), "TurnStarted");
}

TEST(Event, CountsEveryActionAndNothingElseAsOne) {
  Samples samples(2);
  std::set<std::string> actions;
  for (std::size_t i = 0; i < std::variant_size_v<Action>; ++i) {
    std::visit(
        [&](const auto& action) {
          const Event event{{}, action};
          EXPECT_TRUE(is_action(event)) << describe(event);
          actions.emplace(kind_name(event.body));
        },
        samples.action(i));
  }
  for (std::size_t i = 0; i < std::variant_size_v<EventBody>; ++i) {
    const Event event{{}, samples.event_body(i)};
    EXPECT_EQ(is_action(event), actions.contains(std::string(kind_name(event.body))))
        << describe(event);
  }
}

TEST(Event, KnowsTheTaskItIsAbout) {
  EXPECT_EQ(task_of({{}, ActivityCompleted{.task = TaskId{4}, .result = {}}}), TaskId{4});
  EXPECT_EQ(task_of({{}, TaskCancelled{.task = TaskId{5}, .cancelled = TaskId{2}}}), TaskId{5});
  EXPECT_EQ(task_of({{}, TurnStarted{}}), std::nullopt);
  EXPECT_EQ(task_of({{}, EventRaised{.name = "go", .payload = {}}}), std::nullopt);
}

TEST(Event, IsDescribedInOneLineWithoutItsPayload) {
  ActivityScheduled scheduled;
  scheduled.task = TaskId{3};
  scheduled.name = "charge";
  scheduled.input = "secret";
  EXPECT_EQ(describe({{}, scheduled}), "ActivityScheduled #3 'charge'");
  EXPECT_EQ(describe({{}, EventSent{TaskId{1}, "order-8", "paid", "secret"}}),
            "EventSent #1 'paid' to 'order-8'");
  EXPECT_EQ(describe({{}, TaskCancelled{TaskId{5}, TaskId{2}}}), "TaskCancelled #5 of #2");
  EXPECT_EQ(describe({{}, TurnStarted{}}), "TurnStarted");
  ChildScheduled child;
  child.task = TaskId{0};
  child.id = "order-7:0";
  child.name = "ship";
  EXPECT_EQ(describe({{}, child}), "ChildScheduled #0 'ship' as 'order-7:0'");
}

}  // namespace
}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/wire/wire.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/checks.h"
#include "model/limits.h"
#include "model/testing/samples.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/events.h"

namespace perdure::worker_wire {
namespace {

using base::ErrorCode;
using model::testing::Samples;

constexpr std::uint64_t kSeeds = 500;

/// As the network would do it.
template <class Message>
Message sent(const Message& message) {
  Message arrived;
  EXPECT_TRUE(arrived.ParseFromString(message.SerializeAsString()));
  return arrived;
}

TEST(Wire, EveryTurnResultArrivesAsItWas) {
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const model::TurnResult result = Samples(seed).turn_result();
    if (!model::check_turn(result)) continue;
    model::TurnResult moved = result;
    v1::TurnResult wire;
    to_wire(moved, wire);
    v1::TurnResult arrived = sent(wire);
    const auto read = result_from(arrived);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, result) << "seed " << seed;
    ++compared;
  }
  EXPECT_GT(compared, kSeeds / 2);
}

TEST(Wire, ATurnBeyondTheLimitsFailsAsTheServerWouldFailIt) {
  model::ChildScheduled child{.task = {0}, .id = "c", .name = "child"};
  for (std::size_t i = 0; i <= model::kTagsMax; ++i) child.tags["tag" + std::to_string(i)] = "";
  model::TurnResult result{.actions = {child}, .outcome = model::Waiting{}, .custom_status = {}};
  const std::string why = model::check_turn(result).error().message;
  v1::TurnResult wire;
  to_wire(result, wire);
  const auto read = result_from(wire);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->actions.empty());
  ASSERT_TRUE(std::holds_alternative<model::Failed>(read->outcome));
  const model::Failure& failure = std::get<model::Failed>(read->outcome).failure;
  EXPECT_EQ(failure.type, model::kFailureLimit);
  EXPECT_EQ(failure.message, why);
}

TEST(Wire, ATurnArrivesAsItWas) {
  model::TurnItem item{.token = {{"hub", "id"}, {7}, 9, 2},
                       .name = "name",
                       .version = "2",
                       .new_events = {{}, {}},
                       .state = {}};
  item.new_events[0].body = model::TurnStarted{};
  item.new_events[1].body = model::EventRaised{.name = "go", .payload = "1"};
  model::TurnItem batch{.token = {{"hub", "@counter@a"}, {7}, 9, 1},
                        .name = "@counter",
                        .version = "",
                        .new_events = item.new_events,
                        .state = "17"};
  for (const model::TurnItem& one : {item, batch}) {
    model::TurnItem moved = one;
    v1::Turn wire;
    to_wire(moved, wire);
    v1::Turn arrived = sent(wire);
    const auto read = item_from(arrived, "hub");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, one);
  }
}

TEST(Wire, AnActivityArrivesAsItWasWithAndWithoutInput) {
  for (const model::Payload& input : {model::Payload("[1]"), model::Payload("")}) {
    const model::ActivityItem item{.token = {{"hub", "id"}, {7}, {3}, 2},
                                   .name = "charge",
                                   .version = "",
                                   .input = input,
                                   .trace_parent = "00-1",
                                   .progress = "0.5"};
    model::ActivityItem moved = item;
    v1::Activity wire;
    to_wire(moved, wire);
    v1::Activity arrived = sent(wire);
    EXPECT_EQ(item_from(arrived, "hub"), item);
  }
  model::ActivityItem none{
      .token = {{"hub", "id"}, {1}, {0}, 1}, .name = "a", .version = "", .input = model::Payload()};
  v1::Activity wire;
  to_wire(none, wire);
  EXPECT_EQ(std::get<model::Payload>(item_from(wire, "hub")->input), std::nullopt);
}

TEST(Wire, OutcomesOfActivitiesArriveAsTheyWere) {
  const std::vector<ActivityOutcome> outcomes = {
      model::Payload(), model::Payload(""), model::Payload("17"),
      model::Failure{.type = "T",
                     .message = "m",
                     .stack = "s",
                     .retriable = false,
                     .inner = {{.type = "I", .message = "inner"}}}};
  for (const ActivityOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome_from(to_wire(outcome)), outcome);
  }
}

TEST(Wire, WhatNoWorkerShouldSendIsRefusedAndNotTaken) {
  const auto refused = [](v1::TurnResult wire) {
    const auto read = result_from(wire);
    return !read && read.error().code == ErrorCode::kInvalidArgument;
  };
  const std::string nothing = to_wire(std::vector<model::Event>());
  v1::TurnResult wire;
  wire.set_actions(nothing);
  EXPECT_TRUE(refused(wire)) << "no outcome";
  wire.mutable_waiting();
  EXPECT_FALSE(refused(wire));
  wire.set_actions("garbage");
  EXPECT_TRUE(refused(wire));
  wire.set_actions(one_to_wire(model::TimerFired{}));
  EXPECT_TRUE(refused(wire)) << "not an action";
  wire.set_actions(nothing);
  wire.set_ended(one_to_wire(model::ExecutionCompleted{
      .ending = model::Ending::kTerminated, .output = {}, .failure = {}}));
  EXPECT_TRUE(refused(wire)) << "no code terminates itself";
  wire.set_ended(nothing);
  EXPECT_TRUE(refused(wire));
  wire.mutable_operated()->set_results(one_to_wire(model::TimerFired{}));
  EXPECT_TRUE(refused(wire));
  EXPECT_FALSE(outcome_from(one_to_wire(model::TimerFired{})));
  EXPECT_FALSE(outcome_from(nothing));
  EXPECT_FALSE(outcome_from(""));
}

TEST(Wire, WhatNoServerShouldSendIsRefusedAndNotTaken) {
  v1::Turn turn;
  EXPECT_FALSE(item_from(turn, "hub")) << "no events";
  turn.set_new_events(to_wire(std::vector<model::Event>()));
  EXPECT_FALSE(item_from(turn, "hub")) << "an empty turn";
  turn.set_name("@counter");
  turn.set_instance("no entity");
  EXPECT_FALSE(item_from(turn, "hub"));
  v1::Instance instance;
  instance.set_head("garbage");
  const auto read = snapshot_from(instance, "hub");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kInternal);
}

TEST(Wire, AProblemKeepsItsCodeAndText) {
  const base::Error error{ErrorCode::kStoreCorrupt, "row 7"};
  v1::Problem wire;
  to_wire(error, wire);
  EXPECT_EQ(error_from(sent(wire)), error);
  wire.set_code(9999);
  EXPECT_EQ(error_from(wire).code, ErrorCode::kInternal) << "of a newer server";
}

TEST(Wire, SnapshotsArriveAsTheyWere) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Samples samples(seed);
    model::InstanceSnapshot snapshot{.key = {"hub", "id"},
                                     .record = samples.record(),
                                     .input = samples.payload(),
                                     .parked = "why",
                                     .pending = {},
                                     .inbox_messages = 3};
    snapshot.pending.emplace(model::TaskId{4}, samples.pending_task());
    v1::Instance wire;
    to_wire(snapshot, wire);
    v1::Instance arrived = sent(wire);
    EXPECT_EQ(snapshot_from(arrived, "hub"), snapshot) << "seed " << seed;
  }
  const model::EntitySnapshot entity{
      .key = {"hub", "@a@b"}, .state = "1", .updated = {5}, .locked_by = "x", .backlog = 2};
  v1::Entity wire;
  to_wire(entity, wire);
  EXPECT_EQ(entity_from(wire, "hub"), entity);
}

}  // namespace
}  // namespace perdure::worker_wire

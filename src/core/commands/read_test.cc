// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// GetInstance, AwaitInstance, CancelAwait.
#include "core/testing/fixture.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

using base::ErrorCode;

class Get : public CoreTest {
 protected:
  std::optional<std::string> input_of(const std::string& id) {
    model::GetInstance command = get(id);
    command.with_input = true;
    return snapshot(world.ask(command))->input;
  }
};

TEST_F(Get, ShowsWhatIsStoredAndWhatIsPending) {
  world.run(start("a"));
  world.turn("a", {activity(0), timer(1, world.now + base::seconds(5))});
  world.run(suspend("a"));
  world.run(raise("a", "x"));
  const model::ReplyBody reply = world.ask(get("a"));
  const model::InstanceSnapshot* seen = snapshot(reply);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->key, key("a"));
  EXPECT_EQ(seen->record, world.record("a"));
  EXPECT_EQ(seen->pending, world.stored("a").pending);
  EXPECT_EQ(seen->inbox_messages, 2U);
  EXPECT_FALSE(seen->input);
}

TEST_F(Get, FindsTheInputAtEveryTimeOfALife) {
  world.run(start("a", "code", "in"));
  EXPECT_EQ(input_of("a"), "in");
  world.turn("a");
  EXPECT_EQ(input_of("a"), "in");
  world.run(raise("a", "x"));
  world.turn("a", {}, as_new("next"));
  EXPECT_EQ(input_of("a"), "next");
  world.turn("a", {}, failed());
  EXPECT_EQ(input_of("a"), "next");
  world.run(rewind("a"));
  EXPECT_EQ(input_of("a"), "next");
  world.run(terminate("a"));
  world.evict(0);
  EXPECT_EQ(input_of("a"), "next");
}

TEST_F(Get, OfAnUnknownInstanceIsNotFoundAndLeavesNothing) {
  const RowMap before = world.rows();
  EXPECT_EQ(error_of(world.ask(get("a"))), ErrorCode::kNotFound);
  EXPECT_EQ(world.rows(), before);
  world.evict(SIZE_MAX);
  EXPECT_EQ(world.shards()[0].instances.size(), 0U);
}

TEST_F(Get, IsAnsweredOnlyWhenWhatItSawIsDurable) {
  world.gate = Gate::kHeld;
  world.run(start("a"));
  EXPECT_EQ(error_of(world.ask(get("a"))), ErrorCode::kInternal);
  world.release();
  EXPECT_EQ(world.replies().size(), 1U);
}

class Await : public CoreTest {
 protected:
  /// Runs it; answers its number.
  model::RequestId wait(model::AwaitInstance command) {
    command.request = model::RequestId{100 + ++count_};
    world.run(command);
    return command.request;
  }
  [[nodiscard]] bool answered(model::RequestId request) const {
    return world.replies().contains(request);
  }
  [[nodiscard]] std::string status_in(model::RequestId request) const {
    return std::string(model::status_name(
        std::get<model::InstanceSnapshot>(world.replies().at(request)).record.status));
  }

 private:
  std::uint64_t count_ = 0;
};

TEST_F(Await, AnEndIsAnsweredByTheEnd) {
  world.run(start("a"));
  const model::RequestId first = wait(await("a"));
  const model::RequestId second = wait(await("a"));
  world.turn("a");
  EXPECT_FALSE(answered(first));
  world.run(raise("a", "x"));
  world.turn("a", {}, completed("out"));
  EXPECT_EQ(status_in(first), "COMPLETED");
  EXPECT_EQ(status_in(second), "COMPLETED");
  EXPECT_EQ(world.shards()[0].waiters.size(), 0U);
}

TEST_F(Await, AStartIsAnsweredByTheFirstCommittedTurn) {
  world.run(start("a"));
  const model::RequestId request = wait(await("a", model::Until::kStarted));
  EXPECT_FALSE(answered(request));
  world.turn("a");
  EXPECT_EQ(status_in(request), "RUNNING");
}

TEST_F(Await, AStartIsAnsweredByAContinueAsNewAndByAnEnd) {
  world.run(start("a"));
  const model::RequestId first = wait(await("a", model::Until::kStarted));
  world.turn("a", {}, as_new());
  EXPECT_EQ(status_in(first), "RUNNING");
  world.run(start("b"));
  const model::RequestId second = wait(await("b", model::Until::kStarted));
  world.run(terminate("b"));
  EXPECT_EQ(status_in(second), "TERMINATED");
}

TEST_F(Await, WhatIsThereAlreadyIsAnsweredAtOnce) {
  world.run(start("a"));
  world.turn("a");
  EXPECT_EQ(status_in(wait(await("a", model::Until::kStarted))), "RUNNING");
  world.run(terminate("a"));
  EXPECT_EQ(status_in(wait(await("a"))), "TERMINATED");
}

TEST_F(Await, AnUnknownInstanceIsRefusedOrWaitedFor) {
  EXPECT_EQ(error_of(world.answer_to(wait(await("a")))), ErrorCode::kNotFound);
  model::AwaitInstance command = await("a");
  command.wait_if_unknown = true;
  const model::RequestId request = wait(command);
  EXPECT_FALSE(answered(request));
  world.evict(0);
  world.run(start("a"));
  world.turn("a", {}, completed());
  EXPECT_EQ(status_in(request), "COMPLETED");
}

TEST_F(Await, TheEndOfAReplacedInstanceIsItsEnd) {
  world.run(start("a"));
  const model::RequestId request = wait(await("a"));
  model::StartInstance again = start("a");
  again.reuse.replaceable = model::kEveryStatus;
  world.run(again);
  EXPECT_EQ(status_in(request), "TERMINATED");
}

TEST_F(Await, ACancelledOneIsNotAnswered) {
  world.run(start("a"));
  const model::RequestId first = wait(await("a"));
  const model::RequestId second = wait(await("a"));
  world.run(model::CancelAwait{first, key("a")});
  world.run(model::CancelAwait{first, key("a")});
  world.run(model::CancelAwait{first, key("unknown")});
  world.run(terminate("a"));
  EXPECT_FALSE(answered(first));
  EXPECT_TRUE(answered(second));
}

TEST_F(Await, TooManyAtOnceAreRefused) {
  Story crowded({.twin = Twin::kNone, .scope = Scope::kTouched});
  crowded.run(start("a"));
  crowded.begin_group();
  for (std::size_t i = 0; i < model::kWaitersMax; ++i) {
    model::AwaitInstance command = await("a");
    command.request = model::RequestId{1'000'000 + i};
    crowded.run(command);
  }
  crowded.end_group();
  EXPECT_EQ(error_of(crowded.ask(await("a"))), ErrorCode::kResourceExhausted);
  crowded.run(terminate("a"));
  EXPECT_EQ(crowded.replies().size(), model::kWaitersMax + 1);
  EXPECT_EQ(crowded.broken(), Broken{});
}

}  // namespace
}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/test_host.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "perdure/testing.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;

Task<std::string> chain(Orchestration& ctx, int steps) {
  std::string text;
  for (int step = 0; step < steps; ++step) {
    text = co_await ctx.call<std::string>("append", text, step);
  }
  co_return text;
}

std::string append(std::string text, int step) { return text + std::to_string(step); }

Task<int> fan_out(Orchestration& ctx, std::vector<int> numbers) {
  std::vector<int> squares = co_await ctx.all(ctx.map<int>("square", numbers));
  int sum = 0;
  for (const int square : squares) sum += square;
  co_return sum;
}

Task<std::string> approval(Orchestration& ctx) {
  auto approved = co_await ctx.event<bool>("approved", 72h);
  if (!approved) co_return "nobody answered";
  co_return *approved ? "yes" : "no";
}

Task<void> sleeper(Orchestration& ctx, int days) { co_await ctx.timer(24h * days); }

Task<int> parent(Orchestration& ctx, int depth) {
  if (depth == 0) co_return 1;
  const int left = co_await ctx.child<int>("parent", depth - 1);
  const int right = co_await ctx.child<int>("parent", depth - 1);
  co_return left + right;
}

bool service_is_up = false;

int flaky() {
  if (!service_is_up) throw Failure("the service is down");
  return 7;
}

Task<int> calls_flaky(Orchestration& ctx) { co_return co_await ctx.call<int>("flaky"); }

Task<void> compensates(Orchestration& ctx) {
  bool failed = false;
  try {
    co_await ctx.call<int>("flaky");
  } catch (const TaskFailed&) {
    failed = true;
  }
  if (!failed) co_return;
  co_await ctx.call<int>("square", 2);
  throw Failure("gave up");
}

Task<int> counter(Orchestration& ctx, int count) {
  const int add = co_await ctx.event<int>("add");
  ctx.set_status(count + add);
  if (count + add >= 10) co_return count + add;
  co_await ctx.continue_as_new(count + add);
}

/// Ids and numbers of this execution and of the next ones, which begin at once.
Task<std::vector<std::string>> draws(Orchestration& ctx, std::vector<std::string> drawn) {
  drawn.push_back(ctx.new_uuid());
  drawn.push_back(std::to_string(ctx.random()()));
  if (drawn.size() >= 8) co_return drawn;
  co_await ctx.continue_as_new(drawn);
}

class TestHostTest : public ::testing::Test {
 protected:
  TestHostTest() {
    host.orchestration("chain", chain)
        .orchestration("fan_out", fan_out)
        .orchestration("approval", approval)
        .orchestration("sleeper", sleeper)
        .orchestration("parent", parent)
        .orchestration("counter", counter)
        .orchestration("draws", draws)
        .activity("append", append)
        .activity("square", [](int number) { return number * number; });
  }

  TestHost host;
};

TEST_F(TestHostTest, RunsAChainOfActivities) {
  Client client = host.client();
  const std::string id = client.start("chain", 5).value();
  const Instance done = client.wait(id).value();
  EXPECT_EQ(done.status, Status::kCompleted);
  EXPECT_EQ(done.output_as<std::string>().value(), "01234");
  EXPECT_EQ(host.stats().replays, 0u);
  EXPECT_EQ(host.stats().rescued, 0u);
}

TEST_F(TestHostTest, FansOutAndIn) {
  Client client = host.client();
  std::vector<int> numbers(100);
  for (int i = 0; i < 100; ++i) numbers[static_cast<std::size_t>(i)] = i;
  const std::string id = client.start("fan_out", numbers).value();
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 328'350);
}

TEST_F(TestHostTest, SleepsForThirtyDaysAtOnce) {
  Client client = host.client();
  const TimePoint before = host.now();
  const std::string id = client.start("sleeper", 30).value();
  EXPECT_EQ(client.wait(id).value().status, Status::kCompleted);
  EXPECT_EQ(host.now() - before, 24h * 30);
}

TEST_F(TestHostTest, AnEventBeatsItsDeadline) {
  Client client = host.client();
  const std::string id = client.start("approval").value();
  host.advance(71h);
  ASSERT_TRUE(client.raise(id, "APPROVED", true));
  EXPECT_EQ(client.wait(id).value().output_as<std::string>().value(), "yes");
}

TEST_F(TestHostTest, ADeadlineEndsTheWaitForAnEvent) {
  Client client = host.client();
  const std::string id = client.start("approval").value();
  EXPECT_EQ(client.wait(id).value().output_as<std::string>().value(), "nobody answered");
}

TEST_F(TestHostTest, RunsATreeOfSubOrchestrations) {
  Client client = host.client();
  const std::string id = client.start("parent", 4).value();
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 16);
}

TEST_F(TestHostTest, ContinuesAsNewWithoutLosingEvents) {
  Client client = host.client();
  const std::string id = client.start("counter", 0).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.raise(id, "add", 1));
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 10);
}

TEST_F(TestHostTest, GoesOnAfterARestart) {
  Client client = host.client();
  const std::string id = client.start("approval").value();
  host.run();
  host.restart();
  ASSERT_TRUE(client.raise(id, "approved", false));
  EXPECT_EQ(client.wait(id).value().output_as<std::string>().value(), "no");
  EXPECT_EQ(host.stats().replays, 1u);
}

TEST_F(TestHostTest, ARewindTriesTheUnhandledFailureAgain) {
  service_is_up = false;
  host.orchestration("calls_flaky", calls_flaky).activity("flaky", flaky);
  Client client = host.client();
  const std::string id = client.start("calls_flaky").value();
  EXPECT_EQ(client.wait(id).value().status, Status::kFailed);
  ASSERT_TRUE(client.rewind(id));
  EXPECT_EQ(client.wait(id).value().status, Status::kFailed);
  service_is_up = true;
  ASSERT_TRUE(client.rewind(id, "the service is back"));
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 7);
}

TEST_F(TestHostTest, ARewindAfterAHandledFailureFailsAgainAndDoesNotPark) {
  service_is_up = false;
  host.orchestration("compensates", compensates).activity("flaky", flaky);
  Client client = host.client();
  const std::string id = client.start("compensates").value();
  for (int rewinds = 0; rewinds < 3; ++rewinds) {
    const Instance ended = client.wait(id).value();
    EXPECT_EQ(ended.status, Status::kFailed);
    EXPECT_EQ(ended.failure.value().message, "gave up");
    ASSERT_TRUE(client.rewind(id));
    host.forget_held();
  }
  const Instance ended = client.wait(id).value();
  EXPECT_EQ(ended.status, Status::kFailed);
  EXPECT_EQ(ended.parked, "");
}

TEST_F(TestHostTest, AWaitThatNothingCanEndSaysSo) {
  host.orchestration(
      "forever", +[](Orchestration& ctx) -> Task<void> { co_await ctx.event<void>("never"); });
  Client client = host.client();
  const std::string id = client.start("forever").value();
  const auto done = client.wait(id, 1h);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), ErrorCode::kDeadlineExceeded);
}

TEST_F(TestHostTest, ARecordedHistoryIsReplayedAgainstNewCode) {
  Client client = host.client();
  const std::string id = client.start("chain", 3).value();
  ASSERT_TRUE(client.wait(id));
  const std::string kept = client.record(id).value().encode();

  const History history = History::decode(kept).value();
  EXPECT_TRUE(replay(history, chain));
  const auto other = replay(
      history, +[](Orchestration& ctx, int steps) -> Task<std::string> {
        co_return co_await ctx.call<std::string>("prepend", std::string(), steps);
      });
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message().find("'prepend'"), std::string::npos);
  EXPECT_NE(other.error().message().find("'append'"), std::string::npos);

  std::string damaged = kept;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  EXPECT_FALSE(History::decode(damaged));
  EXPECT_FALSE(History::decode("nonsense"));
}

TEST_F(TestHostTest, RefusesAnOrchestrationThatTheProgramDoesNotHave) {
  const auto started = host.client().start("nope");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(started.error().message().find("'chain'"), std::string::npos);
}

TEST_F(TestHostTest, DrawsOtherIdsAndNumbersInEachExecutionAlthoughNoTimePasses) {
  Client client = host.client();
  const TimePoint before = host.now();
  const std::string id = client.start("draws", std::vector<std::string>{}).value();
  const auto drawn = client.wait(id).value().output_as<std::vector<std::string>>().value();
  EXPECT_EQ(host.now(), before);
  EXPECT_EQ(drawn.size(), 8u);
  EXPECT_EQ(std::set<std::string>(drawn.begin(), drawn.end()).size(), drawn.size());
}

}  // namespace
}  // namespace perdure

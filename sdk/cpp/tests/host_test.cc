// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

Task<bool> approval(Orchestration& ctx) { co_return co_await ctx.event<bool>("approved"); }

/// Begins where an earlier attempt was; the first one reports, promises another report, and breaks
/// its promise.
int copy_parts(Activity& activity) {
  const int from = activity.progress<int>().value_or(0);
  if (activity.attempt() > 1) return from;
  activity.report(7, 50ms);
  while (!activity.is_cancelled()) std::this_thread::yield();
  throw std::runtime_error("nobody is told");
}

Task<int> copy(Orchestration& ctx) { co_return co_await ctx.call<int>("copy_parts"); }

void add_functions(Host& host) {
  host.orchestration("chain", chain)
      .orchestration("approval", approval)
      .activity("append", [](std::string text, int step) { return text + std::to_string(step); });
}

class HostTest : public ::testing::Test {
 protected:
  HostTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "perdure-host-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~HostTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string store() const { return (folder_ / "store").string(); }

 private:
  std::filesystem::path folder_;
};

TEST_F(HostTest, RunsInMemory) {
  Host host{HostOptions()};
  add_functions(host);
  Client client = host.start().value();
  const std::string id = client.start("chain", 5).value();
  EXPECT_EQ(client.wait(id).value().output_as<std::string>().value(), "01234");
  host.stop();
}

TEST_F(HostTest, ManyStartsAndWaitsAreUnderWayFromOneThread) {
  Host host{HostOptions()};
  add_functions(host);
  Client client = host.start().value();
  std::vector<std::future<Result<Instance>>> waiting;
  for (int i = 0; i < 50; ++i) {
    auto id = client.start_async("chain", 3);
    waiting.push_back(client.wait_async(id.get().value()));
  }
  for (auto& one : waiting) {
    EXPECT_EQ(one.get().value().output_as<std::string>().value(), "012");
  }
  EXPECT_EQ(client.start_async("nothing").get().error().code(), ErrorCode::kNotFound);
  auto never = client.wait_async(client.start("approval").value());
  host.stop();
  EXPECT_EQ(never.get().error().code(), ErrorCode::kUnavailable);
}

TEST_F(HostTest, RunsAnOrchestrationToItsOutputInOneCall) {
  Host host{HostOptions()};
  add_functions(host);
  Client client = host.start().value();
  EXPECT_EQ(client.run<std::string>("chain", 4).value(), "0123");
  std::vector<std::future<Result<std::string>>> running;
  for (int i = 0; i < 50; ++i) running.push_back(client.run_async<std::string>("chain", 3));
  for (auto& one : running) EXPECT_EQ(one.get().value(), "012");
  EXPECT_EQ(client.run<std::string>("nothing", 1).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(client.run<int>("chain", 3).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(HostTest, GoesOnInTheNextProcessLife) {
  std::string id;
  {
    Host host{HostOptions().data(store())};
    add_functions(host);
    Client client = host.start().value();
    id = client.start("approval", StartOptions().id("deal")).value();
    ASSERT_TRUE(client.wait_for_start(id));
  }
  Host host{HostOptions().data(store())};
  add_functions(host);
  Client client = host.start().value();
  ASSERT_TRUE(client.raise("deal", "approved", true));
  EXPECT_TRUE(client.wait(id, 30s).value().output_as<bool>().value());
}

TEST_F(HostTest, AnActivityThatFallsSilentIsTriedAgainWhereItWas) {
  Host host{HostOptions()};
  host.orchestration("copy", copy).activity("copy_parts", copy_parts);
  Client client = host.start().value();
  const std::string id = client.start("copy").value();
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 7);
}

TEST_F(HostTest, ShowsHowFarAnActivityIs) {
  Host host{HostOptions()};
  std::atomic<bool> may_end = false;
  host.orchestration("copy", copy).activity("copy_parts", [&](Activity& activity) {
    for (int part = 1; part <= 3; ++part) activity.report(part);
    may_end.wait(false);
    return 3;
  });
  Client client = host.start().value();
  const std::string id = client.start("copy").value();
  const auto progress = [&]() -> std::optional<std::string> {
    const Instance instance = client.get(id).value();
    return instance.waiting_for.empty() ? std::nullopt : instance.waiting_for.front().progress;
  };
  while (progress() != "3") std::this_thread::yield();
  may_end = true;
  may_end.notify_all();
  EXPECT_EQ(client.wait(id).value().output_as<int>().value(), 3);
}

TEST_F(HostTest, RefusesAStoreThatIsOpen) {
  Host first{HostOptions().data(store())};
  ASSERT_TRUE(first.start());
  Host second{HostOptions().data(store())};
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::kStoreLocked);
}

TEST_F(HostTest, ServesManyClientsAtOnce) {
  Host host{HostOptions().data(store())};
  add_functions(host);
  Client client = host.start().value();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([client, &right]() mutable {
      for (int i = 0; i < 20; ++i) {
        const auto id = client.start("chain", 3);
        if (!id) continue;
        const auto done = client.wait(*id, 60s);
        if (done && done->output_as<std::string>().value_or("") == "012") ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), 160);
  EXPECT_EQ(host.stats().rescued, 0u);
}

TEST_F(HostTest, AClientThatOutlivesItsHostIsToldSo) {
  std::optional<Client> client;
  {
    Host host{HostOptions()};
    client = host.start().value();
  }
  const auto got = client->get("x");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace perdure

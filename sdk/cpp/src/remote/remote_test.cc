// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions of users, by a worker and a client that are not where the engine is.
#include "perdure/remote.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bank/bank.h"
#include "chaining/chaining.h"
#include "fan_out/fan_out.h"
#include "remote/channel.h"
#include "remote/link.h"
#include "runtime/monitor.h"
#include "transport/worker/testing/server.h"
#include "worker/worker.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;
using worker_service::testing::Server;

/// Longer than anything takes here that is not stuck.
constexpr auto kPatience = 120s;

void nothing(std::string_view) {}

Task<int> add_up(Orchestration& ctx, int steps) {
  int sum = 0;
  for (int step = 1; step <= steps; ++step) sum = co_await ctx.call<int>("add", sum, step);
  co_return sum;
}

Task<std::string> ask(Orchestration& ctx) {
  const std::string name = co_await ctx.event<std::string>("name");
  co_await ctx.timer(1ms);
  co_return "hello " + name;
}

Task<int> count_down(Orchestration& ctx, int left) {
  if (left == 0) co_return 0;
  co_await ctx.call<int>("add", left, 0);
  co_await ctx.continue_as_new(left - 1);
  co_return 0;
}

Task<int> parent(Orchestration& ctx) {
  const int a = co_await ctx.child<int>("add_up", 3);
  const int b = co_await ctx.child<int>("add_up", 4);
  co_return a + b;
}

Task<int> failing(Orchestration& ctx) { co_return co_await ctx.call<int>("fail"); }

Task<void> start_endless(Orchestration& ctx) { co_await ctx.call("endless"); }

void add_functions(Registry& functions) {
  functions.orchestration("add_up", add_up)
      .orchestration("ask", ask)
      .orchestration("count_down", count_down)
      .orchestration("parent", parent)
      .orchestration("failing", failing)
      .orchestration("publish_photo", chaining::publish_photo)
      .orchestration("count_all_primes", fan_out::count_all_primes)
      .orchestration("transfer", bank::transfer)
      .activity("add", [](int a, int b) { return a + b; })
      .activity("fail", []() -> int { throw Failure("no").type("Refused").non_retriable(); })
      .activity("scale", chaining::scale)
      .activity("mark", chaining::mark)
      .activity("publish", chaining::publish)
      .activity("count_primes", fan_out::count_primes)
      .entity<bank::Account>();
}

struct Remote {
  explicit Remote(const Server& server, WorkOptions work = {}, const std::string& hub = "default")
      : host(ConnectOptions(server.address()).hub(hub), work.on_connection(nothing)) {
    add_functions(host.registry());
  }
  RemoteHost host;
};

template <class T>
T result_of(Client& client, const Result<std::string>& started) {
  return client.wait(started.value(), kPatience).value().output_as<T>().value();
}

TEST(Remote, RunsWhatRunsEmbedded) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  EXPECT_EQ(result_of<int>(client, client.start("add_up", 5)), 15);
  EXPECT_EQ(result_of<int>(client, client.start("parent")), 16);
  EXPECT_EQ(result_of<int>(client, client.start("count_down", 5)), 0);
  const chaining::Photo photo{.title = "sea", .width = 4000, .marked = false};
  EXPECT_EQ(result_of<std::string>(client, client.start("publish_photo", photo)),
            "https://photos.example/sea-1200");
  EXPECT_EQ(result_of<std::int64_t>(client, client.start("count_all_primes", 120'000)), 11'301);
}

TEST(Remote, EventsAndTimersReachTheCode) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const std::string id = client.start("ask").value();
  ASSERT_TRUE(client.wait_for_start(id, kPatience));
  ASSERT_TRUE(client.raise(id, "name", std::string("you")));
  EXPECT_EQ(client.wait(id, kPatience).value().output_as<std::string>().value(), "hello you");
}

TEST(Remote, AFailureArrivesAsItWasThrown) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const Instance ended = client.wait(client.start("failing").value(), kPatience).value();
  EXPECT_EQ(ended.status, Status::kFailed);
  ASSERT_TRUE(ended.failure);
  EXPECT_NE(ended.failure->message.find("no"), std::string::npos) << ended.failure->message;
}

TEST(Remote, EntitiesAndSectionsMoveMoney) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const Entity<bank::Account> ann("ann");
  const Entity<bank::Account> ben("ben");
  ASSERT_TRUE(client.call(ann, &bank::Account::open, 1000));
  ASSERT_TRUE(client.signal(ben, &bank::Account::open, 500));
  std::vector<std::string> transfers;
  for (std::int64_t number = 0; number < 20; ++number) {
    const bool back = number % 2 == 1;
    transfers.push_back(client
                            .start("transfer", bank::Transfer{.number = number,
                                                              .from = back ? "ben" : "ann",
                                                              .to = back ? "ann" : "ben",
                                                              .cents = 10 + number})
                            .value());
  }
  for (const std::string& id : transfers) {
    EXPECT_TRUE(client.wait(id, kPatience).value().output_as<bank::Receipt>().value().moved);
  }
  // The even ones move 10, 12, ... 28 from Ann, the odd ones 11, 13, ... 29 to her.
  EXPECT_EQ(client.call(ann, &bank::Account::balance).value(), 1010);
  EXPECT_EQ(client.call_async(ben, &bank::Account::balance).get().value(), 490);
  const auto overdrawn = client.call(ben, &bank::Account::move, std::int64_t{99}, -1'000'000L);
  ASSERT_FALSE(overdrawn);
  EXPECT_EQ(overdrawn.error().code(), ErrorCode::kOperationFailed);
  EXPECT_NE(overdrawn.error().message().find("insufficient funds"), std::string::npos);
  EXPECT_EQ(client.entities("account").value().entities.size(), 2U);
  EXPECT_EQ(client.get(EntityId("account", "ann")).value().waiting, 0U);
}

TEST(Remote, TheClientStartsLooksAndSteers) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  ASSERT_TRUE(client.start("ask", StartOptions().id("a").tag("color", "red")));
  const auto again = client.start("ask", StartOptions().id("a"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(client.start("ask", StartOptions().id("a").if_exists(StartOptions::IfExists::kIgnore))
                .value(),
            "a");
  ASSERT_TRUE(client.wait_for_start("a", kPatience));
  const Instance there = client.get_with_input("a").value();
  EXPECT_EQ(there.status, Status::kRunning);
  EXPECT_EQ(there.tags.at("color"), "red");
  ASSERT_EQ(there.waiting_for.size(), 0U);
  ASSERT_TRUE(client.suspend("a", "wait"));
  EXPECT_EQ(client.get("a").value().status, Status::kSuspended);
  EXPECT_EQ(client.purge("a").error().code(), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(client.resume("a"));
  ASSERT_TRUE(client.terminate("a", "enough"));
  EXPECT_EQ(client.wait("a", kPatience).value().status, Status::kTerminated);
  EXPECT_EQ(client.list(Filter().tag("color", "red")).value().instances.size(), 1U);
  EXPECT_EQ(client.list(Filter().status(Status::kRunning)).value().instances.size(), 0U);
  EXPECT_EQ(client.history("a").value().front().kind, "TurnStarted");
  EXPECT_EQ(client.record("a").value().size(), client.history("a").value().size());
  ASSERT_TRUE(client.restart("a"));
  ASSERT_TRUE(client.raise("a", "name", std::string("x")));
  ASSERT_TRUE(client.wait("a", kPatience));
  ASSERT_TRUE(client.purge("a"));
  EXPECT_EQ(client.get("a").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(client.purge("a").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(client.purge(Filter()).value(), 0U);
  EXPECT_EQ(client.scrub().error().code(), ErrorCode::kUnimplemented);
  EXPECT_EQ(client.raise("\xFF", "x").error().code(), ErrorCode::kInvalidArgument);
}

TEST(Remote, AWaitEndsWithItsTime) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const std::string id = client.start("ask").value();
  EXPECT_EQ(client.wait(id, 20ms).error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(client.wait("nobody", 20s).error().code(), ErrorCode::kNotFound);
}

TEST(Remote, AWaitGoesOnOverALostConnection) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const std::string id = client.start("ask").value();
  std::thread waiting([&] { EXPECT_TRUE(client.wait(id, kPatience)); });
  ASSERT_TRUE(client.wait_for_start(id, kPatience));
  server.go_down();
  server.come_up();
  // The other call was sent once: it is this test that sends it again.
  while (!client.raise(id, "name", std::string("x"))) std::this_thread::yield();
  waiting.join();
}

TEST(Remote, ManyStartsAndWaitsAreUnderWayFromOneThread) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  std::vector<std::future<Result<std::string>>> starting;
  for (int i = 0; i < 50; ++i) starting.push_back(client.start_async("add_up", i));
  std::vector<std::future<Result<Instance>>> waiting;
  for (auto& start : starting) waiting.push_back(client.wait_async(start.get().value()));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(waiting[static_cast<std::size_t>(i)].get().value().output_as<int>().value(),
              i * (i + 1) / 2);
  }
  EXPECT_EQ(client.start_async("add_up", 1, StartOptions().id(std::string(2000, 'x')))
                .get()
                .error()
                .code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(client.wait_async("nobody").get().error().code(), ErrorCode::kNotFound);
  auto in_one_call = client.run_async<int>("add_up", 6);
  EXPECT_EQ(client.run<int>("add_up", 5).value(), 15);
  EXPECT_EQ(in_one_call.get().value(), 21);
}

TEST(Remote, AWaitThatNoThreadWaitsForOutlivesTheServer) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  const std::string id = client.start("ask").value();
  ASSERT_TRUE(client.wait_for_start(id, kPatience));
  auto ended = client.wait_async(id);
  server.go_down();
  server.come_up();
  while (!client.raise(id, "name", std::string("x"))) std::this_thread::yield();
  EXPECT_TRUE(ended.get());
}

TEST(Remote, ACancelledActivityLearnsOfIt) {
  Server server;
  Remote remote(server);
  std::atomic<bool> begun = false;
  std::atomic<bool> cancelled = false;
  remote.host.registry()
      .orchestration("start_endless", start_endless)
      .activity("endless", [&](Activity& activity) {
        begun = true;
        begun.notify_all();
        while (!activity.is_cancelled()) std::this_thread::yield();
        cancelled = true;
        cancelled.notify_all();
      });
  Client client = remote.host.start().value();
  const std::string id = client.start("start_endless").value();
  begun.wait(false);
  ASSERT_TRUE(client.terminate(id));
  cancelled.wait(false);
}

Task<int> copy(Orchestration& ctx) { co_return co_await ctx.call<int>("copy_parts"); }

TEST(Remote, AnActivityThatFallsSilentIsTriedAgainWhereItWas) {
  Server server;
  Remote remote(server, WorkOptions().activity_threads(2));
  std::atomic<bool> cancelled = false;
  remote.host.registry()
      .orchestration("copy", copy)
      .activity("copy_parts", [&](Activity& activity) {
        if (activity.attempt() > 1) return activity.progress<int>().value_or(0);
        activity.report(7, std::chrono::milliseconds(50));
        while (!activity.is_cancelled()) std::this_thread::yield();
        cancelled = true;
        cancelled.notify_all();
        return -1;
      });
  Client client = remote.host.start().value();
  EXPECT_EQ(result_of<int>(client, client.start("copy").value()), 7);
  cancelled.wait(false);
}

TEST(Remote, WhatWaitsIsKeptWhileAThreadIsFreeHoweverSlow) {
  Server server;
  Remote remote(server);
  remote.host.registry().orchestration("copy", copy);
  Client client = remote.host.start().value();
  Registry functions;
  functions.activity("copy_parts", [] { return 7; });
  remote::Link link(remote::make_way(ConnectOptions(server.address())).value(),
                    {.address = server.address(), .identity = "slow", .on_connection = nothing});
  worker::Worker worker(link, functions, {});
  ASSERT_TRUE(link.open(worker, functions, base::seconds(60)));
  const std::string id = client.start("copy").value();
  while (link.items() == 0) std::this_thread::yield();
  runtime::Signal().wait_for(base::milliseconds(100));  // a wrong link would give it back by now
  std::vector<model::WorkItem> items =
      link.pull(worker::Kind::kActivities, 1, base::milliseconds(0));
  EXPECT_EQ(items.size(), 1U) << "it was given back, and there is no credit for another";
  for (model::WorkItem& item : items) {
    worker.run(std::move(item));
    link.flush();
    EXPECT_EQ(client.wait(id, kPatience).value().output_as<int>().value(), 7);
  }
  link.close();  // it tells the worker of what it lost
}

TEST(Remote, AnActivityThatTakesLongHoldsUpNoOther) {
  Server server;
  Remote busy(server, WorkOptions().activity_threads(1));
  std::atomic<bool> begun = false;
  std::atomic<bool> may_end = false;
  busy.host.registry().orchestration("start_endless", start_endless).activity("endless", [&] {
    begun = true;
    begun.notify_all();
    may_end.wait(false);
  });
  Client client = busy.host.start().value();
  ASSERT_TRUE(client.start("start_endless", StartOptions().id("endless")));
  begun.wait(false);
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(client.start("add_up", 3).value());
  // The busy one has taken their activities ahead, and can not run them.
  while (busy.host.stats().items < 22) std::this_thread::yield();
  Remote idle(server);
  ASSERT_TRUE(idle.host.start());
  for (const std::string& id : ids) EXPECT_TRUE(client.wait(id, kPatience)) << id;
  EXPECT_EQ(client.get("endless").value().status, Status::kRunning);
  may_end = true;
  may_end.notify_all();
  EXPECT_TRUE(client.wait("endless", kPatience));
}

TEST(Remote, OrchestrationsThatAreHeldAreNotReplayed) {
  Server server;
  Remote remote(server);
  Client client = remote.host.start().value();
  EXPECT_EQ(result_of<int>(client, client.start("add_up", 50)), 1275);
  EXPECT_EQ(remote.host.stats().replays, 0U);
}

TEST(Remote, OrchestrationsThatAreNotHeldAskForTheirHistory) {
  Server server;
  Remote remote(server, WorkOptions().held_orchestrations(0));
  Client client = remote.host.start().value();
  EXPECT_EQ(result_of<int>(client, client.start("add_up", 50)), 1275);
  EXPECT_GE(remote.host.stats().replays, 49U);
}

std::uint64_t items_of(const Remote& first, const Remote& second) {
  return first.host.stats().items + second.host.stats().items;
}

TEST(Remote, EverythingCompletesAlthoughTheConnectionIsCutAgainAndAgain) {
  constexpr int kInstances = 200;
  constexpr int kCuts = 6;                      // fewer than the attempts that a turn has
  constexpr std::uint64_t kItemsBetween = 300;  // all of them are a part of what there is to do
  Server server;
  Remote first(server);
  Remote second(server);
  Client client = first.host.start().value();
  ASSERT_TRUE(second.host.start());
  for (int i = 0; i < kInstances; ++i) {
    ASSERT_TRUE(client.start("add_up", 20, StartOptions().id("i" + std::to_string(i))));
  }
  for (int cut = 0; cut < kCuts; ++cut) {
    const auto is_back = [&](const Remote& one) {
      return one.host.stats().connections > static_cast<unsigned>(cut);
    };
    while (!is_back(first) || !is_back(second)) std::this_thread::yield();
    const std::uint64_t items = items_of(first, second);
    while (items_of(first, second) < items + kItemsBetween) std::this_thread::yield();
    server.go_down();
    server.come_up();
  }
  for (int i = 0; i < kInstances; ++i) {
    const Instance ended = client.wait("i" + std::to_string(i), kPatience).value();
    ASSERT_EQ(ended.output_as<int>().value(), 210) << ended.parked;
  }
}

TEST(Remote, AStoppedHostHandsItsWorkToOthers) {
  Server server;
  Remote first(server);
  Client client = first.host.start().value();
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(client.start("add_up", 20).value());
  first.host.stop(kPatience);
  Remote second(server);
  ASSERT_TRUE(second.host.start());
  for (const std::string& id : ids) {
    EXPECT_EQ(client.wait(id, kPatience).value().output_as<int>().value(), 210);
  }
}

TEST(Remote, AHostWorksForItsHubOnly) {
  Server server;
  Remote other(server, {}, "other");
  Client client = other.host.start().value();
  Client here = connect(ConnectOptions(server.address())).value();
  const std::string id = here.start("add_up", 3).value();
  EXPECT_EQ(client.get(id).error().code(), ErrorCode::kNotFound);
  // What the worker of the other hub could take, it has taken by now.
  EXPECT_EQ(result_of<int>(client, client.start("add_up", 4)), 10);
  EXPECT_EQ(here.get(id).value().status, Status::kPending);
  Remote worker(server);
  ASSERT_TRUE(worker.host.start());
  EXPECT_EQ(here.wait(id, kPatience).value().output_as<int>().value(), 6);
}

TEST(Remote, WhatCanNotBeConnectedToIsSaid) {
  const auto nobody = connect(ConnectOptions("127.0.0.1:1").patience(100ms));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code(), ErrorCode::kUnavailable);
  Server server;
  Remote wrong(server, {}, std::string(100, 'x'));
  const auto started = wrong.host.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::kInvalidArgument) << started.error().what();
  const auto unreadable = connect(ConnectOptions(server.address()).tls("/nowhere"));
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code(), ErrorCode::kInvalidArgument);
  for (const auto& [certificate, key] :
       {std::pair("/nowhere", "/nowhere"), std::pair("/nowhere", ""), std::pair("", "/nowhere")}) {
    const auto halved = connect(ConnectOptions(server.address()).certificate(certificate, key));
    ASSERT_FALSE(halved) << certificate << " " << key;
    EXPECT_EQ(halved.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(Remote, AResultThatTheServerDoesNotTakeFailsTheActivityAndNotTheConnection) {
  Server server;
  Remote remote(server);
  remote.host.registry().activity("large", [] { return std::string(std::size_t{5} << 20, 'x'); });
  remote.host.registry().orchestration("call_large", [](Orchestration& ctx) -> Task<std::string> {
    co_return co_await ctx.call<std::string>("large");
  });
  Client client = remote.host.start().value();
  const Instance ended = client.wait(client.start("call_large").value(), kPatience).value();
  EXPECT_EQ(ended.status, Status::kFailed);
  EXPECT_EQ(remote.host.stats().connections, 1U);
}

}  // namespace
}  // namespace perdure

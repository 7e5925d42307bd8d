// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities as users write them, on the virtual-time host.
#include "perdure/entity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "perdure/perdure.h"
#include "perdure/test_host.h"

namespace perdure {
namespace {

using namespace std::chrono_literals;

struct Account {
  long cents = 0;

  void deposit(long amount) { cents += amount; }
  long withdraw(long amount) {
    if (amount > cents) throw Failure("insufficient funds").type("InsufficientFunds");
    cents -= amount;
    return cents;
  }
  long balance() const { return cents; }
  void close(EntityContext& ctx) { ctx.erase(); }
  void spoil(long amount) {
    cents = amount;
    throw Failure("spoilt");
  }

  PERDURE_FIELDS(Account, cents);
  PERDURE_OPERATIONS(Account, deposit, withdraw, balance, close, spoil);
};

/// Moves money by calls: what it hears comes back as its own operations.
struct Agent {
  long held = 0;
  std::vector<std::string> heard;

  void take(EntityContext& ctx, std::string from, long amount) {
    ctx.call<Agent>(&Agent::taken, Entity<Account>(from), &Account::withdraw, amount);
  }
  void taken(Reply<long> left) {
    heard.push_back(left.failed() ? "failed: " + left.failure().type
                                  : "left: " + std::to_string(left.value()));
  }
  void remind(EntityContext& ctx) {
    ctx.signal_at(ctx.now() + 1h, Entity<Agent>(ctx.key()), &Agent::note, std::string("later"));
    ctx.signal(Entity<Agent>(ctx.key()), &Agent::note, std::string("now"));
  }
  void note(std::string what) { heard.push_back(std::move(what)); }
  void begin(EntityContext& ctx) { ctx.start_as("begun", "greet", std::string("you")); }
  void begin_and_go(EntityContext& ctx) {
    ctx.start("greet", std::string("you"));
    ctx.erase();
  }

  PERDURE_FIELDS(Agent, held, heard);
  PERDURE_OPERATIONS(Agent, take, taken, remind, note, begin, begin_and_go);
};

const Entity<Account> kAlice("alice");
const Entity<Account> kBob("bob");

Task<bool> transfer(Orchestration& ctx, std::string from, std::string to, long amount) {
  const Entity<Account> source(from);
  const Entity<Account> target(to);
  auto section = co_await ctx.lock(source, target);
  const long balance = co_await ctx.call(source, &Account::balance);
  if (balance < amount) co_return false;
  co_await ctx.call(source, &Account::withdraw, amount);
  co_await ctx.call(target, &Account::deposit, amount);
  co_return true;
}

Task<std::string> greet(Orchestration&, std::string whom) { co_return "hello " + whom; }

class EntityTest : public testing::Test {
 protected:
  EntityTest() {
    host.entity<Account>().entity<Agent>().orchestration("transfer", transfer);
    host.orchestration("greet", greet);
  }

  TestHost host;
  Client client = host.client();
};

TEST_F(EntityTest, IsCalledAndAnswers) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 100));
  EXPECT_EQ(client.call(kAlice, &Account::withdraw, 30).value(), 70);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 70);
  EXPECT_EQ(client.state(kAlice).value()->cents, 70);
  EXPECT_EQ(client.call<long>(EntityId("account", "alice"), "balance").value(), 70);
}

TEST_F(EntityTest, IsNotThereBeforeItsFirstOperation) {
  EXPECT_EQ(client.state(kAlice).value(), std::nullopt);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 0);
  EXPECT_EQ(client.call(kAlice, &Account::balance).value(), 0);
  EXPECT_EQ(client.state(kAlice).value(), std::nullopt) << "asking made it";
}

TEST_F(EntityTest, IsUnchangedByAnOperationThatThrows) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 10));
  const auto refused = client.call(kAlice, &Account::withdraw, 30);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kOperationFailed);
  EXPECT_EQ(refused.error().message(),
            "operation 'withdraw' of entity '@account@alice' failed: InsufficientFunds: "
            "insufficient funds");
  ASSERT_FALSE(client.call(kAlice, &Account::spoil, 999));
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 10);
}

TEST_F(EntityTest, SurvivesTheProcess) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 5));
  host.restart();
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 5);
  EXPECT_EQ(client.call(kAlice, &Account::withdraw, 2).value(), 3);
}

TEST_F(EntityTest, IsGoneAfterItErasedItself) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 5));
  ASSERT_TRUE(client.call(kAlice, &Account::close));
  EXPECT_EQ(client.state(kAlice).value(), std::nullopt);
  EXPECT_EQ(client.entities().value().entities.size(), 0U);
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 1));
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 1);
}

TEST_F(EntityTest, TellsWhatItHasWhenAskedForSomethingElse) {
  const auto unknown = client.call<void>(kAlice.id(), "rob");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("entity 'account' has no operation 'rob'; it has "
                                           "'balance', 'close', 'deposit'"),
            std::string::npos)
      << unknown.error().message();
  const auto nobody = client.call<void>(EntityId("Acount", "alice"), "deposit", 1);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().message(),
            "this program has no entity 'acount'; it has 'account', "
            "'agent'");
}

TEST_F(EntityTest, IsSignalledNowAndLater) {
  ASSERT_TRUE(client.signal(kAlice, &Account::deposit, 1));
  ASSERT_TRUE(client.signal_at(host.now() + 1h, kAlice, &Account::deposit, 10));
  host.run();
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 1);
  host.advance(59min);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 1);
  host.restart();
  host.advance(2min);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 11);
}

TEST_F(EntityTest, IsNeverSignalledBeforeItsTimeNotEvenByANanosecond) {
  ASSERT_TRUE(client.signal_at(host.now() + 1h + 1ns, kAlice, &Account::deposit, 1));
  host.advance(1h);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 0);
  host.advance(1us);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 1);
}

TEST_F(EntityTest, TransfersUnderACriticalSection) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 100));
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    const bool forth = i % 2 == 0;
    ids.push_back(client
                      .start("transfer", std::tuple{std::string(forth ? "alice" : "bob"),
                                                    std::string(forth ? "bob" : "alice"), 20L})
                      .value());
  }
  int moved = 0;
  for (const std::string& id : ids) {
    moved += client.wait(id).value().output_as<bool>().value() ? 1 : 0;
  }
  EXPECT_GE(moved, 5);
  EXPECT_EQ(client.query(kAlice, &Account::balance).value() +
                client.query(kBob, &Account::balance).value(),
            100);
  for (const EntityInfo& entity : client.entities().value().entities) {
    EXPECT_EQ(entity.locked_by, "") << entity.id.text();
    EXPECT_EQ(entity.waiting, 0U);
  }
}

TEST_F(EntityTest, HearsTheOutcomeOfACallAsAnOperation) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 100));
  const Entity<Agent> agent("smith");
  ASSERT_TRUE(client.call(agent, &Agent::take, "alice", 60L));
  ASSERT_TRUE(client.call(agent, &Agent::take, "alice", 60L));
  host.run();
  const Agent state = client.state(agent).value().value();
  EXPECT_EQ(state.heard, (std::vector<std::string>{"left: 40", "failed: InsufficientFunds"}));
}

TEST_F(EntityTest, SignalsItselfNowAndLater) {
  const Entity<Agent> agent("smith");
  ASSERT_TRUE(client.call(agent, &Agent::remind));
  host.run();
  EXPECT_EQ(client.state(agent).value()->heard, std::vector<std::string>{"now"});
  host.advance(1h);
  EXPECT_EQ(client.state(agent).value()->heard, (std::vector<std::string>{"now", "later"}));
}

TEST_F(EntityTest, StartsOrchestrations) {
  ASSERT_TRUE(client.call(Entity<Agent>("smith"), &Agent::begin));
  EXPECT_EQ(client.wait("begun").value().output_as<std::string>().value(), "hello you");
}

TEST_F(EntityTest, StartsAnotherOrchestrationInEachOfItsLives) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.call(Entity<Agent>("smith"), &Agent::begin_and_go));
  }
  host.run();
  EXPECT_EQ(client.list().value().instances.size(), 3U);
}

TEST_F(EntityTest, CanBeAFunction) {
  host.entity("counter", [](EntityContext& ctx) {
    if (ctx.operation() == "add") return ctx.set_state(ctx.state<long>() + ctx.input<long>());
    if (ctx.operation() == "get") return ctx.reply(ctx.state<long>());
    throw Failure("what is " + ctx.operation());
  });
  const EntityId counter("counter", "c");
  ASSERT_TRUE(client.call(counter, "add", 2L));
  ASSERT_TRUE(client.call(counter, "add", 3L));
  EXPECT_EQ(client.call<long>(counter, "get").value(), 5);
  EXPECT_FALSE(client.call<long>(counter, "multiply"));
}

// ---- sections -----------------------------------------------------------------------------------

Task<void> hold_until_event(Orchestration& ctx) {
  auto section = co_await ctx.lock(kAlice, kBob);
  co_await ctx.event("go");
}

Task<std::string> misuse(Orchestration& ctx, std::string way) {
  auto section = co_await ctx.lock(kAlice);
  try {
    if (way == "nested") [[maybe_unused]]
      auto inner = co_await ctx.lock(kBob);
    if (way == "outside") co_await ctx.call(kBob, &Account::deposit, 1);
    if (way == "child") co_await ctx.child("greet", std::string("x"));
  } catch (const std::logic_error& error) {
    co_return error.what();
  }
  co_return "allowed";
}

class SectionTest : public EntityTest {
 protected:
  SectionTest() {
    host.orchestration("hold", hold_until_event).orchestration("misuse", misuse);
    host.orchestration("again", [](Orchestration& ctx, int round) -> Task<void> {
      auto section = co_await ctx.lock(kAlice);
      co_await ctx.event("go");
      if (round < 3) co_await ctx.continue_as_new(round + 1);
    });
  }

  [[nodiscard]] std::string holder(const Entity<Account>& entity) {
    return client.get(entity.id()).value().locked_by;
  }
};

TEST_F(SectionTest, LetsOthersWaitUntilItEnds) {
  ASSERT_TRUE(client.start("hold", StartOptions().id("holder")));
  host.run();
  EXPECT_EQ(holder(kAlice), "holder");
  EXPECT_EQ(holder(kBob), "holder");
  ASSERT_TRUE(client.signal(kAlice, &Account::deposit, 7));
  host.run();
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 0);
  host.restart();
  EXPECT_EQ(holder(kAlice), "holder");
  ASSERT_TRUE(client.raise("holder", "go"));
  host.run();
  EXPECT_EQ(holder(kAlice), "");
  EXPECT_EQ(holder(kBob), "");
  EXPECT_EQ(client.query(kAlice, &Account::balance).value(), 7);
}

TEST_F(SectionTest, EndsWithItsOwner) {
  for (const std::string way : {"terminate", "replace"}) {
    ASSERT_TRUE(client.start(
        "hold", StartOptions().id("holder").if_exists(StartOptions::IfExists::kReplace)));
    host.run();
    ASSERT_EQ(holder(kAlice), "holder");
    if (way == "terminate") {
      ASSERT_TRUE(client.terminate("holder"));
      ASSERT_TRUE(client.purge("holder"));
    } else {
      ASSERT_TRUE(
          client.start("greet", std::string("x"),
                       StartOptions().id("holder").if_exists(StartOptions::IfExists::kReplace)));
    }
    host.run();
    EXPECT_EQ(holder(kAlice), "") << way;
    EXPECT_EQ(holder(kBob), "") << way;
  }
}

TEST_F(SectionTest, EndsWhenItsOwnerContinuesAsNew) {
  ASSERT_TRUE(client.start("again", 1, StartOptions().id("a")));
  ASSERT_TRUE(client.start("hold", StartOptions().id("b")));
  host.run();
  EXPECT_EQ(holder(kAlice), "a");
  ASSERT_TRUE(client.raise("a", "go"));
  host.run();
  EXPECT_EQ(holder(kAlice), "b") << "the next in line comes before the next execution";
}

TEST_F(SectionTest, OfOneWhoWaitsInLineIsForgottenWithHim) {
  ASSERT_TRUE(client.start("hold", StartOptions().id("first")));
  ASSERT_TRUE(client.start("hold", StartOptions().id("second")));
  host.run();
  ASSERT_TRUE(client.terminate("second"));
  ASSERT_TRUE(client.raise("first", "go"));
  host.run();
  EXPECT_EQ(holder(kAlice), "");
  EXPECT_EQ(client.get(kAlice.id()).value().waiting, 0U);
}

TEST_F(SectionTest, RefusesWhatCouldWaitForItForEver) {
  const auto said = [&](const std::string& way) {
    const std::string id = client.start("misuse", way).value();
    return client.wait(id).value().output_as<std::string>().value();
  };
  EXPECT_NE(said("nested").find("a critical section inside another one"), std::string::npos);
  EXPECT_NE(said("outside").find("only its entities can be called"), std::string::npos);
  EXPECT_NE(said("child").find("a child inside a critical section"), std::string::npos);
  EXPECT_EQ(holder(kAlice), "");
}

TEST_F(SectionTest, IsTheSameInAReplay) {
  ASSERT_TRUE(client.call(kAlice, &Account::deposit, 50));
  const std::string id =
      client.start("transfer", std::tuple{std::string("alice"), std::string("bob"), 20L}).value();
  host.forget_held();
  EXPECT_EQ(client.wait(id).value().output_as<bool>().value(), true);
  host.restart();
  EXPECT_EQ(client.query(kBob, &Account::balance).value(), 20);
}

}  // namespace
}  // namespace perdure

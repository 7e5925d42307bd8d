// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "engine/testing/script.h"
#include "engine/testing/world.h"

namespace perdure::engine {
namespace {

dispatch::Names only(std::string name) {
  dispatch::Names names;
  names.emplace()[std::move(name)] = {};
  return names;
}

using testing::answered;
using testing::World;

base::ErrorCode code_of(const World::Answer& answer) {
  const auto* error = answered<base::Error>(answer);
  return error != nullptr ? error->code : base::ErrorCode::kInternal;
}

TEST(Engine, RunsEveryKindOfOrchestrationToItsEnd) {
  World world({.shards = 8, .engine = {.executors = 3}, .store = {}});
  for (const char* name : {"chain", "fan", "nap", "parent", "again"}) world.start(name, name, "7");
  world.start("gather", "gather", "3");
  world.settle();
  for (int i = 0; i < 3; ++i) world.start("tell" + std::to_string(i), "tell", "gather");
  world.settle_for_ever();
  for (const char* name : {"chain", "fan", "nap", "parent", "again"}) {
    const auto snapshot = world.snapshot(name);
    EXPECT_EQ(snapshot.record.status, model::Status::kCompleted) << name;
    EXPECT_EQ(snapshot.record.output, testing::expected_output(name, "7")) << name;
    EXPECT_EQ(testing::complaint_about(world.history(name)), "") << name;
  }
  EXPECT_EQ(world.snapshot("gather").record.output, "xxx");
  EXPECT_EQ(world.engine->stats().rescues, 0U);
}

TEST(Engine, RefusesABadCommandAtTheEntryAndWritesNothing) {
  World world;
  const auto appends = world.log->appends();
  const World::Answer answer = world.start("", "chain", "1");
  EXPECT_EQ(code_of(answer), base::ErrorCode::kInvalidArgument);
  const World::Answer large =
      world.start("a", "chain", std::string(model::kPayloadBytesMax + 1, 'x'));
  EXPECT_EQ(code_of(large), base::ErrorCode::kPayloadTooLarge);
  world.settle();
  EXPECT_EQ(world.log->appends(), appends);
}

TEST(Engine, TurnsAResultThatIsTooLargeIntoAFailureOfTheActivity) {
  World world;
  world.start("a", "chain", "1");
  world.engine->run_until_idle();
  ASSERT_EQ(world.work(), 1U);
  world.engine->run_until_idle();
  auto items = world.pull(1);
  ASSERT_EQ(items.size(), 1U);
  world.engine->dispatcher().complete_activity(
      world.worker, std::get<model::ActivityItem>(items[0]).token,
      model::Payload{std::string(model::kPayloadBytesMax + 1, 'x')});
  world.settle();
  bool failed = false;
  for (const model::Event& event : world.history("a")) {
    const auto* failure = std::get_if<model::ActivityFailed>(&event.body);
    if (failure == nullptr) continue;
    failed = true;
    EXPECT_EQ(failure->failure.type, model::kFailureLimit);
    EXPECT_NE(failure->failure.message.find("activity result"), std::string::npos);
  }
  EXPECT_TRUE(failed);
}

TEST(Engine, RefusesNewWorkAboveItsMemoryBudgetAndTakesItAgainBelow) {
  World world;
  world.options.engine.memory_bytes = std::size_t{64} << 10;
  world.crash();
  World::Answer last;
  int accepted = 0;
  do {
    last = world.start("i" + std::to_string(accepted), "fan", "1");
    world.engine->run_until_idle();
  } while (answered<model::Started>(last) != nullptr && ++accepted < 10'000);
  EXPECT_EQ(code_of(last), base::ErrorCode::kResourceExhausted);
  EXPECT_GT(accepted, 10);
  EXPECT_LT(world.engine->stats().memory_bytes, std::size_t{128} << 10);
  EXPECT_NE(answered<model::InstanceSnapshot>([&] {
              const World::Answer seen = world.get("i0");
              world.engine->run_until_idle();
              return seen;
            }()),
            nullptr)
      << "looking is always allowed";
  world.settle();
  const World::Answer again = world.start("again", "chain", "1");
  world.settle();
  EXPECT_NE(answered<model::Started>(again), nullptr);
}

TEST(Engine, TakesTheAnswersOfTimersThatFiredBesideTheOnesThatAreDue) {
  World world;
  constexpr int kNaps = 2000;
  for (int i = 0; i < kNaps; ++i) world.start("i" + std::to_string(i), "nap", "1000");
  world.settle();
  world.clock.advance_to(world.engine->next_timer());
  std::size_t waiting_max = 0;
  for (int ended = 0; ended < kNaps;) {
    world.engine->step();
    world.engine->commit();
    waiting_max = std::max(waiting_max, world.engine->stats().dispatch.turns_waiting);
    ended += static_cast<int>(world.work(kStepTimersMax));
  }
  EXPECT_LE(waiting_max, 2 * kStepTimersMax) << "they fire faster than their turns are taken in";
}

TEST(Engine, RefusesCommandsWhenTheMailboxIsFull) {
  World world;
  world.options.engine.commands_max = 3;
  world.crash();
  for (int i = 0; i < 3; ++i) world.get("x");
  EXPECT_EQ(code_of(world.get("x")), base::ErrorCode::kResourceExhausted);
  world.engine->run_until_idle();
  const World::Answer later = world.get("x");
  world.engine->run_until_idle();
  EXPECT_EQ(code_of(later), base::ErrorCode::kNotFound);
}

TEST(Engine, KeepsManySleepingInstancesOnDiskAndWakesThemByTheirTimers) {
  World world;
  world.options.engine.memory_bytes = std::size_t{256} << 10;
  world.crash();
  for (int i = 0; i < 1000; ++i) {
    const World::Answer started = world.start("i" + std::to_string(i), "nap", "1000");
    world.settle();
    ASSERT_NE(answered<model::Started>(started), nullptr) << i;
  }
  EXPECT_LT(world.engine->stats().instances, 500U);
  world.settle_for_ever();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(world.snapshot("i" + std::to_string(i)).record.output, "rested");
  }
}

TEST(Engine, AnswersAWaiterWhenTheInstanceEndsAndTellsOneThatGaveUp) {
  World world;
  world.start("a", "nap", "1000");
  const model::AwaitInstance await{.request = {}, .key = World::key("a")};
  const World::Answer patient = world.ask(await);
  auto impatient = std::make_shared<std::optional<model::ReplyBody>>();
  const model::RequestId request = world.engine->request(
      await, [impatient](model::ReplyBody body) { *impatient = std::move(body); });
  world.settle();
  EXPECT_FALSE(*patient);
  world.engine->cancel(World::key("a"), request);
  world.settle();
  EXPECT_EQ(code_of(impatient), base::ErrorCode::kDeadlineExceeded);
  world.settle_for_ever();
  ASSERT_NE(answered<model::InstanceSnapshot>(patient), nullptr);
  EXPECT_EQ(answered<model::InstanceSnapshot>(patient)->record.output, "rested");
}

TEST(Engine, ReturnsTheLeasesOfAWorkerThatLeavesToTheNextOne) {
  World world;
  ASSERT_EQ(world.begin_fan("a", "4"), 1U);
  auto held = world.pull(9);
  ASSERT_EQ(held.size(), 4U);
  const dispatch::WorkerId gone = world.worker;
  world.replace_worker();
  EXPECT_EQ(world.engine->dispatcher().complete_activity(
                gone, std::get<model::ActivityItem>(held[0]).token, model::Payload{"late"}),
            dispatch::Answer::kNotHeld);
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "4");
  EXPECT_EQ(testing::complaint_about(world.history("a")), "");
}

TEST(Engine, TellsTheWorkerThatNobodyWaitsForItsActivityAnyMore) {
  World world;
  ASSERT_EQ(world.begin_fan("a", "1"), 1U);
  auto items = world.pull(9);
  ASSERT_EQ(items.size(), 1U);
  const model::WorkToken token = std::get<model::ActivityItem>(items[0]).token;
  EXPECT_FALSE(world.engine->dispatcher().is_withdrawn(token));
  world.ask(model::TerminateInstance{
      .request = {}, .key = World::key("a"), .reason = "enough", .output = {}});
  world.engine->run_until_idle();
  EXPECT_TRUE(world.engine->dispatcher().is_withdrawn(token));
  EXPECT_EQ(world.run(std::move(items[0])), dispatch::Answer::kNotHeld);
}

TEST(Engine, BeginsAnotherAttemptOfAnActivityThatPromisedAReportAndFellSilent) {
  World world;
  ASSERT_EQ(world.begin_fan("a", "1"), 1U);
  auto stuck = world.pull(9);
  ASSERT_EQ(stuck.size(), 1U);
  const model::ActivityToken token = std::get<model::ActivityItem>(stuck[0]).token;
  dispatch::Dispatcher& dispatcher = world.engine->dispatcher();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(dispatcher.report_progress(world.worker, token, "half", base::seconds(10)),
              dispatch::Answer::kTaken);
    world.engine->run_until_idle();
    world.clock.advance(base::seconds(9));
    world.engine->run_until_idle();
    EXPECT_FALSE(dispatcher.is_withdrawn(token));
  }
  world.clock.advance(base::seconds(2));
  world.engine->run_until_idle();
  EXPECT_TRUE(dispatcher.is_withdrawn(token));
  auto again = world.pull(9);
  ASSERT_EQ(again.size(), 1U);
  const auto& item = std::get<model::ActivityItem>(again[0]);
  EXPECT_EQ(item.token.attempt, 2U);
  EXPECT_EQ(item.progress, "half");
  EXPECT_EQ(world.run(std::move(stuck[0])), dispatch::Answer::kNotHeld);
  EXPECT_EQ(world.run(std::move(again[0])), dispatch::Answer::kTaken);
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "1");
}

TEST(Engine, DeletesTheHistoryOfWhatIsPurgedToTheLastRow) {
  World world;
  world.start("a", "chain", "700");  // more rows than one step deletes
  world.settle();
  const World::Answer purged =
      world.ask(model::PurgeInstance{.request = {}, .key = World::key("a")});
  world.settle();
  ASSERT_NE(answered<model::Done>(purged), nullptr);
  world.clock.advance(model::kTombstoneRetention);
  world.settle();
  ASSERT_TRUE(world.engine->stop(base::seconds(1)).has_value());
  world.close();
  auto store = store::Store::open(world.options.store,
                                  std::make_unique<store::log::memory::MemoryLog>(world.log),
                                  std::make_unique<store::table::memory::MemoryTable>(world.table));
  ASSERT_TRUE(store.has_value());
  for (const model::Space space :
       {model::Space::kInstance, model::Space::kHistory, model::Space::kAgenda}) {
    int rows = 0;
    ASSERT_TRUE((*store)
                    ->scan(space, {}, {},
                           [&](std::string_view, std::string_view) {
                             ++rows;
                             return true;
                           })
                    .has_value());
    EXPECT_EQ(rows, 0) << "in space " << static_cast<int>(space);
  }
}

TEST(Engine, ReadsAHistoryThatTheSameStepWrote) {
  World world;
  world.start("a", "chain", "0");
  world.engine->run_until_idle();
  ASSERT_EQ(world.work(), 1U);
  const World::Answer answer =
      world.ask(model::GetInstance{.request = {}, .key = World::key("a"), .with_input = true});
  world.engine->run_until_idle();
  const auto* snapshot = answered<model::InstanceSnapshot>(answer);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->record.status, model::Status::kCompleted);
  EXPECT_EQ(snapshot->input, "0");
}

TEST(Engine, StopsInOrderAndGoesOnWhereItWas) {
  World world;
  world.start("a", "nap", "1000");
  world.settle();
  const World::Answer waiting =
      world.ask(model::AwaitInstance{.request = {}, .key = World::key("a")});
  world.engine->run_until_idle();
  ASSERT_TRUE(world.engine->stop(base::seconds(1)).has_value());
  EXPECT_EQ(code_of(waiting), base::ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(world.start("b", "chain", "1")), base::ErrorCode::kUnavailable);
  EXPECT_GT(world.table->folds(), 0U);
  world.crash();
  world.settle_for_ever();
  EXPECT_EQ(world.snapshot("a").record.output, "rested");
}

// Both ways of answering: at the very end, and after it.
TEST(Engine, OwesAgainWhatAWorkerAnsweredWhileItStopped) {
  World world;
  world.start("turn", "chain", "0");
  world.start("activity", "chain", "1");
  world.engine->run_until_idle();
  std::vector<model::WorkItem> late;
  for (model::WorkItem& item : world.pull(9)) {
    const bool is_first = std::get<model::TurnItem>(item).token.key.id == "turn";
    if (is_first) {
      late.push_back(std::move(item));
    } else {
      world.run(std::move(item));
    }
  }
  world.engine->run_until_idle();
  for (model::WorkItem& item : world.pull(9)) late.push_back(std::move(item));
  ASSERT_EQ(late.size(), 2U);
  ASSERT_TRUE(world.engine->stop(base::seconds(0)).has_value());
  for (model::WorkItem& item : late) {
    EXPECT_EQ(world.run(std::move(item)), dispatch::Answer::kTaken);
  }
  world.crash();
  EXPECT_EQ(world.snapshot("turn").record.status, model::Status::kPending);
  world.settle();
  for (const char* id : {"turn", "activity"}) {
    EXPECT_EQ(world.snapshot(id).record.status, model::Status::kCompleted) << id;
    EXPECT_EQ(testing::complaint_about(world.history(id)), "") << id;
  }
  EXPECT_EQ(world.engine->stats().rescues, 0U);
}

/// Has the worker refuse every turn it is offered; how many it was.
std::size_t refuse_all(World& world) {
  std::size_t refused = 0;
  for (;;) {
    world.engine->run_until_idle();
    const auto items = world.pull(100);
    if (items.empty()) return refused;
    for (const model::WorkItem& item : items) {
      ++refused;
      world.engine->dispatcher().refuse_turn(world.worker, std::get<model::TurnItem>(item).token,
                                             "not my code");
    }
  }
}

TEST(Engine, GivesParkedInstancesOneMoreTryForEachWorkerThatTakesTheirName) {
  World world({.shards = 8, .engine = {.executors = 3}, .store = {}});
  for (int i = 0; i < 20; ++i) world.start("c" + std::to_string(i), "chain", "1");
  world.start("other", "fan", "1");
  EXPECT_EQ(refuse_all(world), 21U);
  world.settle();
  EXPECT_EQ(world.snapshot("c0").parked, "not my code");
  world.replace_worker();
  EXPECT_EQ(refuse_all(world), 21U) << "once for the new one, not again and again";
  world.engine->dispatcher().attach({.activities_max = 1});
  EXPECT_EQ(refuse_all(world), 0U) << "it runs no turns";
  world.engine->dispatcher().detach(world.worker);
  world.worker = world.engine->dispatcher().attach(
      {.turns_max = 100, .activities_max = 100, .orchestrations = only("chain")});
  world.settle();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(world.snapshot("c" + std::to_string(i)).record.output, "1") << i;
  }
  EXPECT_EQ(world.snapshot("other").parked, "not my code") << "nobody new takes its name";
  EXPECT_EQ(world.engine->stats().rescues, 0U);
}

TEST(Engine, TellsManyNewWorkersAsOneThatTakesEverything) {
  World world;
  world.start("a", "chain", "1");
  EXPECT_EQ(refuse_all(world), 1U);
  for (std::size_t i = 0; i < 2 * kAttachedMax; ++i) {
    world.engine->dispatcher().attach({.turns_max = 1, .orchestrations = only("x")});
  }
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.output, "1");
}

TEST(Engine, FindsAnItemThatTheDispatcherLostAndCountsIt) {
  World world;
  world.start("turn", "chain", "1");
  world.start("activity", "chain", "1");
  world.engine->run_until_idle();
  for (model::WorkItem& item : world.pull(9)) {
    const model::TurnToken token = std::get<model::TurnItem>(item).token;
    if (token.key.id == "activity") {
      world.run(std::move(item));
    } else {
      world.engine->dispatcher().give_back(world.worker, token);
    }
  }
  world.engine->run_until_idle();
  EXPECT_EQ(world.engine->dispatcher().stats().turns_waiting, 1U);
  EXPECT_EQ(world.engine->dispatcher().stats().activities_waiting, 1U);
  const auto turn = world.key("turn");
  world.engine->dispatcher().withdraw(
      {model::TurnToken{turn, world.snapshot("turn").record.execution},
       model::ActivityToken{world.key("activity"), world.snapshot("activity").record.execution,
                            model::TaskId{0}}});
  EXPECT_EQ(world.engine->dispatcher().stats().turns_waiting, 0U);
  EXPECT_EQ(world.engine->dispatcher().stats().activities_waiting, 0U);
  for (std::size_t look = 1; look < kMissingLooks; ++look) {
    world.clock.advance(kSweepInterval);
    world.settle();
    EXPECT_EQ(world.engine->stats().rescues, 0U) << "it might be on its way";
  }
  world.clock.advance(kSweepInterval);
  world.settle();
  EXPECT_EQ(world.engine->stats().rescues, 2U);
  EXPECT_EQ(world.snapshot("turn").record.output, "1");
  EXPECT_EQ(world.snapshot("activity").record.output, "1");
}

TEST(Engine, SweepsWithoutFindingAnythingInAHealthyEngine) {
  World world;
  for (int i = 0; i < 200; ++i) world.start("f" + std::to_string(i), "fan", "5");
  for (int i = 0; i < 200; ++i) world.start("n" + std::to_string(i), "nap", "100000000");
  world.engine->run_until_idle();
  world.work(300);
  for (int i = 0; i < 10; ++i) {
    world.clock.advance(kSweepInterval);
    world.engine->run_until_idle();
    world.work(20);
  }
  EXPECT_EQ(world.engine->stats().rescues, 0U);
}

TEST(Engine, ScrubsTheTableSlowlyAndForEver) {
  World world;
  world.start("a", "chain", "1");
  world.settle();
  EXPECT_EQ(world.engine->stats().store.files_scrubbed, 0U);
  world.clock.advance(kScrubBegin);
  world.engine->run_until_idle();
  EXPECT_EQ(world.engine->stats().store.files_scrubbed, 1U);
  world.clock.advance(kScrubPauseMin);
  world.engine->run_until_idle();  // sees that there is no other
  world.clock.advance(kScrubPauseMin);
  world.engine->run_until_idle();
  EXPECT_EQ(world.engine->stats().store.files_scrubbed, 1U);
  world.clock.advance(kScrubRoundPause);
  world.engine->run_until_idle();
  EXPECT_EQ(world.engine->stats().store.files_scrubbed, 2U);
  EXPECT_FALSE(world.fatal);
}

TEST(Engine, StopsWhenItsScrubFindsDamageThatNobodyReads) {
  World world;
  world.start("a", "chain", "1");
  world.settle();
  world.table->decay();
  world.engine->run_until_idle();
  ASSERT_FALSE(world.fatal);
  const World::Answer waits = world.ask(
      model::AwaitInstance{.request = {}, .key = World::key("other"), .wait_if_unknown = true});
  world.engine->run_until_idle();
  world.clock.advance(kScrubBegin);
  world.engine->run_until_idle();
  ASSERT_TRUE(world.fatal);
  EXPECT_EQ(world.fatal->code, base::ErrorCode::kStoreCorrupt);
  EXPECT_NE(world.fatal->message.find("'rows'"), std::string::npos) << world.fatal->message;
  EXPECT_EQ(code_of(waits), base::ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(world.start("b", "chain", "1")), base::ErrorCode::kUnavailable);
}

TEST(Engine, NeverFiresATimerEarlyWhenTheWallClockJumps) {
  World world;
  world.start("a", "nap", "10000");
  world.settle();
  world.clock.jump_wall_to(base::Timestamp{world.clock.now().us - 3'600'000'000});
  world.clock.advance(base::seconds(5));
  world.settle();
  EXPECT_EQ(world.snapshot("a").record.status, model::Status::kRunning);
  world.settle_for_ever();
  EXPECT_EQ(world.snapshot("a").record.output, "rested");
  EXPECT_EQ(testing::complaint_about(world.history("a")), "");
}

}  // namespace
}  // namespace perdure::engine

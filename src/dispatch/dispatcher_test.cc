// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatcher.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>

#include "runtime/thread.h"

namespace perdure::dispatch {
namespace {

class Posted final : public CommandSink {
 public:
  void post(model::Command command) override {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  void post_all(std::vector<model::Command> commands) override {
    for (model::Command& command : commands) post(std::move(command));
  }
  void attached(const TurnFilter& turns) override { attached_.push_back(turns); }
  [[nodiscard]] const std::vector<TurnFilter>& attached() const { return attached_; }
  std::vector<model::Command> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(commands_, {});
  }
  template <class Kind>
  std::vector<Kind> take_all() {
    std::vector<Kind> found;
    for (model::Command& command : take()) {
      if (auto* one = std::get_if<Kind>(&command)) found.push_back(std::move(*one));
    }
    return found;
  }

 private:
  std::mutex mutex_;
  std::vector<model::Command> commands_;
  std::vector<TurnFilter> attached_;  // by one thread
};

model::ActivityItem activity(int task, std::string name = "pay", model::Attempt attempt = 1) {
  return {.token = {.key = {"hub", "order"},
                    .execution = model::Execution{7},
                    .task = model::TaskId{task},
                    .attempt = attempt},
          .name = std::move(name),
          .version = "",
          .input = model::Payload{"100 bytes or so"}};
}

model::TurnItem turn(std::string id, std::uint64_t past = 0) {
  return {.token = {.key = {"hub", std::move(id)},
                    .execution = model::Execution{7},
                    .past_events = past},
          .name = "order",
          .version = "",
          .new_events = {{{}, model::TurnStarted{}}}};
}

void offer(Dispatcher& dispatcher, std::vector<model::ActivityItem> items) {
  dispatcher.offer(items);
}
void offer(Dispatcher& dispatcher, std::vector<model::TurnItem> items) { dispatcher.offer(items); }

std::vector<int> tasks_of(const std::vector<model::WorkItem>& items) {
  std::vector<int> tasks;
  for (const auto& item : items) {
    tasks.push_back(std::get<model::ActivityItem>(item).token.task.value);
  }
  return tasks;
}

/// Any version of one name.
Names only(std::string name, Versions versions = {}) {
  Names names;
  names.emplace()[std::move(name)] = std::move(versions);
  return names;
}

constexpr std::size_t kMany = 1000;
WorkerOptions takes_everything() { return {.turns_max = kMany, .activities_max = kMany}; }

TEST(Dispatcher, HandsOutInTheOrderOffered) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1, "b"), activity(2, "a"), activity(3, "b")});
  const WorkerId worker = dispatcher.attach(takes_everything());
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 2)), (std::vector{1, 2}));
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 2)), std::vector{3});
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 2).empty());
}

TEST(Dispatcher, GivesAWorkerNoMoreThanItsCapacityUntilItAnswers) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1), activity(2)});
  const WorkerId worker = dispatcher.attach({.turns_max = 5, .activities_max = 1});
  ASSERT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), std::vector{1});
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty());
  EXPECT_EQ(dispatcher.complete_activity(worker, activity(1).token, model::Payload{"ok"}),
            Answer::kTaken);
  EXPECT_EQ(posted.take_all<model::CompleteActivity>().size(), 1U);
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), std::vector{2});
}

TEST(Dispatcher, GivesAWorkerOnlyTheKindsAndNamesItTakes) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1, "a"), activity(2, "b"), activity(3, "c")});
  offer(dispatcher, {turn("x")});
  WorkerOptions options = takes_everything();
  options.activities = only("c");
  options.activities->emplace("b", Versions());
  const WorkerId worker = dispatcher.attach(std::move(options));
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kActivities, 9)), (std::vector{2, 3}));
  EXPECT_EQ(dispatcher.try_pull(worker, Kinds::kTurns, 9).size(), 1U);
  EXPECT_EQ(dispatcher.stats().activities_waiting, 1U);
}

TEST(Dispatcher, TakesAnAnswerOnceAndOnlyFromTheHolder) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {turn("x")});
  const WorkerId holder = dispatcher.attach(takes_everything());
  const WorkerId other = dispatcher.attach(takes_everything());
  ASSERT_EQ(dispatcher.try_pull(holder, Kinds::kBoth, 9).size(), 1U);
  EXPECT_EQ(dispatcher.complete_turn(other, turn("x").token, {}), Answer::kNotHeld);
  EXPECT_EQ(dispatcher.complete_turn(holder, turn("x").token, {}), Answer::kTaken);
  EXPECT_EQ(dispatcher.complete_turn(holder, turn("x").token, {}), Answer::kNotHeld);
  EXPECT_EQ(posted.take_all<model::CompleteTurn>().size(), 1U);
}

TEST(Dispatcher, ReturnsEveryLeaseOfAWorkerThatDetachesAndRefusesItsLateAnswers) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1), activity(2), activity(3)});
  offer(dispatcher, {turn("x")});
  const WorkerId leaving = dispatcher.attach({.turns_max = 9, .activities_max = 2});
  ASSERT_EQ(dispatcher.try_pull(leaving, Kinds::kBoth, 9).size(), 3U);
  dispatcher.detach(leaving);
  EXPECT_EQ(posted.take_all<model::ReturnWork>().size(), 3U);
  EXPECT_EQ(dispatcher.complete_activity(leaving, activity(1).token, model::Payload{}),
            Answer::kNotHeld);
  EXPECT_TRUE(posted.take().empty());
  EXPECT_TRUE(dispatcher.try_pull(leaving, Kinds::kBoth, 9).empty());
  EXPECT_EQ(dispatcher.stats().activities_waiting, 1U) << "what was not leased still waits";
  EXPECT_EQ(dispatcher.stats().activities_leased, 0U);
}

TEST(Dispatcher, AsksForARedeliveryToBeCountedBeforeItHandsItOut) {
  Posted posted;
  Dispatcher dispatcher(posted);
  model::ActivityItem again = activity(1);
  again.uncounted_redelivery = true;
  offer(dispatcher, {again, activity(2)});
  const WorkerId worker = dispatcher.attach(takes_everything());
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 1)), std::vector{2});
  const auto begin = posted.take_all<model::BeginAttempt>();
  ASSERT_EQ(begin.size(), 1U);
  EXPECT_EQ(std::get<model::ActivityToken>(begin[0].token), again.token);
  offer(dispatcher, {activity(3)});
  offer(dispatcher, {activity(1, "pay", 2)});
  dispatcher.prepared({again.token});
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), (std::vector{1, 3}))
      << "counted, it goes first";
}

TEST(Dispatcher, PreparesNoMoreRedeliveriesThanTheWorkerHasRoomFor) {
  Posted posted;
  Dispatcher dispatcher(posted);
  std::vector<model::ActivityItem> items;
  for (int i = 0; i < 10; ++i) {
    items.push_back(activity(i));
    items.back().uncounted_redelivery = true;
  }
  dispatcher.offer(items);
  const WorkerId worker = dispatcher.attach({.turns_max = 0, .activities_max = 3});
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty());
  EXPECT_EQ(posted.take_all<model::BeginAttempt>().size(), 3U);
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty());
  EXPECT_TRUE(posted.take().empty());
  dispatcher.prepared({activity(0).token});  // poisoned: nothing was offered for it
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty());
  EXPECT_EQ(posted.take_all<model::BeginAttempt>().size(), 1U);
}

TEST(Dispatcher, KeepsSuspectsFromRunningSideBySide) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher,
        {activity(1, "pay", kSuspectAttempt), activity(2, "pay", kSuspectAttempt), activity(3)});
  const WorkerId worker = dispatcher.attach(takes_everything());
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), (std::vector{2, 3}));
  dispatcher.complete_activity(worker, activity(2, "pay", kSuspectAttempt).token, model::Payload{});
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), std::vector{1});
}

TEST(Dispatcher, ForgetsAWithdrawnItemThatWaitsAndItsBytes) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1)});
  EXPECT_GT(dispatcher.queued_bytes(), 0U);
  dispatcher.withdraw({activity(1).token});
  EXPECT_EQ(dispatcher.queued_bytes(), 0U);
  const WorkerId worker = dispatcher.attach(takes_everything());
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty());
}

TEST(Dispatcher, TellsTheHolderOfAWithdrawnItemAndDropsItsAnswer) {
  Posted posted;
  Dispatcher dispatcher(posted);
  std::vector<model::WorkToken> told;
  WorkerOptions options = takes_everything();
  options.withdrawn = [&](const model::WorkToken& token) { told.push_back(token); };
  const WorkerId worker = dispatcher.attach(std::move(options));
  offer(dispatcher, {activity(1)});
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  EXPECT_FALSE(dispatcher.is_withdrawn(activity(1).token));
  dispatcher.withdraw({activity(1).token});
  dispatcher.withdraw({activity(1).token});
  EXPECT_EQ(told, std::vector<model::WorkToken>{activity(1).token});
  EXPECT_TRUE(dispatcher.is_withdrawn(activity(1).token));
  EXPECT_EQ(dispatcher.complete_activity(worker, activity(1).token, model::Payload{}),
            Answer::kNotHeld);
  EXPECT_TRUE(posted.take().empty());
  EXPECT_EQ(dispatcher.stats().activities_leased, 0U);
}

TEST(Dispatcher, HearsOnlyTheHolderOfAnItemReportProgress) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker = dispatcher.attach(takes_everything());
  const WorkerId other = dispatcher.attach(takes_everything());
  const model::ActivityToken token = activity(1).token;
  EXPECT_EQ(dispatcher.report_progress(worker, token, "1", {}), Answer::kNotHeld);
  offer(dispatcher, {activity(1)});
  EXPECT_EQ(dispatcher.report_progress(worker, token, "2", {}), Answer::kNotHeld);
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  EXPECT_EQ(dispatcher.report_progress(other, token, "3", {}), Answer::kNotHeld);
  EXPECT_EQ(dispatcher.report_progress(worker, token, "4", base::seconds(1)), Answer::kTaken);
  const auto reported = posted.take_all<model::ReportProgress>();
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported[0].progress, "4");
  EXPECT_EQ(dispatcher.stats().activities_leased, 1U) << "a report is no answer";
}

TEST(Dispatcher, GivesWhatIsOverdueToAnotherAttemptAndKeepsThePlaceOfTheStuckOne) {
  Posted posted;
  Dispatcher dispatcher(posted);
  std::vector<model::WorkToken> told;
  WorkerOptions options{.turns_max = 0, .activities_max = 1};
  options.withdrawn = [&](const model::WorkToken& token) { told.push_back(token); };
  const WorkerId worker = dispatcher.attach(std::move(options));
  const model::ActivityToken token = activity(1).token;
  dispatcher.expire(token);
  offer(dispatcher, {activity(1)});
  dispatcher.expire(token);
  EXPECT_TRUE(posted.take().empty()) << "nobody has it";
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  dispatcher.expire(token);
  dispatcher.expire(token);
  EXPECT_EQ(told, std::vector<model::WorkToken>{token});
  EXPECT_EQ(posted.take_all<model::BeginAttempt>().size(), 1U);
  offer(dispatcher, {activity(1, "pay", 2)});
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 9).empty()) << "it is still at the first";
  EXPECT_EQ(dispatcher.complete_activity(worker, token, model::Payload{}), Answer::kNotHeld);
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, 9)), std::vector{1});
}

TEST(Dispatcher, TakesATokenThatIsAlreadyThereOnlyOnce) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1), activity(1)});
  EXPECT_EQ(dispatcher.stats().activities_waiting, 1U);
  const WorkerId worker = dispatcher.attach(takes_everything());
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  offer(dispatcher, {activity(1)});
  EXPECT_EQ(dispatcher.stats().activities_waiting, 0U);
}

TEST(Dispatcher, PostsAReturnForAnItemThatIsGivenBack) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {turn("x")});
  const WorkerId worker = dispatcher.attach(takes_everything());
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  EXPECT_EQ(dispatcher.give_back(worker, turn("x").token), Answer::kTaken);
  EXPECT_EQ(posted.take_all<model::ReturnWork>().size(), 1U);
  EXPECT_EQ(dispatcher.give_back(worker, turn("x").token), Answer::kNotHeld);
}

TEST(Dispatcher, PrefersTheWorkerThatRanTheInstanceBefore) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId first = dispatcher.attach(takes_everything());
  const WorkerId second = dispatcher.attach(takes_everything());
  offer(dispatcher, {turn("x")});
  ASSERT_EQ(dispatcher.try_pull(second, Kinds::kTurns, 1).size(), 1U);
  dispatcher.complete_turn(second, turn("x").token, {});
  offer(dispatcher, {turn("x", 3), turn("y")});
  const auto pulled = dispatcher.try_pull(first, Kinds::kTurns, 1);
  ASSERT_EQ(pulled.size(), 1U);
  EXPECT_EQ(std::get<model::TurnItem>(pulled[0]).token.key.id, "y");
  const auto sticky = dispatcher.try_pull(second, Kinds::kTurns, 1);
  ASSERT_EQ(sticky.size(), 1U);
  EXPECT_EQ(std::get<model::TurnItem>(sticky[0]).token.key.id, "x");
}

TEST(Dispatcher, GivesAPreferredWorkersItemToAnotherThatHasNothingElse) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId first = dispatcher.attach(takes_everything());
  const WorkerId second = dispatcher.attach(takes_everything());
  offer(dispatcher, {turn("x")});
  ASSERT_EQ(dispatcher.try_pull(second, Kinds::kTurns, 1).size(), 1U);
  dispatcher.complete_turn(second, turn("x").token, {});
  offer(dispatcher, {turn("x", 3)});
  EXPECT_EQ(dispatcher.try_pull(first, Kinds::kTurns, 1).size(), 1U);
  offer(dispatcher, {turn("x", 9)});
  dispatcher.detach(first);  // it was preferred: what waited for it is not lost
  EXPECT_EQ(dispatcher.try_pull(second, Kinds::kTurns, 9).size(), 1U);
}

TEST(Dispatcher, CallsTheWakeupOnceAfterAPullThatFoundTooLittle) {
  Posted posted;
  Dispatcher dispatcher(posted);
  int wakeups = 0;
  WorkerOptions options = takes_everything();
  options.wakeup = [&] { ++wakeups; };
  const WorkerId worker = dispatcher.attach(std::move(options));
  offer(dispatcher, {activity(1)});
  EXPECT_EQ(wakeups, 0);
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 1U);
  offer(dispatcher, {activity(2), activity(3)});
  offer(dispatcher, {activity(4)});
  EXPECT_EQ(wakeups, 1);
  EXPECT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 9).size(), 3U);
}

// It may have no place for one, and then the wake-up would be lost to everybody else.
TEST(Dispatcher, WakesNobodyForAnActivityWhoAskedForTurnsAlone) {
  Posted posted;
  Dispatcher dispatcher(posted);
  int first = 0;
  int second = 0;
  WorkerOptions options = takes_everything();
  options.wakeup = [&] { ++first; };
  const WorkerId full = dispatcher.attach(options);
  options.wakeup = [&] { ++second; };
  const WorkerId idle = dispatcher.attach(options);
  EXPECT_TRUE(dispatcher.try_pull(full, Kinds::kTurns, 1).empty());
  EXPECT_TRUE(dispatcher.try_pull(idle, Kinds::kBoth, 1).empty());
  offer(dispatcher, {activity(1)});
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(Dispatcher, WakesNobodyForTheItemThatAThreadIsExpectedToTake) {
  Posted posted;
  Dispatcher dispatcher(posted);
  int woken = 0;
  const WorkerId worker =
      dispatcher.attach({.turns_max = kMany, .activities_max = kMany, .wakeup = [&] { ++woken; }});
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 1).empty());  // hungry from now on

  EXPECT_TRUE(dispatcher.expect(worker, Kinds::kActivities));
  EXPECT_FALSE(dispatcher.expect(worker, Kinds::kActivities)) << "one at a time";
  offer(dispatcher, {activity(1)});
  EXPECT_EQ(woken, 0);
  offer(dispatcher, {activity(2)});
  EXPECT_EQ(woken, 1) << "it takes one item, not two";
  dispatcher.expected();
  EXPECT_EQ(dispatcher.try_pull(worker, Kinds::kActivities, 3).size(), 2U);

  EXPECT_TRUE(dispatcher.expect(worker, Kinds::kTurns));
  offer(dispatcher, {activity(3)});
  EXPECT_EQ(woken, 2) << "it does not take activities";
  dispatcher.expected();
}

TEST(Dispatcher, HandsOutNothingOnceClosedButTakesAnswers) {
  Posted posted;
  Dispatcher dispatcher(posted);
  offer(dispatcher, {activity(1), activity(2)});
  const WorkerId worker = dispatcher.attach(takes_everything());
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 1).size(), 1U);
  dispatcher.close();
  EXPECT_TRUE(dispatcher.try_pull(worker, Kinds::kBoth, 1).empty());
  EXPECT_TRUE(dispatcher.pull(worker, Kinds::kBoth, 1, base::seconds(3600)).empty());
  EXPECT_FALSE(dispatcher.wait_until_returned(base::microseconds(1)));
  EXPECT_EQ(dispatcher.complete_activity(worker, activity(1).token, model::Payload{}),
            Answer::kTaken);
  EXPECT_TRUE(dispatcher.wait_until_returned(base::seconds(60)));
}

/// Asks, while it is given an answer, whether everything is there.
class Asking final : public CommandSink {
 public:
  void post(model::Command /*command*/) override {
    everything_was_there = dispatcher->wait_until_returned({});
    ++posts;
  }
  void post_all(std::vector<model::Command> /*commands*/) override {}
  void attached(const TurnFilter& /*turns*/) override {}

  Dispatcher* dispatcher = nullptr;
  bool everything_was_there = true;
  int posts = 0;
};

TEST(Dispatcher, AnAnswerOnItsWayIsStillWaitedFor) {
  Asking sink;
  Dispatcher dispatcher(sink);
  sink.dispatcher = &dispatcher;
  offer(dispatcher, {activity(1)});
  const WorkerId worker = dispatcher.attach(takes_everything());
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 1).size(), 1U);
  dispatcher.close();
  EXPECT_EQ(dispatcher.complete_activity(worker, activity(1).token, model::Payload{}),
            Answer::kTaken);
  EXPECT_EQ(sink.posts, 1);
  EXPECT_FALSE(sink.everything_was_there);
  EXPECT_TRUE(dispatcher.wait_until_returned({}));
}

TEST(Dispatcher, EndsAWaitingPullWhenItsWorkerDetaches) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker = dispatcher.attach(takes_everything());
  runtime::Thread puller("puller", [&] {
    EXPECT_TRUE(dispatcher.pull(worker, Kinds::kBoth, 1, base::seconds(3600)).empty());
  });
  dispatcher.detach(worker);
  puller.join();
}

TEST(Dispatcher, EndsAWaitingPullWhenTheSpanIsOver) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker = dispatcher.attach(takes_everything());
  EXPECT_TRUE(dispatcher.pull(worker, Kinds::kBoth, 1, base::milliseconds(2)).empty());
}

TEST(Dispatcher, LosesAndDoublesNothingBetweenManyThreads) {
  constexpr int kItems = 20'000;
  constexpr int kThreads = 4;
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker = dispatcher.attach({.turns_max = 1, .activities_max = 3});
  std::mutex mutex;
  std::multiset<int> seen;
  std::vector<runtime::Thread> pullers;
  for (int t = 0; t < kThreads; ++t) {
    pullers.emplace_back("puller", [&] {
      for (;;) {
        auto items = dispatcher.pull(worker, Kinds::kActivities, 2, base::seconds(60));
        if (items.empty()) return;
        for (const auto& item : items) {
          const auto& token = std::get<model::ActivityItem>(item).token;
          EXPECT_EQ(dispatcher.complete_activity(worker, token, model::Payload{}), Answer::kTaken);
          const std::lock_guard lock(mutex);
          seen.insert(token.task.value);
        }
      }
    });
  }
  for (int i = 0; i < kItems; i += 4) {
    offer(dispatcher, {activity(i), activity(i + 1), activity(i + 2), activity(i + 3)});
  }
  for (;;) {
    const std::lock_guard lock(mutex);
    if (seen.size() == kItems) break;
  }
  dispatcher.close();
  pullers.clear();
  EXPECT_EQ(posted.take_all<model::CompleteActivity>().size(), std::size_t{kItems});
  EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), std::size_t{kItems});
}

TEST(Dispatcher, TellsTheEngineOfEachWorkerThatTakesTurns) {
  Posted posted;
  Dispatcher dispatcher(posted);
  dispatcher.attach({.turns_max = 1, .orchestrations = only("order")});
  dispatcher.attach({.activities_max = 1});
  dispatcher.attach({.turns_max = 1});
  EXPECT_EQ(posted.attached(), (std::vector{TurnFilter{{}, only("order"), {}}, TurnFilter{}}));
}

TEST(Dispatcher, HandsOutTheItemsOfAHubOnlyToItsWorkers) {
  Posted posted;
  Dispatcher dispatcher(posted);
  WorkerOptions elsewhere = takes_everything();
  elsewhere.hub = "other";
  WorkerOptions here = takes_everything();
  here.hub = "hub";
  const WorkerId stranger = dispatcher.attach(elsewhere);
  const WorkerId worker = dispatcher.attach(here);
  offer(dispatcher, {turn("a"), turn("@counter@1")});
  offer(dispatcher, {activity(1)});
  EXPECT_TRUE(dispatcher.try_pull(stranger, Kinds::kBoth, kMany).empty());
  EXPECT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, kMany).size(), 3U);
}

TEST(Dispatcher, HandsOutOnlyTheVersionsThatAWorkerTakes) {
  Posted posted;
  Dispatcher dispatcher(posted);
  WorkerOptions options = takes_everything();
  options.activities = only("pay", {std::string("2"), std::string()});
  const WorkerId worker = dispatcher.attach(options);
  model::ActivityItem first = activity(1);
  first.version = "1";
  model::ActivityItem second = activity(2);
  second.version = "2";
  offer(dispatcher, {first, second, activity(3), activity(4, "ship")});
  EXPECT_EQ(tasks_of(dispatcher.try_pull(worker, Kinds::kBoth, kMany)), (std::vector{2, 3}));
  const WorkerId other = dispatcher.attach(takes_everything());
  EXPECT_EQ(tasks_of(dispatcher.try_pull(other, Kinds::kBoth, kMany)), (std::vector{1, 4}));
}

TEST(Dispatcher, HandsWhatThePlatformRunsOnlyToThoseWhoNameIt) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId anybody = dispatcher.attach(takes_everything());
  WorkerOptions options = takes_everything();
  options.activities = only("perdure.http.send");
  const WorkerId platform = dispatcher.attach(options);
  offer(dispatcher, {activity(1, "perdure.http.send"), activity(2, "perdure.http.send")});
  EXPECT_TRUE(dispatcher.try_pull(anybody, Kinds::kBoth, kMany).empty());
  offer(dispatcher, {activity(3)});
  EXPECT_EQ(tasks_of(dispatcher.try_pull(anybody, Kinds::kBoth, kMany)), std::vector{3});
  EXPECT_EQ(tasks_of(dispatcher.try_pull(platform, Kinds::kBoth, kMany)), (std::vector{1, 2}));
}

TEST(Dispatcher, CountsBatchesOfEntitiesApartFromTurns) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker =
      dispatcher.attach({.turns_max = 1, .batches_max = 2, .activities_max = 0});
  offer(dispatcher, {turn("@c@1"), turn("@c@2"), turn("@c@3"), turn("a"), turn("b")});
  EXPECT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, kMany).size(), 3U);
  dispatcher.complete_turn(worker, turn("@c@1").token, {});
  const auto more = dispatcher.try_pull(worker, Kinds::kBoth, kMany);
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(std::get<model::TurnItem>(more[0]).token.key.id, "@c@3");
}

TEST(Dispatcher, GivesATurnThatWasDeclinedToSomebodyElseFirst) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId first = dispatcher.attach(takes_everything());
  const WorkerId second = dispatcher.attach(takes_everything());
  for (int i = 0; i < 4; ++i) {
    offer(dispatcher, {turn("a")});
    ASSERT_EQ(dispatcher.try_pull(first, Kinds::kTurns, 1).size(), 1U);
    dispatcher.give_back(first, turn("a").token, Dispatcher::Begun::kNo);
    const auto returned = posted.take_all<model::ReturnWork>();
    ASSERT_EQ(returned.size(), 1U);
    EXPECT_TRUE(returned[0].untouched);
    offer(dispatcher, {turn("a")});
    ASSERT_EQ(dispatcher.try_pull(second, Kinds::kTurns, 1).size(), 1U);
    dispatcher.complete_turn(second, turn("a").token, {});
  }
}

TEST(Dispatcher, KnowsAnItemUntilItIsAnsweredAlsoWhileItsHandOutIsCounted) {
  Posted posted;
  Dispatcher dispatcher(posted);
  const WorkerId worker = dispatcher.attach({.activities_max = 3});
  model::ActivityItem again = activity(2);
  again.uncounted_redelivery = true;
  const model::WorkToken waits = activity(1).token;
  const model::WorkToken counted = again.token;
  const model::WorkToken never = activity(3).token;
  std::vector<model::ActivityItem> items{activity(1), again};
  dispatcher.offer(items);
  const std::vector<model::WorkToken> all{waits, counted, never};
  EXPECT_EQ(dispatcher.unknown(all), std::vector{never});
  ASSERT_EQ(dispatcher.try_pull(worker, Kinds::kBoth, 3).size(), 1U);
  EXPECT_EQ(dispatcher.unknown(all), std::vector{never});
  dispatcher.complete_activity(worker, activity(1).token, model::Payload{"out"});
  dispatcher.prepared({counted});
  EXPECT_EQ(dispatcher.unknown(all), all);
}

}  // namespace
}  // namespace perdure::dispatch

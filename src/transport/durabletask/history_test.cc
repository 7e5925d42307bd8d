// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/history.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <variant>

#include "model/testing/samples.h"

namespace perdure::durabletask {
namespace {

using model::TaskId;
using Kind = ::HistoryEvent::EventTypeCase;

const model::InstanceKey kKey{"hub", "instance"};
constexpr model::Execution kExecution{5};

/// What stands for these events.
google::protobuf::RepeatedPtrField<::HistoryEvent> told(const std::vector<model::EventBody>& bodies,
                                                        Dialect dialect = Dialect::kCurrent,
                                                        Reader reader = Reader::kWorker) {
  HistoryTranslator translator(kKey, kExecution, dialect, reader);
  google::protobuf::RepeatedPtrField<::HistoryEvent> events;
  for (const model::EventBody& body : bodies) {
    translator.add({base::Timestamp{1'795'000'000'000'001}, body}, &events);
  }
  return events;
}

TEST(History, EveryKindIsToldWithItsTimeOrNotAtAll) {
  model::testing::Samples samples(3);
  std::set<Kind> seen;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < std::variant_size_v<model::EventBody>; ++i) {
      const auto events = told({samples.event_body(i)}, Dialect::kCurrent, Reader::kClient);
      ASSERT_LE(events.size(), 1);
      if (events.empty()) continue;
      EXPECT_NE(events[0].eventType_case(), ::HistoryEvent::EVENTTYPE_NOT_SET);
      EXPECT_EQ(events[0].timestamp().nanos(), 1000);
      seen.insert(events[0].eventType_case());
    }
  }
  // Not those that nothing of ours makes: OrchestratorCompleted, Generic, HistoryState,
  // ContinueAsNew.
  EXPECT_EQ(seen.size(), 24U);
  for (const Kind kind : {Kind::kOrchestratorCompleted, Kind::kGenericEvent, Kind::kHistoryState,
                          Kind::kContinueAsNew}) {
    EXPECT_FALSE(seen.contains(kind));
  }
}

TEST(History, WhatAnOlderSdkSaidIsToldInItsWords) {
  const auto events = told(
      {model::OperationCalled{.task = TaskId{1},
                              .target = "@counter@k",
                              .operation = "add",
                              .input = "5",
                              .then = {},
                              .correlation = "legacy r1 op @counter@k"},
       model::OperationCompleted{.task = TaskId{1}, .result = "6"},
       model::LockRequested{
           .task = TaskId{2}, .entities = {"@a@1", "@b@ 2"}, .correlation = "legacy s1 op @b@ 2"},
       model::LockGranted{.task = TaskId{2}},
       model::LockReleased{.task = TaskId{3},
                           .section = TaskId{2},
                           .correlation = "legacy s1 release @a@1",
                           .entity = "@a@1"},
       model::OperationCalled{.task = TaskId{4},
                              .target = "@counter@k",
                              .operation = "fail",
                              .input = {},
                              .then = {},
                              .correlation = "legacy r2 op @counter@k"},
       model::OperationFailed{
           .task = TaskId{4},
           .failure = {
               .type = "No", .message = "never", .stack = "", .retriable = true, .inner = {}}}});
  ASSERT_EQ(events.size(), 7);
  EXPECT_EQ(events[0].eventid(), 1);
  EXPECT_EQ(events[0].eventsent().name(), "op");
  EXPECT_EQ(events[0].eventsent().instanceid(), "@counter@k");
  EXPECT_NE(events[0].eventsent().input().value().find("\"op\":\"add\""), std::string::npos);
  EXPECT_EQ(events[1].eventid(), -1);
  EXPECT_EQ(events[1].eventraised().name(), "r1");
  EXPECT_EQ(events[1].eventraised().input().value(), R"({"result":"6"})");
  EXPECT_EQ(events[2].eventsent().instanceid(), "@b@ 2") << "as it was sent";
  EXPECT_EQ(events[3].eventraised().name(), "s1");
  EXPECT_NE(events[3].eventraised().input().value().find("Lock Acquisition Completed"),
            std::string::npos);
  EXPECT_EQ(events[4].eventsent().name(), "release");
  EXPECT_EQ(events[6].eventraised().name(), "r2");
  EXPECT_NE(events[6].eventraised().input().value().find("\"ErrorType\":\"No\""),
            std::string::npos);
}

TEST(History, AWorkerIsToldOfNoEndAndNoRewind) {
  const std::vector<model::EventBody> bodies = {model::ExecutionCompleted{},
                                                model::ExecutionRewound{.reason = "why"}};
  EXPECT_TRUE(told(bodies).empty());
  EXPECT_EQ(told(bodies, Dialect::kCurrent, Reader::kClient).size(), 2);
}

TEST(History, GoIsToldNothingOfEntitiesAndOfEventsSent) {
  const std::vector<model::EventBody> bodies = {
      model::EventSent{.task = TaskId{1}, .target = "a", .name = "e", .payload = {}},
      model::OperationCalled{
          .task = TaskId{2}, .target = "@e@k", .operation = "op", .input = {}, .then = {}},
      model::OperationSignaled{
          .task = TaskId{3}, .target = "@e@k", .operation = "op", .input = {}, .fire_at = {}},
      model::OperationCompleted{.task = TaskId{2}, .result = {}},
      model::OperationFailed{.task = TaskId{2}, .failure = {}},
      model::LockRequested{.task = TaskId{4}, .entities = {"@e@k"}},
      model::LockGranted{.task = TaskId{4}},
      model::LockReleased{.task = TaskId{5}, .section = TaskId{4}},
  };
  EXPECT_EQ(told(bodies).size(), 8);
  EXPECT_TRUE(told(bodies, Dialect::kGo).empty());
}

TEST(History, AnActionHasItsNumberAndWhatCameInHasNone) {
  const auto events = told({
      model::ActivityScheduled{.task = TaskId{7},
                               .name = "work",
                               .version = "2",
                               .input = "in",
                               .tags = {{"t", "1"}},
                               .trace_parent = "00-a"},
      model::ActivityCompleted{.task = TaskId{7}, .result = ""},
      model::TimerCreated{.task = TaskId{8}, .fire_at = {9'000'000}},
      model::TimerFired{.task = TaskId{8}, .fire_at = {9'000'000}},
  });
  ASSERT_EQ(events.size(), 4);
  EXPECT_EQ(events[0].eventid(), 7);
  EXPECT_EQ(events[0].taskscheduled().name(), "work");
  EXPECT_EQ(events[0].taskscheduled().version().value(), "2");
  EXPECT_EQ(events[0].taskscheduled().tags().at("t"), "1");
  EXPECT_EQ(events[0].taskscheduled().parenttracecontext().traceparent(), "00-a");
  EXPECT_EQ(events[1].eventid(), -1);
  EXPECT_EQ(events[1].taskcompleted().taskscheduledid(), 7);
  EXPECT_TRUE(events[1].taskcompleted().has_result());
  EXPECT_EQ(events[2].eventid(), 8);
  EXPECT_EQ(events[3].eventid(), -1);
  EXPECT_EQ(events[3].timerfired().timerid(), 8);
  EXPECT_EQ(events[3].timerfired().fireat().seconds(), 9);
}

TEST(History, AnOutcomeIsToldUnderTheNameThatTheWorkerGave) {
  const auto events = told({
      model::OperationCalled{.task = TaskId{1},
                             .target = "@e@k",
                             .operation = "op",
                             .input = {},
                             .then = {},
                             .correlation = "request-1"},
      model::OperationCalled{
          .task = TaskId{2}, .target = "@e@k", .operation = "op", .input = {}, .then = {}},
      model::OperationCompleted{.task = TaskId{2}, .result = "2"},
      model::OperationFailed{.task = TaskId{1}, .failure = {.message = "no"}},
      model::LockRequested{.task = TaskId{3}, .entities = {"@e@k"}, .correlation = "section-3"},
      model::LockGranted{.task = TaskId{3}},
      model::LockReleased{.task = TaskId{4}, .section = TaskId{3}, .entity = "@e@k"},
  });
  ASSERT_EQ(events.size(), 7);
  EXPECT_EQ(events[0].entityoperationcalled().parentinstanceid().value(), kKey.id);
  EXPECT_EQ(events[0].entityoperationcalled().parentexecutionid().value(),
            events[1].entityoperationcalled().parentexecutionid().value());
  const std::string made = events[1].entityoperationcalled().requestid();
  EXPECT_FALSE(made.empty());
  EXPECT_EQ(events[2].entityoperationcompleted().requestid(), made);
  EXPECT_EQ(events[3].entityoperationfailed().requestid(), "request-1");
  EXPECT_EQ(events[5].entitylockgranted().criticalsectionid(), "section-3");
  EXPECT_EQ(events[6].entityunlocksent().criticalsectionid(), "section-3");
  EXPECT_EQ(events[6].entityunlocksent().targetinstanceid().value(), "@e@k");
}

TEST(History, TheSectionsThatMayBeOpenAreKnown) {
  HistoryTranslator translator(kKey, kExecution, Dialect::kCurrent, Reader::kWorker);
  google::protobuf::RepeatedPtrField<::HistoryEvent> events;
  translator.add({{}, model::LockRequested{.task = TaskId{3}, .entities = {}, .correlation = "s"}},
                 &events);
  EXPECT_EQ(translator.sections(), (std::map<std::string, TaskId>{{"s", TaskId{3}}}));
}

TEST(History, AChildKnowsItsParent) {
  const auto events = told({model::ExecutionStarted{
      .name = "child",
      .version = "",
      .input = {},
      .tags = {},
      .parent = model::Parent{{"hub", "parent"}, model::Execution{9}, TaskId{4}, "outer"},
      .scheduled_start = {},
      .trace_parent = {}}});
  ASSERT_EQ(events.size(), 1);
  const ::ExecutionStartedEvent& started = events[0].executionstarted();
  EXPECT_FALSE(started.has_version());
  EXPECT_EQ(started.orchestrationinstance().instanceid(), kKey.id);
  EXPECT_EQ(started.parentinstance().taskscheduledid(), 4);
  EXPECT_EQ(started.parentinstance().name().value(), "outer");
  EXPECT_EQ(started.parentinstance().orchestrationinstance().instanceid(), "parent");
  EXPECT_EQ(started.parentinstance().orchestrationinstance().executionid().value().size(), 32U);
}

}  // namespace
}  // namespace perdure::durabletask

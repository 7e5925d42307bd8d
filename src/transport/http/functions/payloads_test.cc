// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/functions/payloads.h"

#include <gtest/gtest.h>

#include <string>

namespace perdure::transport::http::functions {
namespace {

using model::TaskId;

constexpr base::Timestamp kStart{1'769'860'800'000'000};  // 2026-01-31T12:00:00Z

base::Timestamp after(std::int64_t seconds) { return kStart + base::seconds(seconds); }

std::string rendered(const std::vector<model::Event>& events, Outputs outputs) {
  HistoryView view(outputs);
  for (const model::Event& event : events) EXPECT_TRUE(view.add(event));
  return view.finish();
}

model::ActivityScheduled scheduled(int task, std::string name) {
  return {.task = TaskId{task},
          .name = std::move(name),
          .version = {},
          .input = "1",
          .tags = {},
          .trace_parent = {}};
}

TEST(HistoryView, MergesWhatWasScheduledIntoItsOutcome) {
  const std::vector<model::Event> events = {
      {after(0), model::TurnStarted{}},
      {after(0), model::ExecutionStarted{.name = "order",
                                         .version = {},
                                         .input = "{\"n\":1}",
                                         .tags = {},
                                         .parent = {},
                                         .scheduled_start = {},
                                         .trace_parent = {}}},
      {after(0), scheduled(0, "charge")},
      {after(1), scheduled(1, "ship")},
      {after(2), model::ActivityCompleted{.task = TaskId{0}, .result = "\"paid\""}},
  };
  EXPECT_EQ(rendered(events, Outputs::kLeaveOut),
            R"([{"EventType":"ExecutionStarted","Timestamp":"2026-01-31T12:00:00Z",)"
            R"("FunctionName":"order"},)"
            R"({"EventType":"TaskScheduled","Timestamp":"2026-01-31T12:00:01Z",)"
            R"("FunctionName":"ship"},)"
            R"({"EventType":"TaskCompleted","Timestamp":"2026-01-31T12:00:02Z",)"
            R"("ScheduledTime":"2026-01-31T12:00:00Z","FunctionName":"charge"}])");
  const std::string whole = rendered(events, Outputs::kInclude);
  EXPECT_NE(whole.find(R"("Result":"paid")"), std::string::npos) << whole;
  EXPECT_NE(whole.find(R"("Input":{"n":1})"), std::string::npos) << whole;
}

TEST(HistoryView, TellsFailuresTimersAndChildren) {
  const std::vector<model::Event> events = {
      {after(0), scheduled(0, "charge")},
      {after(0), model::TimerCreated{.task = TaskId{1}, .fire_at = after(60)}},
      {after(0), model::ChildScheduled{.task = TaskId{2},
                                       .id = "c",
                                       .name = "child",
                                       .version = {},
                                       .input = {},
                                       .tags = {},
                                       .trace_parent = {}}},
      {after(1),
       model::ActivityFailed{
           .task = TaskId{0},
           .failure = {.type = "E", .message = "no", .stack = "at x", .inner = {}}}},
      {after(60), model::TimerFired{.task = TaskId{1}, .fire_at = after(60)}},
      {after(61), model::ChildCompleted{.task = TaskId{2}, .result = {}}},
      {after(62),
       model::ExecutionCompleted{
           .ending = model::Ending::kFailed,
           .output = {},
           .failure = model::Failure{.type = "E", .message = "no", .stack = {}, .inner = {}}}},
  };
  const std::string text = rendered(events, Outputs::kLeaveOut);
  for (const char* part : {R"("EventType":"TaskFailed")", R"("Reason":"no","Details":"at x")",
                           R"("EventType":"TimerFired")", R"("FireAt":"2026-01-31T12:01:00Z")",
                           R"("EventType":"SubOrchestrationInstanceCompleted")",
                           R"("FunctionName":"child")", R"("OrchestrationStatus":"Failed")"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  for (const char* part : {"TaskScheduled", "TimerCreated", "InstanceCreated"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << part << " in " << text;
  }
}

TEST(HistoryView, IsBounded) {
  HistoryView view(Outputs::kInclude);
  const model::Event event{after(0),
                           model::EventRaised{.name = "e", .payload = std::string(1'000'000, 'a')}};
  int taken = 0;
  while (view.add(event)) ++taken;
  EXPECT_EQ(taken, 16);
}

TEST(StatusPayload, HasEveryMember) {
  model::InstanceSnapshot instance;
  instance.key = {"hub", "i"};
  instance.record.name = "order";
  instance.record.status = model::Status::kCompleted;
  instance.record.created = after(0);
  instance.record.updated = {after(1).us + 5};
  instance.record.output = "[1,  2]";
  instance.record.custom_status = "not JSON";
  EXPECT_EQ(status_payload(instance, {}),
            R"({"name":"order","instanceId":"i","runtimeStatus":"Completed","input":null,)"
            R"("customStatus":"not JSON","output":[1,  2],"createdTime":"2026-01-31T12:00:00Z",)"
            R"("lastUpdatedTime":"2026-01-31T12:00:01Z"})");
  instance.record.status = model::Status::kFailed;
  instance.record.failure = model::Failure{.type = "E", .message = "why", .stack = {}, .inner = {}};
  EXPECT_NE(status_payload(instance, "[]").find(R"("output":"why")"), std::string::npos);
  EXPECT_NE(status_payload(instance, "[]").find(R"("historyEvents":[])"), std::string::npos);
}

TEST(ErrorBody, HasTheMembersThatClientsRead) {
  EXPECT_EQ(error_body("m", "t", "d"),
            R"({"Message":"m","ExceptionMessage":"d","ExceptionType":"t","StackTrace":""})");
}

}  // namespace
}  // namespace perdure::transport::http::functions

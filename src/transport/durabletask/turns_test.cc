// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/turns.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

#include "model/failure.h"

namespace perdure::durabletask {
namespace {

using model::TaskId;

const model::TurnToken kToken{{"hub", "parent"}, model::Execution{5}, 3};

::OrchestratorAction activity(std::int32_t id, const std::string& name) {
  ::OrchestratorAction action;
  action.set_id(id);
  action.mutable_scheduletask()->set_name(name);
  return action;
}

::OrchestratorAction complete(std::int32_t id, const std::string& output,
                              ::OrchestrationStatus status = ORCHESTRATION_STATUS_COMPLETED) {
  ::OrchestratorAction action;
  action.set_id(id);
  action.mutable_completeorchestration()->set_orchestrationstatus(status);
  action.mutable_completeorchestration()->mutable_result()->set_value(output);
  return action;
}

::OrchestratorResponse respond(std::initializer_list<::OrchestratorAction> actions) {
  ::OrchestratorResponse response;
  for (const ::OrchestratorAction& action : actions) *response.add_actions() = action;
  return response;
}

TEST(Turns, ActionsAreSortedByNumberAndTheEndIsLast) {
  const auto result = to_result(kToken, {},
                                respond({complete(-1, "1"), activity(2, "c"), activity(0, "a"),
                                         activity(1, "b"), complete(7, "2")}));
  ASSERT_TRUE(result);
  ASSERT_EQ(result->actions.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(std::get<model::ActivityScheduled>(result->actions[i]).task,
              TaskId{static_cast<std::int32_t>(i)});
  }
  EXPECT_EQ(std::get<model::Completed>(result->outcome).output, model::Payload("1"));
}

TEST(Turns, OneNumberTwiceStaysInTheOrderSent) {
  const auto result =
      to_result(kToken, {}, respond({activity(1, "b"), activity(1, "a"), activity(0, "z")}));
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<model::ActivityScheduled>(result->actions[1]).name, "b");
  EXPECT_EQ(std::get<model::ActivityScheduled>(result->actions[2]).name, "a");
}

TEST(Turns, AChildWithoutAnIdHasTheOneThatItsSdkExpects) {
  ::OrchestratorAction action;
  action.set_id(26);
  action.mutable_createsuborchestration()->set_name("child");
  const auto result = to_result(kToken, {}, respond({action}));
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<model::ChildScheduled>(result->actions[0]).id, "parent:001a");
}

TEST(Turns, ACustomStatusIsKeptReplacedOrCleared) {
  ::OrchestratorResponse response;
  EXPECT_EQ(to_result(kToken, {}, response)->custom_status, std::nullopt);
  response.mutable_customstatus()->set_value("s");
  EXPECT_EQ(to_result(kToken, {}, response)->custom_status, model::Payload("s"));
  response.mutable_customstatus()->set_value("");
  const auto cleared = to_result(kToken, {}, response);
  ASSERT_TRUE(cleared->custom_status.has_value());
  EXPECT_EQ(*cleared->custom_status, model::Payload());
}

TEST(Turns, ContinueAsNewCarriesEventsAndNothingElse) {
  ::OrchestratorAction action = complete(1, "next", ORCHESTRATION_STATUS_CONTINUED_AS_NEW);
  auto* end = action.mutable_completeorchestration();
  end->mutable_newversion()->set_value("2");
  end->add_carryoverevents()->mutable_eventraised()->set_name("kept");
  end->add_carryoverevents()->mutable_timerfired();
  const auto result = to_result(kToken, {}, respond({action}));
  const auto& next = std::get<model::ContinuedAsNew>(result->outcome);
  EXPECT_EQ(next.input, model::Payload("next"));
  EXPECT_EQ(next.version, "2");
  ASSERT_EQ(next.carried.size(), 1U);
  EXPECT_EQ(next.carried[0].name, "kept");
}

TEST(Turns, AnEndWithoutDetailsStillSaysWhat) {
  auto result =
      to_result(kToken, {}, respond({complete(1, "why", ORCHESTRATION_STATUS_TERMINATED)}));
  EXPECT_EQ(std::get<model::Failed>(result->outcome).failure.type, model::kFailureTerminated);
  result = to_result(kToken, {}, respond({complete(1, "why", ORCHESTRATION_STATUS_FAILED)}));
  EXPECT_EQ(std::get<model::Failed>(result->outcome).failure.message, "why");
}

TEST(Turns, ALockSetIsSortedAndHasNothingTwice) {
  ::OrchestratorAction action;
  action.set_id(1);
  auto* lock = action.mutable_sendentitymessage()->mutable_entitylockrequested();
  lock->set_criticalsectionid("s");
  for (const char* id : {"@e@b", "@e@B", "@e@a", "@e@b"}) lock->add_lockset(id);
  const auto result = to_result(kToken, {}, respond({action}));
  EXPECT_EQ(std::get<model::LockRequested>(result->actions[0]).entities,
            (std::vector<std::string>{"@e@B", "@e@a", "@e@b"}));
}

TEST(Turns, AnUnlockNamesItsSectionOrNone) {
  const auto unlock = [](std::int32_t id, const std::string& section) {
    ::OrchestratorAction action;
    action.set_id(id);
    action.mutable_sendentitymessage()->mutable_entityunlocksent()->set_criticalsectionid(section);
    return action;
  };
  const auto result = to_result(kToken, {.sections = {{"old", TaskId{2}}}},
                                respond({unlock(8, "old"), unlock(9, "never")}));
  EXPECT_EQ(std::get<model::LockReleased>(result->actions[0]).section, TaskId{2});
  EXPECT_EQ(std::get<model::LockReleased>(result->actions[1]).section, TaskId{9});
}

::OrchestratorAction event_to(std::int32_t id, const std::string& target, const std::string& name,
                              const std::string& json) {
  ::OrchestratorAction action;
  action.set_id(id);
  action.mutable_sendevent()->mutable_instance()->set_instanceid(target);
  action.mutable_sendevent()->set_name(name);
  action.mutable_sendevent()->mutable_data()->set_value(json);
  return action;
}

TEST(Turns, EventsToEntitiesAreTheOldWordsForOperationsAndLocks) {
  const std::string late = "op@2026-11-21T20:00:00.5000000Z";
  const auto result =
      to_result(kToken, {},
                respond({event_to(1, "@counter@k", "op", R"({"op":"add","input":"5","id":"r1"})"),
                         event_to(2, "@counter@k", late, R"({"op":"add","signal":true,"id":"r2"})"),
                         event_to(3, "@b@1", "op",
                                  R"({"lockset":[{"name":"b","key":"1"},{"name":"a","key":"2"},
                            {"name":"b","key":"1"}],"pos":0,"id":"s1"})"),
                         event_to(4, "@b@1", "release", R"({"parent":"p","id":"s1"})"),
                         event_to(5, "neighbour", "op", "{}")}));
  ASSERT_TRUE(result);
  const auto& call = std::get<model::OperationCalled>(result->actions[0]);
  EXPECT_EQ((std::pair{call.operation, call.input}),
            (std::pair{std::string("add"), model::Payload("5")}));
  const auto& signal = std::get<model::OperationSignaled>(result->actions[1]);
  EXPECT_EQ(signal.fire_at, (base::Timestamp{1'795'291'200'500'000}));
  const auto& lock = std::get<model::LockRequested>(result->actions[2]);
  EXPECT_EQ(lock.entities, (std::vector<std::string>{"@a@2", "@b@1"}));
  EXPECT_EQ(std::get<model::LockReleased>(result->actions[3]).section, TaskId{3});
  EXPECT_TRUE(std::holds_alternative<model::EventSent>(result->actions[4]));
}

TEST(Turns, AnEventToAnEntityThatIsNoMessageIsRefused) {
  for (const char* json : {"", "5", "[]", "{}", "{\"op\":7}"}) {
    const auto result = to_result(kToken, {}, respond({event_to(1, "@c@k", "op", json)}));
    ASSERT_FALSE(result) << json;
    EXPECT_NE(result.error().message.find("@c@k"), std::string::npos);
  }
}

TEST(Turns, WhatNoSdkSendsIsRefused) {
  ::OrchestratorAction nothing;
  ::OrchestratorAction rewind;
  rewind.mutable_rewindorchestration();
  ::OrchestratorAction terminate;
  terminate.mutable_terminateorchestration();
  ::OrchestratorAction empty;
  empty.mutable_sendentitymessage();
  for (const ::OrchestratorAction& action : {nothing, rewind, terminate, empty}) {
    const auto result = to_result(kToken, {}, respond({action}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, base::ErrorCode::kInvalidArgument);
  }
}

TEST(Turns, ABatchKnowsCallsFromSignals) {
  model::TurnItem item{.token = {{"hub", "@e@k"}, model::Execution{1}, 4},
                       .name = "@e",
                       .version = {},
                       .new_events = {},
                       .state = "s"};
  model::OperationRequested called{};
  called.operation = "get";
  called.caller = model::Caller{{"hub", "o"}, model::Execution{2}, TaskId{6}, {}};
  model::OperationRequested signaled{};
  signaled.operation = "add";
  signaled.input = "";
  item.new_events = {{{1}, model::TurnStarted{}}, {{1}, called}, {{1}, signaled}};
  ::EntityRequest request;
  fill(std::move(item), &request);
  EXPECT_EQ(request.instanceid(), "@e@k");
  EXPECT_EQ(request.entitystate().value(), "s");
  ASSERT_EQ(request.operationrequests_size(), 2);
  EXPECT_EQ(request.operationrequests(0).entityoperationcalled().parentinstanceid().value(), "o");
  EXPECT_EQ(request.operationrequests(0).entityoperationcalled().operation(), "get");
  EXPECT_TRUE(request.operationrequests(1).entityoperationsignaled().has_input());
  EXPECT_NE(request.operationrequests(0).entityoperationcalled().requestid(),
            request.operationrequests(1).entityoperationsignaled().requestid());
}

TEST(Turns, ABatchHasResultsInOrderAStateAndActions) {
  ::EntityBatchResult wire;
  wire.add_results()->mutable_success()->mutable_result()->set_value("1");
  wire.add_results()->mutable_failure()->mutable_failuredetails()->set_errormessage("no");
  wire.add_results()->mutable_success();
  wire.add_actions()->mutable_sendsignal()->set_instanceid("@e@other");
  wire.add_actions()->mutable_startneworchestration()->set_name("begun");
  model::TurnResult result = to_result(wire);
  const auto& operated = std::get<model::Operated>(result.outcome);
  EXPECT_EQ(operated.state, model::Payload()) << "no state is a deleted one";
  ASSERT_EQ(operated.results.size(), 3U);
  EXPECT_EQ(std::get<model::Payload>(operated.results[0]), model::Payload("1"));
  EXPECT_EQ(std::get<model::Failure>(operated.results[1]).message, "no");
  EXPECT_EQ(std::get<model::Payload>(operated.results[2]), model::Payload());
  ASSERT_EQ(result.actions.size(), 2U);
  EXPECT_EQ(std::get<model::OperationSignaled>(result.actions[0]).target, "@e@other");
  EXPECT_EQ(std::get<model::ChildScheduled>(result.actions[1]).name, "begun");

  wire.mutable_failuredetails()->set_errormessage("nobody has it");
  EXPECT_EQ(std::get<model::Failed>(to_result(wire).outcome).failure.message, "nobody has it");
}

TEST(Turns, AnActivityAnswersAResultOrAFailure) {
  ::ActivityResponse response;
  EXPECT_EQ(std::get<model::Payload>(to_outcome(response)), model::Payload());
  response.mutable_result()->set_value("");
  EXPECT_EQ(std::get<model::Payload>(to_outcome(response)), model::Payload(""));
  response.mutable_failuredetails()->set_errortype("E");
  EXPECT_EQ(std::get<model::Failure>(to_outcome(response)).type, "E");
}

}  // namespace
}  // namespace perdure::durabletask

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The API of Durable Functions over real sockets, route by route.
#include "transport/http/functions/api.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "runtime/monitor.h"
#include "transport/http/testing/client.h"
#include "transport/http/testing/stage.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

using nlohmann::json;
using testing::Client;
using testing::Stage;

constexpr const char* kBase = "/runtime/webhooks/durabletask";

class FunctionsTest : public ::testing::Test {
 protected:
  Response ask(std::string_view method, const std::string& path, const std::string& body = {},
               std::string_view type = "application/json", std::string_view headers = {}) {
    const auto response =
        Client(stage_.port())
            .ask(method, path.starts_with("/durable") ? path : kBase + path, body, type, headers);
    EXPECT_TRUE(response) << path;
    return response.value_or(Response{.status = 0, .headers = {}, .body = {}});
  }
  unsigned status(std::string_view method, const std::string& path, const std::string& body = {}) {
    return ask(method, path, body).status;
  }
  void start(const std::string& name, const std::string& id, const std::string& input) {
    ASSERT_EQ(status("POST", "/orchestrators/" + name + "/" + id, input), 202U);
  }
  /// The answer of the status route when it is no longer 202.
  Response ended(const std::string& id, const std::string& query = {}) {
    while (true) {
      const Response response = ask("GET", "/instances/" + id + query);
      if (response.status != 202) return response;
      runtime::Signal().wait_for(base::milliseconds(5));
    }
  }
  void until(const std::string& id, const std::string& runtime_status) {
    while (json::parse(ask("GET", "/instances/" + id).body).at("runtimeStatus") != runtime_status) {
      runtime::Signal().wait_for(base::milliseconds(5));
    }
  }

  Stage stage_{{}, {.forwarded = Forwarded::kTrusted}};
};

TEST_F(FunctionsTest, AStartAnswersTheLinks) {
  const Response response =
      ask("POST", "/orchestrators/gather/i%20d?taskHub=hub&connection=C&code=k%2F", "1");
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(header_of(response.headers, "Retry-After"), "10");
  const json body = json::parse(response.body);
  EXPECT_EQ(header_of(response.headers, "Location"),
            body.at("statusQueryGetUri").get<std::string>());
  const std::string p = "http://localhost/runtime/webhooks/durabletask/instances/i%20d";
  const std::string q = "taskHub=hub&connection=C&code=k%2F";
  EXPECT_EQ(body, (json{{"id", "i d"},
                        {"statusQueryGetUri", p + "?" + q},
                        {"sendEventPostUri", p + "/raiseEvent/{eventName}?" + q},
                        {"terminatePostUri", p + "/terminate?reason={text}&" + q},
                        {"rewindPostUri", p + "/rewind?reason={text}&" + q},
                        {"purgeHistoryDeleteUri", p + "?" + q},
                        {"restartPostUri", p + "/restart?" + q},
                        {"suspendPostUri", p + "/suspend?reason={text}&" + q},
                        {"resumePostUri", p + "/resume?reason={text}&" + q}}));
  EXPECT_EQ(status("GET", "/instances/i%20d?taskHub=hub"), 202U);
  EXPECT_EQ(status("GET", "/instances/i%20d"), 404U) << "another task hub";
}

TEST_F(FunctionsTest, LinksFollowTheProxyAndTheBase) {
  const Response response = ask("POST", "/durabletask/ORCHESTRATORS/gather/x", "1",
                                "application/json", "X-Forwarded-Proto: https\r\n");
  EXPECT_EQ(response.status, 202U);
  EXPECT_TRUE(header_of(response.headers, "Location")
                  .starts_with("https://localhost/durabletask/instances/x?taskHub=default"));
}

TEST_F(FunctionsTest, AStartMayWaitForTheEnd) {
  const Response done = ask("POST", "/orchestrators/chain?timeout=60&pollingInterval=0.5", "3");
  EXPECT_EQ(done.status, 200U);
  EXPECT_EQ(done.body, "3");
  const Response failed = ask("POST", "/orchestrators/nothing?timeout=60&pollingInterval=1", "3");
  EXPECT_EQ(failed.status, 200U);
  EXPECT_EQ(json::parse(failed.body).at("runtimeStatus"), "Failed");
  EXPECT_EQ(json::parse(failed.body).at("input"), 3);
  EXPECT_EQ(status("POST",
                   "/orchestrators/nothing?timeout=60&pollingInterval=1"
                   "&returnInternalServerErrorOnFailure=true"),
            500U);
  EXPECT_EQ(status("POST", "/orchestrators/gather?timeout=0.01&pollingInterval=0.01", "1"), 202U);
  EXPECT_EQ(status("POST", "/orchestrators/chain?timeout=60", "3"), 202U) << "both are needed";
}

TEST_F(FunctionsTest, AStartIsRefused) {
  EXPECT_EQ(status("POST", "/orchestrators/chain", "{"), 400U);
  EXPECT_EQ(status("POST", "/orchestrators/chain?timeout=x&pollingInterval=1"), 400U);
  start("gather", "taken", "1");
  const Response taken = ask("POST", "/orchestrators/gather/taken", "1");
  EXPECT_EQ(taken.status, 500U);
  const json body = json::parse(taken.body);
  EXPECT_TRUE(body.at("ExceptionMessage").get<std::string>().contains("exists")) << body;
  EXPECT_TRUE(body.contains("Message") && body.contains("ExceptionType") &&
              body.contains("StackTrace"));
  start("chain", "over", "0");
  ended("over");
  start("chain", "over", "1");  // what has ended gives way
}

TEST_F(FunctionsTest, AStatusSaysWhetherToAskAgain) {
  start("gather", "s", "1");
  until("s", "Running");
  const Response running = ask("GET", "/instances/s?code=x");
  EXPECT_EQ(running.status, 202U);
  EXPECT_EQ(header_of(running.headers, "Retry-After"), "5");
  EXPECT_EQ(header_of(running.headers, "Location"), std::string(kBase) + "/instances/s?code=x");
  EXPECT_EQ(status("POST", "/instances/s/raiseEvent/go", "[1]"), 202U);
  const Response done = ended("s");
  EXPECT_EQ(done.status, 200U);
  const json body = json::parse(done.body);
  EXPECT_EQ(body.at("output"), json::parse("[1]"));
  EXPECT_EQ(body.at("input"), 1);
  EXPECT_EQ(body.at("customStatus"), nullptr);
  EXPECT_FALSE(body.contains("historyEvents"));
  EXPECT_EQ(body.at("createdTime").get<std::string>().size(), 20U);
  EXPECT_EQ(json::parse(ask("GET", "/instances/s?showInput=false").body).at("input"), nullptr);
  EXPECT_EQ(ask("GET", "/instances/none").body, "");
}

TEST_F(FunctionsTest, AStatusShowsTheHistory) {
  start("chain", "h", "1");
  ended("h");
  const json brief = json::parse(ask("GET", "/instances/h?SHOWHISTORY=True").body);
  const json& events = brief.at("historyEvents");
  ASSERT_EQ(events.size(), 3U) << events;
  EXPECT_EQ(events[0].at("EventType"), "ExecutionStarted");
  EXPECT_EQ(events[1].at("EventType"), "TaskCompleted");
  EXPECT_EQ(events[1].at("FunctionName"), "work");
  EXPECT_FALSE(events[1].contains("Result"));
  EXPECT_EQ(events[2].at("OrchestrationStatus"), "Completed");
  const json whole =
      json::parse(ask("GET", "/instances/h?showHistory=true&showHistoryOutput=true").body);
  EXPECT_EQ(whole.at("historyEvents")[1].at("Result"), "out");
}

TEST_F(FunctionsTest, AFailureMayBeAnError) {
  start("nothing", "f", "1");
  EXPECT_EQ(ended("f").status, 200U);
  const Response error = ended("f", "?returnInternalServerErrorOnFailure=true");
  EXPECT_EQ(error.status, 500U);
  EXPECT_EQ(json::parse(error.body).at("output"), "no such script");
}

TEST_F(FunctionsTest, WhatHasEndedIsGone) {
  start("chain", "done", "0");
  ended("done");
  for (const char* verb : {"raiseEvent/e", "terminate", "suspend", "resume", "rewind"}) {
    EXPECT_EQ(status("POST", fmt::format("/instances/done/{}", verb)), 410U) << verb;
    EXPECT_EQ(status("POST", fmt::format("/instances/none/{}", verb)), 404U) << verb;
  }
}

TEST_F(FunctionsTest, EventsAreJson) {
  start("gather", "e", "1");
  EXPECT_EQ(ask("POST", "/instances/e/raiseEvent/go", "x=1", "text/plain").status, 400U);
  EXPECT_EQ(ask("POST", "/instances/e/raiseEvent/go", "{", "application/json").status, 400U);
  EXPECT_EQ(
      ask("POST", "/instances/e/raiseEvent/go", "5", "application/json; charset=utf-8").status,
      202U);
  EXPECT_EQ(json::parse(ended("e").body).at("output"), 5);
}

TEST_F(FunctionsTest, OperatorsSteer) {
  start("gather", "o", "1");
  until("o", "Running");
  EXPECT_EQ(status("POST", "/instances/o/rewind?reason=x"), 400U) << "it has not failed";
  EXPECT_EQ(status("POST", "/instances/o/suspend?reason=x"), 202U);
  until("o", "Suspended");
  EXPECT_EQ(status("POST", "/instances/o/resume"), 202U);
  until("o", "Running");
  EXPECT_EQ(status("POST", "/instances/o/terminate?reason=enough%20of%20it"), 202U);
  const json body = json::parse(ended("o").body);
  EXPECT_EQ(body.at("runtimeStatus"), "Terminated");
  EXPECT_EQ(body.at("output"), "enough of it");
  start("nothing", "failed", "1");
  ended("failed");
  EXPECT_EQ(status("POST", "/instances/failed/rewind?reason=again"), 202U);
}

TEST_F(FunctionsTest, ListsInPages) {
  for (int i = 0; i < 3; ++i) start("chain", fmt::format("l{}", i), "0");
  start("gather", "other", "1");
  for (int i = 0; i < 3; ++i) ended(fmt::format("l{}", i));
  std::size_t count = 0;
  std::string token;
  do {
    const Response page = ask("GET", "/instances/?top=2&instanceIdPrefix=l&runtimeStatus=Completed",
                              {}, {}, "x-ms-continuation-token: " + token + "\r\n");
    EXPECT_EQ(page.status, 200U);
    count += json::parse(page.body).size();
    token = header_of(page.headers, "x-ms-continuation-token");
  } while (!token.empty());
  EXPECT_EQ(count, 3U);
  const auto size = [&](const std::string& query) {
    return json::parse(ask("GET", "/instances" + query).body).size();
  };
  EXPECT_EQ(size("?runtimeStatus=Running,Pending"), 1U);
  EXPECT_EQ(size("?runtimeStatus=Running&runtimeStatus=completed"), 4U);
  EXPECT_EQ(size("?runtimeStatus=Canceled"), 0U) << "known there, unknown here";
  EXPECT_EQ(size("?createdTimeFrom=2999-01-01"), 0U);
  EXPECT_EQ(status("GET", "/instances?createdTimeFrom=x"), 400U);
  EXPECT_EQ(ask("GET", "/instances", {}, {}, "x-ms-continuation-token: null\r\n").status, 200U);
}

TEST_F(FunctionsTest, Purges) {
  start("chain", "a", "0");
  start("chain", "b", "0");
  start("gather", "live", "1");
  ended("a");
  ended("b");
  EXPECT_EQ(ask("DELETE", "/instances/a").body, R"({"instancesDeleted":1})");
  EXPECT_EQ(status("DELETE", "/instances/a"), 404U);
  EXPECT_EQ(status("DELETE", "/instances/live"), 404U) << "nothing was deleted";
  EXPECT_EQ(status("DELETE", "/instances"), 400U) << "a time is needed";
  EXPECT_EQ(status("DELETE", "/instances?createdTimeFrom=2999-01-01"), 404U);
  EXPECT_EQ(ask("DELETE", "/instances?createdTimeFrom=2020-01-01T00:00:00Z").body,
            R"({"instancesDeleted":1})");
}

TEST_F(FunctionsTest, Restarts) {
  start("chain", "r", "2");
  ended("r");
  const Response fresh = ask("POST", "/instances/r/restart");
  EXPECT_EQ(fresh.status, 202U);
  const std::string id = json::parse(fresh.body).at("id");
  EXPECT_NE(id, "r");
  EXPECT_EQ(json::parse(ended(id).body).at("output"), 2);
  const Response waited = ask(
      "POST", "/instances/r/restart?restartWithNewInstanceId=false&timeout=60&pollingInterval=1");
  EXPECT_EQ(waited.status, 200U);
  EXPECT_EQ(waited.body, "2");
  EXPECT_EQ(status("POST", "/instances/none/restart"), 400U);
  start("gather", "live", "1");
  EXPECT_EQ(status("POST", "/instances/live/restart?restartWithNewInstanceId=false"), 400U);
}

TEST_F(FunctionsTest, Entities) {
  EXPECT_EQ(status("GET", "/entities/counter/k"), 404U);
  EXPECT_EQ(status("POST", "/entities/Counter/k?op=add", "4"), 202U);
  while (ask("GET", "/entities/counter/k").body != "4") {
    runtime::Signal().wait_for(base::milliseconds(5));
  }
  EXPECT_EQ(ask("POST", "/entities/counter/$?op=add", "3", "text/plain").status, 202U);
  EXPECT_EQ(status("POST", "/entities/counter/k?op=add", "{"), 400U);
  while (json::parse(ask("GET", "/entities/COUNTER?fetchState=true").body).size() != 2) {
    runtime::Signal().wait_for(base::milliseconds(5));
  }
  const json brief = json::parse(ask("GET", "/entities/counter").body);
  EXPECT_EQ(brief[0].at("entityId").at("name"), "counter");
  EXPECT_FALSE(brief[0].contains("state"));
  EXPECT_EQ(json::parse(ask("GET", "/entities/other").body).size(), 0U);
  EXPECT_EQ(json::parse(ask("GET", "/entities?lastOperationTimeTo=2020-01-01").body).size(), 0U);
  EXPECT_EQ(status("GET", "/entities?lastOperationTimeFrom=x"), 400U);
  EXPECT_EQ(status("DELETE", "/entities/counter/k"), 202U);
  while (status("GET", "/entities/counter/k") != 404) {
    runtime::Signal().wait_for(base::milliseconds(5));
  }
}

TEST_F(FunctionsTest, TheRest) {
  EXPECT_EQ(status("POST", "/makeprimary"), 200U);
  EXPECT_EQ(status("GET", "/nothing"), 404U);
}

}  // namespace
}  // namespace perdure::transport::http::functions

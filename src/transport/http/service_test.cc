// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Our own API and what is around it, over real sockets, with an engine and a worker behind it.
#include "transport/http/service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "runtime/monitor.h"
#include "transport/http/testing/client.h"
#include "transport/http/testing/stage.h"
#include "transport/http/text.h"

namespace perdure::transport::http {
namespace {

using nlohmann::json;
using testing::Client;
using testing::Stage;

class ServiceTest : public ::testing::Test {
 protected:
  Response ask(std::string_view method, const std::string& target, const std::string& body = {},
               std::string_view headers = {}) {
    const auto response =
        Client(stage_.port()).ask(method, target, body, "application/json", headers);
    EXPECT_TRUE(response) << target;
    return response.value_or(Response{.status = 0, .headers = {}, .body = "{}"});
  }
  json get(const std::string& target) {
    const Response response = ask("GET", target);
    EXPECT_EQ(response.status, 200U) << target << response.body;
    return json::parse(response.body);
  }
  json refused(unsigned status, std::string_view method, const std::string& target,
               const std::string& body = {}) {
    const Response response = ask(method, target, body);
    EXPECT_EQ(response.status, status) << target << response.body;
    return json::parse(response.body).at("error");
  }
  void start(const std::string& id, const std::string& name, const std::string& input,
             const std::string& more = {}) {
    const Response response =
        ask("POST", "/api/v1/instances",
            fmt::format(R"({{"id":"{}","name":"{}","input":{}{}}})", id, name, input, more));
    ASSERT_EQ(response.status, 201U) << response.body;
  }
  json ended(const std::string& id) { return get("/api/v1/instances/" + id + "/wait?timeout=60"); }
  /// Asks again until the member has that value; the test's time limit ends it.
  void until(const std::string& target, const std::string& member, const json& value) {
    while (get(target).at(member) != value) runtime::Signal().wait_for(base::milliseconds(5));
  }

  Stage stage_{{}, {.host_names = {"localhost", "127.0.0.1"}, .version = "1.2.3"}};
};

TEST_F(ServiceTest, StartsAndAnswersWhatBecameOfIt) {
  const Response made = ask("POST", "/api/v1/instances",
                            R"({"id":"a/b","name":"chain","input": 2 ,"tags":{"k":"v"}})");
  EXPECT_EQ(made.status, 201U);
  EXPECT_EQ(header_of(made.headers, "Location"), "/api/v1/instances/a%2Fb");
  EXPECT_TRUE(json::parse(made.body).at("created"));
  const json instance = ended("a%2Fb");
  EXPECT_EQ(instance.at("status"), "COMPLETED");
  EXPECT_EQ(instance.at("output"), 2);
  EXPECT_EQ(instance.at("tags"), (json{{"k", "v"}}));
  EXPECT_FALSE(instance.contains("input"));
  EXPECT_EQ(get("/api/v1/instances/a%2Fb?include=input").at("input"), 2);
}

TEST_F(ServiceTest, AnInputComesBackByteByByte) {
  start("raw", "gather", R"({"z": 12345678901234567890.10, "a":[ ]})");
  const Response response = ask("GET", "/api/v1/instances/raw?include=input");
  EXPECT_NE(response.body.find(R"("input":{"z": 12345678901234567890.10, "a":[ ]})"),
            std::string::npos)
      << response.body;
}

TEST_F(ServiceTest, AnIdIsTakenOnce) {
  start("once", "gather", "1");
  EXPECT_EQ(refused(409, "POST", "/api/v1/instances", R"({"id":"once","name":"chain"})").at("code"),
            "ALREADY_EXISTS");
  const Response ignored = ask(
      "POST", "/api/v1/instances",
      R"({"id":"once","name":"chain","reuse":{"replaceable":["FAILED"],"otherwise":"ignore"}})");
  EXPECT_EQ(ignored.status, 200U);
  EXPECT_FALSE(json::parse(ignored.body).at("created"));
  const Response replaced = ask(
      "POST", "/api/v1/instances",
      R"({"id":"once","name":"chain","input":1,"reuse":{"replaceable":["PENDING","RUNNING"]}})");
  EXPECT_EQ(replaced.status, 201U) << replaced.body;
  EXPECT_EQ(ended("once").at("name"), "chain");
}

TEST_F(ServiceTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* body :
       {"", "{", "[]", "{}", R"({"name":1})", R"({"name":""})", R"({"name":"x","nmae":"y"})",
        R"({"name":"x","start_at":"soon"})", R"({"name":"x","tags":{"a":1}})",
        R"({"name":"x","reuse":{"replaceable":["NEVER"]}})",
        R"({"name":"x","reuse":{"otherwise":"maybe"}})", R"({"name":"x","id":"\u0000"})"}) {
    EXPECT_EQ(refused(400, "POST", "/api/v1/instances", body).at("code"), "INVALID_ARGUMENT")
        << body;
  }
  for (const char* target :
       {"/api/v1/instances?status=DONE", "/api/v1/instances?limit=0",
        "/api/v1/instances?limit=1001", "/api/v1/instances?created_from=x",
        "/api/v1/instances?what=ever", "/api/v1/instances?continuation=nonsense",
        "/api/v1/instances/x/wait?until=later", "/api/v1/instances/x/wait?timeout=301",
        "/api/v1/instances/x/history?limit=0", "/api/v1/instances/x/events?last_event_id=x",
        "/api/v1/instances?hub=%01", "/api/v1/entities?key_prefix=x", "/api/v1/entities/a@b/c"}) {
    EXPECT_EQ(refused(400, "GET", target).at("code"), "INVALID_ARGUMENT") << target;
  }
  for (const char* target : {"/api/v1/instances/none", "/api/v1/instances/none/history",
                             "/api/v1/instances/none/wait", "/api/v1/instances/none/events"}) {
    EXPECT_EQ(refused(404, "GET", target).at("code"), "NOT_FOUND") << target;
  }
  EXPECT_EQ(refused(404, "GET", "/api/v2").at("code"), "NOT_FOUND");
  EXPECT_EQ(refused(405, "PUT", "/api/v1/instances").at("code"), "METHOD_NOT_ALLOWED");
}

TEST_F(ServiceTest, ListsInPagesThroughFilters) {
  for (int i = 0; i < 5; ++i) start(fmt::format("l{}", i), "chain", "0", R"(,"tags":{"t":"1"})");
  start("other", "gather", "1");
  for (int i = 0; i < 5; ++i) ended(fmt::format("l{}", i));
  std::vector<std::string> ids;
  std::string continuation;
  do {
    const json page =
        get("/api/v1/instances?limit=2&prefix=l&status=COMPLETED&name=chain&tag=t=1" +
            (continuation.empty() ? "" : "&continuation=" + percent_encode(continuation)));
    EXPECT_LE(page.at("instances").size(), 2U);
    for (const json& each : page.at("instances")) ids.push_back(each.at("id"));
    continuation = page.value("continuation", "");
  } while (!continuation.empty());
  std::ranges::sort(ids);
  EXPECT_EQ(ids, (std::vector<std::string>{"l0", "l1", "l2", "l3", "l4"}));
  EXPECT_TRUE(get("/api/v1/instances?created_to=2020-01-01").at("instances").empty());
  EXPECT_EQ(get("/api/v1/instances?name=gather&include=input").at("instances")[0].at("input"), 1);
}

TEST_F(ServiceTest, ReadsAHistoryInPages) {
  start("h", "chain", "3");
  ended("h");
  const json whole = get("/api/v1/instances/h/history");
  EXPECT_FALSE(whole.contains("next"));
  const auto count = whole.at("events").size();
  EXPECT_GT(count, 5U);
  json gathered = json::array();
  for (std::optional<int> next = 0; next;) {
    const json page = get(fmt::format("/api/v1/instances/h/history?from={}&limit=2", *next));
    EXPECT_EQ(page.at("execution"), whole.at("execution"));
    for (const json& event : page.at("events")) gathered.push_back(event);
    next = page.contains("next") ? std::optional<int>(page.at("next")) : std::nullopt;
  }
  EXPECT_EQ(gathered, whole.at("events"));
  EXPECT_EQ(gathered.at(1).at("kind"), "ExecutionStarted");
  EXPECT_EQ(gathered.back().at("status"), "COMPLETED");
  EXPECT_TRUE(get("/api/v1/instances/h/history?from=1000").at("events").empty());
}

TEST_F(ServiceTest, TellsInstancesWhatToDo) {
  start("c", "gather", "2");
  until("/api/v1/instances/c", "status", "RUNNING");
  EXPECT_EQ(ask("POST", "/api/v1/instances/c/suspend", R"({"reason":"stop"})").status, 202U);
  until("/api/v1/instances/c", "status", "SUSPENDED");
  EXPECT_EQ(ask("POST", "/api/v1/instances/c/resume").status, 202U);
  EXPECT_EQ(ask("POST", "/api/v1/instances/c/events/GO", "1").status, 202U);
  EXPECT_EQ(ask("POST", "/api/v1/instances/c/events/go", "2").status, 202U);
  EXPECT_EQ(ended("c").at("output"), 12);
  EXPECT_EQ(refused(404, "POST", "/api/v1/instances/none/events/go").at("code"), "NOT_FOUND");
  refused(400, "POST", "/api/v1/instances/c/events/go", "{");
  refused(400, "POST", "/api/v1/instances/c/suspend", R"({"raeson":"stop"})");
}

TEST_F(ServiceTest, TerminatesWithAnOutput) {
  start("t", "gather", "1");
  EXPECT_EQ(ask("POST", "/api/v1/instances/t/terminate",
                R"({"reason":"enough","output":{"a": 1},"recursive":true})")
                .status,
            202U);
  const json instance = ended("t");
  EXPECT_EQ(instance.at("status"), "TERMINATED");
  EXPECT_EQ(instance.at("output"), (json{{"a", 1}}));
}

TEST_F(ServiceTest, RewindsAndRestarts) {
  start("f", "no such script", "1");
  const json failed = ended("f");
  EXPECT_EQ(failed.at("status"), "FAILED");
  EXPECT_EQ(failed.at("failure").at("message"), "no such script");
  EXPECT_EQ(ask("POST", "/api/v1/instances/f/rewind", R"({"reason":"again"})").status, 202U);
  EXPECT_EQ(ended("f").at("status"), "FAILED");
  const json same = json::parse(ask("POST", "/api/v1/instances/f/restart").body);
  EXPECT_EQ(same.at("id"), "f");
  const json other =
      json::parse(ask("POST", "/api/v1/instances/f/restart", R"({"new_id":true})").body);
  EXPECT_NE(other.at("id"), "f");
  EXPECT_EQ(ended(other.at("id")).at("name"), "no such script");
  start("running", "gather", "1");
  EXPECT_EQ(refused(412, "POST", "/api/v1/instances/running/rewind").at("code"),
            "FAILED_PRECONDITION");
  EXPECT_EQ(refused(404, "POST", "/api/v1/instances/none/restart").at("code"), "NOT_FOUND");
}

TEST_F(ServiceTest, PurgesWhatHasEnded) {
  start("p", "chain", "0");
  start("live", "gather", "1");
  ended("p");
  EXPECT_EQ(refused(412, "DELETE", "/api/v1/instances/live").at("code"), "FAILED_PRECONDITION");
  EXPECT_EQ(json::parse(ask("DELETE", "/api/v1/instances/p").body), (json{{"purged", 1}}));
  refused(404, "DELETE", "/api/v1/instances/p");
  refused(400, "DELETE", "/api/v1/instances");
  refused(400, "DELETE", "/api/v1/instances?hub=default");
  start("q", "chain", "0");
  ended("q");
  EXPECT_EQ(json::parse(ask("DELETE", "/api/v1/instances?status=COMPLETED&timeout=10").body),
            (json{{"purged", 1}, {"complete", true}}));
  EXPECT_EQ(get("/api/v1/instances").at("instances").size(), 1U);
}

TEST_F(ServiceTest, AWaitEndsWithTheInstanceOrWithItsTime) {
  start("w", "gather", "1");
  const Response early = ask("GET", "/api/v1/instances/w/wait?timeout=0.01");
  EXPECT_EQ(early.status, 202U);
  EXPECT_EQ(json::parse(early.body).at("id"), "w");
  EXPECT_EQ(get("/api/v1/instances/w/wait?until=started&timeout=60").at("status"), "RUNNING");
  Client waiting(stage_.port());
  waiting.send(
      "GET /api/v1/instances/w/wait?timeout=60&include=input HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(ask("POST", "/api/v1/instances/w/events/go", "7").status, 202U);
  const auto response = waiting.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200U);
  EXPECT_EQ(json::parse(response->body).at("output"), 7);
  EXPECT_EQ(json::parse(response->body).at("input"), 1);
}

TEST_F(ServiceTest, AWaitEndsWithItsClient) {
  start("left", "gather", "1");
  {
    Client client(stage_.port());
    client.send("GET /api/v1/instances/left/wait?timeout=300 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");  // waits behind it
  }
  while (stage_.listener().stats().connections > 0) {
    runtime::Signal().wait_for(base::milliseconds(5));
  }
  EXPECT_EQ(get("/api/v1/instances/left").at("id"), "left");
}

TEST_F(ServiceTest, ADrainAnswersWhoWaits) {
  start("d", "gather", "1");
  Client client(stage_.port());
  client.send("GET /api/v1/instances/d/wait?timeout=300 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (stage_.listener().stats().requests < 2) {
    runtime::Signal().wait_for(base::milliseconds(5));
  }
  bool all_ended = false;
  {
    const runtime::Thread drain("drain",
                                [&] { all_ended = stage_.listener().drain(base::seconds(60)); });
    EXPECT_EQ(client.read_response()->status, 202U);
    client.shut_sending();
  }
  EXPECT_TRUE(all_ended);
}

TEST_F(ServiceTest, StreamsWhatHappens) {
  start("s", "gather", "1");
  Client client(stage_.port());
  client.send("GET /api/v1/instances/s/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("text/event-stream"), std::string::npos);
  const std::string first = client.read_until("event: status\n");
  EXPECT_NE(first.find("\"kind\":\"ExecutionStarted\""), std::string::npos) << first;
  EXPECT_EQ(ask("POST", "/api/v1/instances/s/events/go", "[ 1,\n 2]").status, 202U);
  const std::string rest = client.read_rest();
  EXPECT_NE(rest.find("\"kind\":\"EventRaised\",\"name\":\"go\",\"input\":[ 1,  2]"),
            std::string::npos)
      << rest;
  EXPECT_NE(rest.find("\"status\":\"COMPLETED\""), std::string::npos) << rest;
  EXPECT_TRUE(rest.ends_with("event: end\ndata: {\"reason\":\"ended\"}\n\n")) << rest;
}

TEST_F(ServiceTest, AStreamGoesOnWhereItWasLeft) {
  start("again", "chain", "2");
  ended("again");
  const Response whole = ask("GET", "/api/v1/instances/again/events");
  const std::size_t id = whole.body.find("id: ", whole.body.find("ActivityScheduled") - 200);
  const std::string last = whole.body.substr(id + 4, whole.body.find('\n', id) - id - 4);
  const Response rest =
      ask("GET", "/api/v1/instances/again/events", {}, "Last-Event-ID: " + last + "\r\n");
  EXPECT_EQ(rest.body.find("ExecutionStarted"), std::string::npos);
  EXPECT_NE(rest.body.find("ExecutionCompleted"), std::string::npos);
  const Response other = ask("GET", "/api/v1/instances/again/events?last_event_id=1.5");
  EXPECT_NE(other.body.find("ExecutionStarted"), std::string::npos) << "of another execution";
}

TEST_F(ServiceTest, AStreamLargerThanItsBufferArrivesWhole) {
  // Some 6 MB of history, while a stream may hold 1 MiB: it is read as it is taken.
  start("large", "gather", "3");
  const std::string payload = "\"" + std::string(2'000'000, 'x') + "\"";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("POST", "/api/v1/instances/large/events/go", payload).status, 202U);
    until("/api/v1/instances/large", "inbox_messages", 0);
  }
  const json instance = ended("large");
  const Response stream = ask("GET", "/api/v1/instances/large/events");
  EXPECT_EQ(instance.at("status"), "FAILED") << "its output is too large";
  EXPECT_GT(stream.body.size(), 6'000'000U);
  EXPECT_TRUE(stream.body.ends_with("event: end\ndata: {\"reason\":\"ended\"}\n\n"));
}

TEST_F(ServiceTest, CallsAndSignalsEntities) {
  const auto call = [&](const std::string& operation, const std::string& body) {
    return ask("POST", "/api/v1/entities/counter/k/call/" + operation, body);
  };
  EXPECT_EQ(json::parse(call("add", "5").body), (json{{"result", 5}}));
  const Response failed = call("boom", "");
  EXPECT_EQ(failed.status, 422U);
  EXPECT_EQ(json::parse(failed.body).at("error").at("failure").at("message"), "boom");
  EXPECT_EQ(ask("POST", "/api/v1/entities/counter/k/signal/add", "2").status, 202U);
  EXPECT_EQ(json::parse(call("get", "").body), (json{{"result", 7}}));
  EXPECT_EQ(get("/api/v1/entities/counter/k").at("state"), 7);
  EXPECT_EQ(json::parse(ask("POST", "/api/v1/entities/counter/$/call/add", "1").body).at("result"),
            1);
  const json list = get("/api/v1/entities?name=counter&include=state").at("entities");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(get("/api/v1/entities?name=counter&key_prefix=k").at("entities").size(), 1U);
  EXPECT_EQ(get("/api/v1/entities?name=count").at("entities").size(), 0U) << "a name is whole";
  refused(404, "GET", "/api/v1/entities/counter/none");
  EXPECT_TRUE(get("/api/v1/instances").at("instances").empty()) << "entities are no instances";
}

TEST_F(ServiceTest, TaskHubsDoNotSeeEachOther) {
  start("mine", "gather", "1");
  EXPECT_EQ(ask("GET", "/api/v1/instances/mine", {}, "Perdure-Task-Hub: other\r\n").status, 404U);
  EXPECT_EQ(ask("GET", "/api/v1/instances/mine?hub=other").status, 404U);
  EXPECT_EQ(
      ask("GET", "/api/v1/instances/mine?hub=other", {}, "Perdure-Task-Hub: default\r\n").status,
      200U)
      << "the header goes first";
  EXPECT_EQ(get("/api/v1/server?hub=other").at("hub"), "other");
}

TEST_F(ServiceTest, TellsOfItself) {
  EXPECT_EQ(ask("GET", "/healthz").body, "alive\n");
  EXPECT_EQ(ask("GET", "/readyz").status, 200U);
  const json server = get("/api/v1/server");
  EXPECT_EQ(server.at("version"), "1.2.3");
  EXPECT_EQ(server.at("stats").at("rescues"), 0);
  EXPECT_TRUE(ask("GET", "/api/openapi.yaml").body.contains("\nopenapi: 3.0.3\n"));
  Client client(stage_.port());
  client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_rest().starts_with("HTTP/1.1 200 OK"));
}

TEST_F(ServiceTest, APageOfAnotherOriginChangesNothing) {
  const std::string body = R"({"id":"csrf","name":"gather"})";
  const std::string other = "Origin: http://evil.example\r\n";
  EXPECT_EQ(ask("POST", "/api/v1/instances", body, other).status, 403U);
  EXPECT_EQ(ask("POST", "/api/v1/instances", body, "Origin: null\r\n").status, 403U);
  EXPECT_EQ(ask("POST", "/runtime/webhooks/durabletask/orchestrators/gather", {}, other).status,
            403U);
  refused(404, "GET", "/api/v1/instances/csrf");
  EXPECT_EQ(ask("POST", "/api/v1/instances", body, "Origin: http://localhost\r\n").status, 201U);
}

TEST_F(ServiceTest, AnswersOnlyToItsNames) {
  Client client(stage_.port());
  client.send("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.read_response()->status, 421U);
  client.send("GET /healthz HTTP/1.1\r\nHost: LOCALHOST:8080\r\n\r\n");
  EXPECT_EQ(client.read_response()->status, 200U);
}

TEST(Ready, SaysWhenItIsNot) {
  std::atomic<bool> ready = false;
  Stage stage({}, {.ready = [&] { return ready.load(); }});
  EXPECT_EQ(Client(stage.port()).ask("GET", "/readyz")->status, 503U);
  ready = true;
  EXPECT_EQ(Client(stage.port()).ask("GET", "/readyz")->status, 200U);
}

}  // namespace
}  // namespace perdure::transport::http

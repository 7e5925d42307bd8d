// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Real requests to a real server; the waits between them are of virtual time.
#include "perdure/http.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "egress/testing/http_server.h"
#include "perdure/test_host.h"

namespace perdure {
namespace {

using egress::testing::TestServer;
using namespace std::chrono_literals;

std::string answer(int status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

Task<std::string> ask(Orchestration& ctx, HttpRequest request) {
  const HttpResponse response = co_await http(ctx, request);
  co_return std::to_string(response.status) + " " + response.body;
}

class HttpCall : public ::testing::Test {
 protected:
  HttpCall() : client_(start()) {}

  Client start() {
    host_.orchestration("ask", ask);
    EXPECT_TRUE(register_http(host_.registry(), {.allowed = {"127.0.0.1"}}));
    return host_.client();
  }
  Instance run(const HttpRequest& request) {
    const std::string id = client_.start("ask", request).value();
    return client_.wait(id, 48h).value();
  }

  TestHost host_;
  Client client_;
};

TEST_F(HttpCall, BringsTheAnswer) {
  TestServer server([](const std::string& head) {
    return head.starts_with("POST /x ") ? answer(404, "", "none here") : answer(500, "", "");
  });
  const Instance done = run({.method = "POST", .url = server.url("/x"), .body = "{}"});
  EXPECT_EQ(done.output_as<std::string>().value(), "404 none here");
}

TEST_F(HttpCall, GoesOnAskingWhileTheOtherSideWorks) {
  std::atomic<int> asked = 0;
  TestServer server([&](const std::string& head) {
    if (head.starts_with("POST /start ")) {
      return answer(202, "Location: /status\r\nRetry-After: 600\r\n", "");
    }
    return ++asked < 3 ? answer(202, "Location: /status\r\n", "") : answer(200, "", "done");
  });
  const auto before = host_.now();
  const Instance done = run({.method = "POST", .url = server.url("/start"), .body = "{}"});
  EXPECT_EQ(done.output_as<std::string>().value(), "200 done");
  EXPECT_EQ(asked, 3);
  EXPECT_GE(host_.now() - before, 600s + 30s + 30s);
}

TEST_F(HttpCall, AsksInNewExecutionsWhenItTakesLong) {
  std::atomic<int> asked = 0;
  TestServer server([&](const std::string&) {
    return ++asked < 200 ? answer(202, "Location: /status\r\nRetry-After: 5\r\n", "")
                         : answer(200, "", "done");
  });
  EXPECT_EQ(run({.url = server.url("/")}).output_as<std::string>().value(), "200 done");
}

TEST_F(HttpCall, GivesUpAskingAfterItsTime) {
  TestServer server(
      [](const std::string&) { return answer(202, "Location: /status\r\n", "busy"); });
  const Instance done = run({.url = server.url("/"), .poll_timeout_seconds = 100});
  EXPECT_EQ(done.output_as<std::string>().value(), "202 busy");
  EXPECT_EQ(run({.url = server.url("/"), .poll = false}).output_as<std::string>().value(),
            "202 busy");
}

TEST_F(HttpCall, IsMadeAgainAfterStatusesThatMayPass) {
  std::atomic<int> asked = 0;
  TestServer server([&](const std::string&) {
    return ++asked < 3 ? answer(503, "Retry-After: 7\r\n", "") : answer(200, "", "ok");
  });
  EXPECT_EQ(run({.url = server.url("/")}).output_as<std::string>().value(), "200 ok");
  asked = -10;
  EXPECT_EQ(run({.url = server.url("/"), .attempts = 2}).output_as<std::string>().value(), "503 ");
  EXPECT_EQ(asked, -8);
}

TEST_F(HttpCall, FailsWhenNobodyMayBeReached) {
  const Instance done = run({.url = "http://169.254.169.254/latest/meta-data"});
  EXPECT_EQ(done.status, Status::kFailed);
  ASSERT_TRUE(done.failure.has_value());
  EXPECT_EQ(done.failure->root().type, "perdure.http.PERMISSION_DENIED");
}

TEST_F(HttpCall, TakesNoCredentialsToAnotherOrigin) {
  TestServer other([](const std::string&) { return answer(200, "", "there"); });
  TestServer server([&](const std::string&) {
    return answer(202, "Location: " + other.url("/status") + "\r\n", "");
  });
  EXPECT_EQ(run({.url = server.url("/"), .headers = {{"Authorization", "Bearer x"}, {"X-A", "1"}}})
                .output_as<std::string>()
                .value(),
            "200 there");
  EXPECT_NE(server.seen().at(0).find("Bearer x"), std::string::npos);
  EXPECT_EQ(other.seen().at(0).find("Bearer x"), std::string::npos);
  EXPECT_NE(other.seen().at(0).find("X-A: 1"), std::string::npos);
}

TEST_F(HttpCall, BringsWhatIsNoTextAsBase64) {
  TestServer server(
      [](const std::string&) { return answer(200, "", std::string("\xFF\x00\x01", 3)); });
  host_.orchestration(
      "raw", +[](Orchestration& ctx, HttpRequest request) -> Task<std::string> {
        const HttpResponse response = co_await http(ctx, request);
        co_return response.body_base64.value_or("text");
      });
  const std::string id = client_.start("raw", HttpRequest{.url = server.url("/")}).value();
  EXPECT_EQ(client_.wait(id).value().output_as<std::string>().value(), "/wAB");
}

TEST_F(HttpCall, RefusesAReachThatIsNoNetwork) {
  Registry registry;
  const auto refused = register_http(registry, {.allowed = {"here"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Targets and routes: what a request asks for, and who answers.
#include "transport/http/router.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "transport/http/target.h"

namespace perdure::transport::http {
namespace {

using Strings = std::vector<std::string>;

/// Keeps the answer.
class Sink final : public Outlet {
 public:
  void send(Response response) override { sent = std::move(response); }
  void begin(Head) override {}
  bool write(std::string) override { return false; }
  [[nodiscard]] std::size_t waiting() const override { return 0; }
  void end() override {}
  void on_interrupted(std::function<void(Interruption)>) override {}
  void after(base::Duration, std::function<void()>) override {}

  std::optional<Response> sent;
};

Handler says(const std::string& name) {
  return [name](const Request& request, const Answer& answer) {
    std::string body = name;
    for (const auto& [key, value] : request.parameters) body += " " + key + "=" + value;
    answer.send({.status = 200, .headers = {}, .body = body});
  };
}

Response ask(const Router& router, Method method, std::string_view target) {
  Request request;
  request.method = method;
  request.target = parse_target(target).value();
  const auto sink = std::make_shared<Sink>();
  router.serve(std::move(request), Answer(sink));
  return sink->sent.value_or(Response{.status = 0, .headers = {}, .body = {}});
}

Router some_routes() {
  Router router;
  router.add({.method = Method::kGet, .pattern = "/things", .handler = says("list")});
  router.add({.method = Method::kGet, .pattern = "/things/{id}", .handler = says("get")});
  router.add({.method = Method::kDelete, .pattern = "/things/{id}", .handler = says("delete")});
  router.add({.method = Method::kGet, .pattern = "/things/special", .handler = says("special")});
  router.add({.method = Method::kGet, .pattern = "/{any}/special", .handler = says("any")});
  router.add({.method = Method::kPost,
              .pattern = "/Loud/{id}/Words",
              .handler = says("loud"),
              .letters = Letters::kAnyCase});
  return router;
}

TEST(Target, IsTakenApartBeforeItIsDecoded) {
  const auto target = parse_target("/a%2Fb/c%20d?x=1&y&z=a%26b+c&x=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (Strings{"a/b", "c d"}));
  EXPECT_EQ(target->query.get("x"), "1");
  EXPECT_EQ(target->query.all("X"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_TRUE(target->query.has("y"));
  EXPECT_FALSE(target->query.has("w"));
  EXPECT_EQ(target->query.get("z"), "a&b c");
}

TEST(Target, ForgivesOneSlashAtTheEnd) {
  EXPECT_EQ(parse_target("/a/")->segments, Strings{"a"});
  EXPECT_EQ(parse_target("/a//")->segments, (Strings{"a", ""}));
  EXPECT_EQ(parse_target("/")->segments, Strings{});
  EXPECT_EQ(parse_target("/a//b")->segments, (Strings{"a", "", "b"}));
}

TEST(Target, MayBeAWholeAddress) {
  EXPECT_EQ(parse_target("http://host:1/a?b=c")->segments, Strings{"a"});
  EXPECT_EQ(parse_target("HTTPS://host")->segments, Strings{});
  EXPECT_EQ(parse_target("http://host?b=c")->query.get("b"), "c");
}

TEST(Target, RefusesWhatIsNone) {
  for (const std::string& wrong :
       {std::string("a"), std::string("*"), std::string("/%"), std::string("/?%1"),
        std::string("/a b"), std::string("/\x01"), std::string("ftp://host/"),
        std::string(kSegmentsMax + 1, '/') + "a", "/?" + std::string(2 * kQueryItemsMax, '&') + [] {
          std::string items;
          for (std::size_t i = 0; i <= kQueryItemsMax; ++i) items += "a&";
          return items;
        }()}) {
    const auto target = parse_target(wrong);
    ASSERT_FALSE(target) << wrong;
    EXPECT_EQ(target.error().code, base::ErrorCode::kInvalidArgument);
  }
}

TEST(Router, FindsTheRouteAndItsParameters) {
  const Router router = some_routes();
  EXPECT_EQ(ask(router, Method::kGet, "/things").body, "list");
  EXPECT_EQ(ask(router, Method::kGet, "/things/").body, "list");
  EXPECT_EQ(ask(router, Method::kGet, "/things/a%2Fb").body, "get id=a/b");
  EXPECT_EQ(ask(router, Method::kDelete, "/things/x").body, "delete id=x");
  EXPECT_EQ(ask(router, Method::kHead, "/things").body, "list");
}

TEST(Router, PrefersWordsToParameters) {
  const Router router = some_routes();
  EXPECT_EQ(ask(router, Method::kGet, "/things/special").body, "special");
  EXPECT_EQ(ask(router, Method::kGet, "/else/special").body, "any any=else");
  EXPECT_EQ(ask(router, Method::kDelete, "/things/special").body, "delete id=special");
}

TEST(Router, ComparesCaseOnlyWhereTheRouteDoes) {
  const Router router = some_routes();
  EXPECT_EQ(ask(router, Method::kPost, "/loud/Me/WORDS").body, "loud id=Me");
  EXPECT_EQ(ask(router, Method::kGet, "/Things").status, 404U);
}

TEST(Router, SaysWhatThereIs) {
  const Router router = some_routes();
  EXPECT_EQ(ask(router, Method::kGet, "/nothing").status, 404U);
  const Response wrong = ask(router, Method::kPut, "/things/x");
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(header_of(wrong.headers, "Allow"), "GET, DELETE");
}

}  // namespace
}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Against a real server on loopback, which the policies of these tests allow or do not.
#include "egress/fetch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "egress/testing/http_server.h"

namespace perdure::egress {
namespace {

using base::ErrorCode;

using testing::moved;
using testing::ok;
using testing::TestServer;

Fetcher allowing(const char* network, std::size_t body_bytes_max = 1000) {
  return Fetcher({.allowed = {*Network::parse(network)}, .body_bytes_max = body_bytes_max});
}

TEST(Fetch, BringsStatusHeadersAndBody) {
  TestServer server([](const std::string& head) {
    return head.starts_with("POST /a?b=1 ") ? ok("yes", "X-One: 1\r\nx-one: 2\r\n") : ok("no");
  });
  const auto answer = allowing("127.0.0.1")
                          .fetch({.method = "POST",
                                  .url = server.url("/a?b=1#fragment"),
                                  .headers = {{"X-Mine", "7"}},
                                  .body = "{}"});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "yes");
  EXPECT_EQ(answer->headers.at("x-ONE"), "1, 2");
  EXPECT_NE(server.seen().at(0).find("X-Mine: 7"), std::string::npos);
}

TEST(Fetch, TakesAnyStatusForAnAnswer) {
  TestServer server(
      [](const std::string&) { return "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"; });
  const auto answer = allowing("127.0.0.1").fetch({.url = server.url("/")});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
}

TEST(Fetch, ReachesNothingThatIsNotPublicUnlessAllowed) {
  TestServer server([](const std::string&) { return ok("secret"); });
  const auto answer = Fetcher({}).fetch({.url = server.url("/")});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(server.seen().empty());
}

TEST(Fetch, TakesARedirectForTheAnswerWhereThePolicySaysSo) {
  TestServer server([](const std::string&) { return moved("/elsewhere"); });
  const Fetcher fetcher({.allowed = {*Network::parse("127.0.0.1")}, .redirects_max = 0});
  const auto answer = fetcher.fetch({.url = server.url("/")});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(Fetch, TakesAUrlApart) {
  const auto url = parse_url("HTTPS://[::1]:8443/keys?a=b");
  ASSERT_TRUE(url.has_value()) << url.error().message;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "::1");
  for (const char* bad :
       {"", "keys.json", "/keys", "ftp://a/", "file:///etc/passwd", "https://user:secret@a/"}) {
    EXPECT_FALSE(parse_url(bad).has_value()) << bad;
  }
}

TEST(Fetch, FollowsARedirectAndChecksItLikeTheFirst) {
  TestServer server([](const std::string& head) {
    if (head.starts_with("GET /there ")) return ok("here");
    if (head.starts_with("GET /out ")) return moved("http://127.0.0.2/");
    return moved("/there");
  });
  const Fetcher fetcher = allowing("127.0.0.1");
  EXPECT_EQ(fetcher.fetch({.url = server.url("/")})->body, "here");
  EXPECT_EQ(fetcher.fetch({.url = server.url("/out")}).error().code, ErrorCode::kPermissionDenied);
}

TEST(Fetch, EndsAfterSomeRedirects) {
  TestServer server([](const std::string&) { return moved("/again"); });
  EXPECT_EQ(allowing("127.0.0.1").fetch({.url = server.url("/")}).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(server.seen().size(), 1U + kRedirectsMax);
}

TEST(Fetch, TakesNoCredentialsToAnotherOrigin) {
  TestServer other([](const std::string&) { return ok("there"); });
  TestServer server([&](const std::string& head) {
    return head.starts_with("GET /same ") ? ok("same")
           : head.starts_with("GET /a ")  ? moved("/same")
                                          : moved(other.url("/"), 307);
  });
  const Fetcher fetcher = allowing("127.0.0.1");
  const Headers secret{{"Authorization", "Bearer x"}, {"Cookie", "c=1"}};
  ASSERT_TRUE(fetcher.fetch({.url = server.url("/a"), .headers = secret}).has_value());
  EXPECT_NE(server.seen().at(1).find("Bearer x"), std::string::npos);
  ASSERT_TRUE(fetcher.fetch({.url = server.url("/b"), .headers = secret}).has_value());
  EXPECT_EQ(other.seen().at(0).find("Bearer x"), std::string::npos);
  EXPECT_EQ(other.seen().at(0).find("c=1"), std::string::npos);
}

TEST(Fetch, CutsOffWhatIsTooLarge) {
  TestServer server([](const std::string& head) {
    return head.starts_with("GET /head ")
               ? ok("", "X-Long: " + std::string(kHeaderBytesMax, 'x') + "\r\n")
               : ok(std::string(1001, 'x'));
  });
  const Fetcher fetcher = allowing("127.0.0.1");
  EXPECT_EQ(fetcher.fetch({.url = server.url("/")}).error().code, ErrorCode::kPayloadTooLarge);
  EXPECT_FALSE(fetcher.fetch({.url = server.url("/head")}).has_value());
}

TEST(Fetch, SaysWhenNobodyAnswers) {
  int port = 0;
  {
    TestServer gone([](const std::string&) { return ok(""); });
    port = gone.port();
  }
  EXPECT_EQ(
      allowing("127.0.0.1").fetch({.url = fmt::format("http://127.0.0.1:{}/", port)}).error().code,
      ErrorCode::kUnavailable);
}

TEST(Fetch, SendsNoHeaderThatCouldBeTwo) {
  const Fetcher fetcher = allowing("127.0.0.1");
  for (const Headers& headers : {Headers{{"a", "b\r\nHost: x"}}, Headers{{"a\n", "b"}},
                                 Headers{{"", "b"}}, Headers{{"a b", "c"}}}) {
    EXPECT_EQ(fetcher.fetch({.url = "http://127.0.0.1/", .headers = headers}).error().code,
              ErrorCode::kInvalidArgument);
  }
}

/// Every spelling of a forbidden place, in every form of URL: none gets as far as a connection.
TEST(Fetch, IsNotTalkedIntoAForbiddenAddress) {
  const std::vector<std::string> hosts{"127.0.0.1",
                                       "127.1",
                                       "127.0.1",
                                       "2130706433",
                                       "0x7f000001",
                                       "0x7f.1",
                                       "0177.0.0.1",
                                       "017700000001",
                                       "0",
                                       "0.0.0.0",
                                       "127.255.255.254",
                                       "10.0.0.1",
                                       "10.1",
                                       "0xa.0.0.1",
                                       "172.16.0.1",
                                       "192.168.1.1",
                                       "0xc0a80101",
                                       "169.254.169.254",
                                       "0xa9fea9fe",
                                       "2852039166",
                                       "0251.0376.0251.0376",
                                       "100.64.0.1",
                                       "198.18.0.1",
                                       "224.0.0.1",
                                       "255.255.255.255",
                                       "[::1]",
                                       "[::]",
                                       "[0:0:0:0:0:0:0:1]",
                                       "[::ffff:127.0.0.1]",
                                       "[::ffff:7f00:1]",
                                       "[::ffff:a9fe:a9fe]",
                                       "[64:ff9b::7f00:1]",
                                       "[2002:7f00:1::]",
                                       "[fd00::1]",
                                       "[fe80::1]",
                                       "[ff02::1]",
                                       "[2001:db8::1]",
                                       "[::127.0.0.1]",
                                       "localhost",
                                       "LOCALHOST",
                                       "localhost."};
  const std::vector<std::string> forms{"http://{}/",
                                       "https://{}/",
                                       "http://{}:80/",
                                       "http://{}:22/",
                                       "HTTP://{}/latest/",
                                       "http://{}?x=http://example.com",
                                       "http://{}#@example.com",
                                       "http://example.com@{}/"};
  const Fetcher fetcher({});
  std::size_t tried = 0;
  for (const std::string& host : hosts) {
    for (const std::string& form : forms) {
      std::string url = form;
      url.replace(url.find("{}"), 2, host);
      const auto answer = fetcher.fetch({.url = url});
      ASSERT_FALSE(answer.has_value()) << url;
      EXPECT_TRUE(answer.error().code == ErrorCode::kPermissionDenied ||
                  answer.error().code == ErrorCode::kInvalidArgument ||
                  answer.error().message.find("is not known") != std::string::npos)
          << url << ": " << answer.error().message;
      ++tried;
    }
  }
  for (const char* url : {"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/",
                          "dict://127.0.0.1:11211/", "javascript:1", "//127.0.0.1/", "/path", "",
                          "http://", "ldap://127.0.0.1", "http://user:p@127.0.0.1/"}) {
    EXPECT_EQ(fetcher.fetch({.url = url}).error().code, ErrorCode::kInvalidArgument) << url;
    ++tried;
  }
  EXPECT_GE(tried, 300U);
}

}  // namespace
}  // namespace perdure::egress

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Real fetches from a real server on loopback, which counts them; the time between them is virtual.
#include "server/token_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "access/testing/signer.h"
#include "egress/testing/http_server.h"

namespace perdure::server {
namespace {

using access::Algorithm;
using access::testing::key_set;
using access::testing::Signer;
using egress::testing::TestServer;

/// Of virtual time; the clock's start is 1'700'000'000.
constexpr std::string_view kClaims =
    R"({"iss":"id","aud":"us","sub":"ann","nbf":1699999000,"exp":1800000000,"scope":"read:own"})";

class TokenKeysTest : public ::testing::Test {
 protected:
  TokenKeysTest()
      : server_([this](const std::string&) {
          const std::lock_guard lock(mutex_);
          return answer_;
        }),
        guard_(open(server_.url("/keys"))),
        keys_(server_.url("/keys"), guard_, clock_, log_) {}

  access::Guard open(const std::string& url) {
    return access::Guard::open({.default_hub = "own",
                                .jwks_url = url,
                                .issuer = "id",
                                .audience = "us",
                                .scopes_claim = "scope"},
                               clock_)
        .value();
  }
  void answer(std::string text) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(text);
  }
  void publish(std::initializer_list<std::string> jwks) {
    answer(egress::testing::ok(key_set(jwks)));
  }
  std::size_t fetches() { return server_.seen().size(); }
  bool is_known(const std::string& token) {
    return guard_.admit({.authorization = "Bearer " + token}, access::Action::kRead, "own")
        .has_value();
  }
  bool is_let_in(const Signer& signer) { return is_known(signer.token(kClaims)); }
  /// As the thread would, for so long.
  void pass(base::Duration span) {
    const base::Timestamp end = clock_.monotonic() + span;
    for (base::Duration wait = keys_.step(); clock_.monotonic() + wait <= end;) {
      clock_.advance(wait);
      wait = keys_.step();
    }
    clock_.advance(end - clock_.monotonic());
    keys_.step();
  }

  std::mutex mutex_;
  std::string answer_ = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
  TestServer server_;
  runtime::ManualClock clock_;
  Log log_{LogLevel::kWarning};
  access::Guard guard_;
  TokenKeys keys_;
  Signer first_{Algorithm::kEdDsa, "first"};
  Signer second_{Algorithm::kEs256, "second"};
};

TEST_F(TokenKeysTest, are_there_after_the_first_step_and_fetched_again_every_quarter_of_an_hour) {
  publish({first_.jwk()});
  EXPECT_EQ(keys_.step(), kFetchEvery);
  EXPECT_TRUE(is_let_in(first_));
  EXPECT_EQ(fetches(), 1U);
  EXPECT_NE(server_.seen().at(0).find("GET /keys "), std::string::npos);
  pass(base::seconds(14 * 60));
  EXPECT_EQ(fetches(), 1U);
  publish({first_.jwk(), second_.jwk()});
  pass(base::seconds(61));
  EXPECT_EQ(fetches(), 2U);
  EXPECT_TRUE(is_let_in(second_));
}

TEST_F(TokenKeysTest, a_new_key_is_known_soon_after_somebody_used_it) {
  publish({first_.jwk()});
  keys_.step();
  publish({second_.jwk()});
  clock_.advance(kFetchEveryMin);
  EXPECT_FALSE(is_let_in(second_));
  EXPECT_EQ(keys_.step(), kFetchEvery);
  EXPECT_TRUE(is_let_in(second_));
  EXPECT_FALSE(is_let_in(first_)) << "it is gone, for what was verified too";
}

TEST_F(TokenKeysTest, a_flood_of_keys_that_do_not_exist_is_no_flood_of_fetches) {
  publish({first_.jwk()});
  keys_.step();
  ASSERT_EQ(fetches(), 1U);
  const std::string made_up = second_.token(kClaims);
  // Ten minutes; in each second ten tokens, and the thread woken by each.
  for (int second = 0; second < 600; ++second) {
    clock_.advance(base::seconds(1));
    for (int i = 0; i < 10; ++i) {
      EXPECT_FALSE(is_known(made_up));
      keys_.step();
    }
  }
  EXPECT_EQ(fetches(), 1U + 600 / 30);
  EXPECT_TRUE(is_let_in(first_));
}

TEST_F(TokenKeysTest, what_was_fetched_stays_in_use_while_nothing_can_be_fetched) {
  publish({first_.jwk()});
  keys_.step();
  for (const std::string& bad : std::vector<std::string>{
           "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
           egress::testing::ok("<html>please log in</html>"),
           egress::testing::ok(R"({"keys":[]})"),
           egress::testing::moved("/elsewhere"),
           egress::testing::ok(std::string(kJwksBytesMax + 1, ' ')),
       }) {
    answer(bad);
    const std::size_t before = fetches();
    pass(kFetchEvery);
    EXPECT_GT(fetches(), before);
    EXPECT_TRUE(is_let_in(first_)) << bad.substr(0, 60);
  }
  publish({second_.jwk()});
  pass(kFetchEveryMin);
  EXPECT_TRUE(is_let_in(second_));
}

TEST_F(TokenKeysTest, one_line_tells_of_a_failure_however_long_it_lasts) {
  ::testing::internal::CaptureStderr();
  pass(base::seconds(3600));
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_GT(fetches(), 100U);
  EXPECT_EQ(std::ranges::count(told, '\n'), 1) << told;
  EXPECT_NE(told.find(server_.url("/keys") + ": the answer has the status 503"), std::string::npos)
      << told;
  EXPECT_NE(told.find("no token is believed"), std::string::npos) << told;

  publish({first_.jwk()});
  pass(kFetchEveryMin);
  EXPECT_TRUE(is_let_in(first_));
  answer("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  ::testing::internal::CaptureStderr();
  pass(base::seconds(3600));
  const std::string again = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(again, '\n'), 1) << again;
  EXPECT_NE(again.find("the keys of before stay known"), std::string::npos) << again;
}

TEST_F(TokenKeysTest, without_any_key_the_first_tries_follow_each_other_faster) {
  EXPECT_EQ(keys_.step(), base::seconds(1));
  EXPECT_EQ(fetches(), 1U);
  pass(base::seconds(1 + 2 + 4 + 8 + 16));
  EXPECT_EQ(fetches(), 6U);
  pass(base::seconds(300));
  EXPECT_EQ(fetches(), 16U);
}

TEST_F(TokenKeysTest, an_operator_need_not_wait) {
  publish({first_.jwk()});
  keys_.step();
  keys_.step();
  EXPECT_EQ(fetches(), 1U);
  keys_.ask_at_once();
  keys_.step();
  EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenKeysTest, a_thread_does_all_of_it) {
  publish({first_.jwk()});
  keys_.begin();
  EXPECT_TRUE(is_let_in(first_)) << "begin waits for the first fetch";
  publish({second_.jwk()});
  clock_.advance(kFetchEveryMin);
  while (!is_let_in(second_)) std::this_thread::yield();
}

}  // namespace
}  // namespace perdure::server

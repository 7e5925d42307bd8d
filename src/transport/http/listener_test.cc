// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The listener over real sockets, with a handler of the test: what it accepts, what it refuses, and
// what it does when the other side misbehaves. Spans of time only bound how long a test may wait.
#include "transport/http/listener.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "transport/http/testing/client.h"

namespace perdure::transport::http {
namespace {

using testing::Client;

constexpr base::Duration kPatience = base::seconds(60);
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Answers what it was sent: "METHOD target body".
void echo(const Request& request, const Answer& answer) {
  answer.send({.status = 200,
               .headers = {},
               .body = fmt::format("{} {} {}", method_name(request.method), request.target.text,
                                   request.body)});
}

/// Keeps what a handler was given until the test answers.
class Waiting {
 public:
  Handler handler() {
    return [this](const Request& request, const Answer& answer) {
      listen(answer);
      silent_handler()(request, answer);
    };
  }
  /// Does not ask to be told of interruptions.
  Handler silent_handler() {
    return [this](const Request&, const Answer& answer) {
      const runtime::Lock lock(mutex_);
      answers_.push_back(answer);
      changed_.notify_all();
    };
  }
  void listen(const Answer& answer) {
    answer.on_interrupted([this](Interruption why) {
      const runtime::Lock lock(mutex_);
      interruptions_.push_back(why);
      changed_.notify_all();
    });
  }
  Answer take() {
    runtime::Lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return !answers_.empty(); }));
    Answer answer = answers_.front();
    answers_.erase(answers_.begin());
    return answer;
  }
  bool was_told(Interruption why) {
    runtime::Lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] {
      return std::ranges::find(interruptions_, why) != interruptions_.end();
    });
  }

 private:
  runtime::Mutex mutex_;
  runtime::Condition changed_;
  std::vector<Answer> answers_;
  std::vector<Interruption> interruptions_;
};

class ListenerTest : public ::testing::Test {
 protected:
  void open(const Handler& handler, const ListenerLimits& limits = {}) {
    ListenerOptions options;
    options.limits = limits;
    auto opened = Listener::open(options, handler, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    listener_ = *std::move(opened);
  }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

  runtime::SystemClock clock_;
  Waiting waiting_;  // outlives the listener, which calls it back
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, AnswersOneRequestAfterTheOtherOnOneConnection) {
  open(echo);
  Client client(port());
  for (int i = 0; i < 3; ++i) {
    const auto response = client.ask("POST", "/a?b=c", "some bytes", "text/plain");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "POST /a?b=c some bytes");
    EXPECT_EQ(header_of(response->headers, "Connection"), "keep-alive");
  }
  EXPECT_EQ(listener_->stats().accepted, 1U);
}

TEST_F(ListenerTest, TakesABodyInChunks) {
  open(echo);
  Client client(port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response()->body, "POST / abcde");
}

TEST_F(ListenerTest, AnswersPipelinedRequestsInTheirOrder) {
  open(echo);
  Client client(port());
  std::string all;
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) {
    all += fmt::format("POST /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", i);
  }
  // More than the listener keeps: the rest waits in the socket.
  const runtime::Thread sender("sender", [&] { client.send(all); });
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_EQ(client.read_response()->body, fmt::format("POST /{} hi", i));
  }
}

TEST_F(ListenerTest, ReadsARequestThatArrivesByteByByte) {
  open(echo);
  Client client(port());
  for (const char c : std::string("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) {
    client.send({&c, 1});
  }
  EXPECT_EQ(client.read_response()->body, "PUT /x abc");
}

TEST_F(ListenerTest, ClosesAfterTheAnswerWhenAskedTo) {
  open(echo);
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    Client client(port());
    client.send(request);
    EXPECT_EQ(header_of(client.read_response()->headers, "Connection"), "close");
    EXPECT_TRUE(client.is_closed());
  }
}

TEST_F(ListenerTest, AnswersHeadWithoutABody) {
  open(echo);
  Client client(port());
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 7\r\n"), std::string::npos) << head;
  EXPECT_EQ(client.ask("GET", "/")->body, "GET / ") << "the next answer follows at once";
}

TEST_F(ListenerTest, AsksForABodyThatWaitsToBeAskedFor) {
  open(echo);
  Client client(port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_EQ(client.read_response()->body, "POST / hi");
}

struct Refusal {
  std::string request;
  unsigned status;
};

TEST_F(ListenerTest, RefusesWhatIsNoRequest) {
  open(echo, {.header_bytes_max = 1024, .body_bytes_max = 1000});
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::vector<Refusal> refusals = {
      {"nonsense\r\n\r\n", 400},
      {"\x16\x03\x01 a handshake of TLS\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
      {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {post + "Content-Length: x\r\n\r\n", 400},
      {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", 415},
      {post + "Content-Length: 1001\r\n\r\n", 413},
      {post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'a'), 413},
      {post + "Transfer-Encoding: chunked\r\n\r\nnope\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nBig: " + std::string(1100, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
  };
  for (const Refusal& refusal : refusals) {
    Client client(port());
    client.send(refusal.request);
    const auto response = client.read_response();
    ASSERT_TRUE(response) << refusal.request.substr(0, 80);
    EXPECT_EQ(response->status, refusal.status) << refusal.request.substr(0, 80) << response->body;
    EXPECT_EQ(header_of(response->headers, "Connection"), "close");
    EXPECT_TRUE(client.is_closed());
  }
  EXPECT_EQ(listener_->stats().rejected, refusals.size());
  EXPECT_EQ(Client(port()).ask("GET", "/")->status, 200U);
}

TEST_F(ListenerTest, BodiesTogetherAreBounded) {
  open(waiting_.handler(), {.body_bytes_max = 1000, .bodies_bytes_max = 1500});
  Client first(port());
  first.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'a'));
  const Answer answer = waiting_.take();
  Client second(port());
  const auto refused = second.ask("POST", "/", std::string(900, 'b'));
  EXPECT_EQ(refused->status, 429U);
  EXPECT_EQ(header_of(refused->headers, "Retry-After"), "1");
  answer.send({});
  EXPECT_EQ(first.read_response()->status, 200U);
  Client third(port());
  third.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'b'));
  waiting_.take().send({});
  EXPECT_EQ(third.read_response()->status, 200U);
}

TEST_F(ListenerTest, GivesUpAHeaderThatDoesNotEnd) {
  open(echo, {.header = base::milliseconds(100)});
  Client client(port());
  client.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read_response()->status, 408U);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(listener_->stats().given_up, 1U);
}

TEST_F(ListenerTest, GivesUpABodyThatDoesNotArrive) {
  open(echo, {.grace = base::milliseconds(100)});
  Client client(port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.read_response()->status, 408U);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ListenerTest, ClosesAnIdleConnection) {
  open(echo, {.idle = base::milliseconds(100)});
  Client client(port());
  EXPECT_EQ(client.ask("GET", "/")->status, 200U);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ListenerTest, ClosesAnOldConnectionAfterAnAnswer) {
  open(echo, {.age = base::microseconds(0)});
  Client client(port());
  EXPECT_EQ(header_of(client.ask("GET", "/")->headers, "Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ListenerTest, GivesUpAReaderThatDoesNotRead) {
  const std::string large(std::size_t{32} << 20, 'a');
  open([&](const Request&,
           const Answer& answer) { answer.send({.status = 200, .headers = {}, .body = large}); },
       {.bytes_per_second_min = std::size_t{1} << 40, .grace = base::milliseconds(200)});
  Client client(port(), Client::Window::kSmall);
  client.send(kGet);
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("200"), std::string::npos);
  while (listener_->stats().given_up == 0) runtime::Signal().wait_for(base::milliseconds(10));
  EXPECT_LT(client.read_rest().size(), large.size());
}

TEST_F(ListenerTest, GivesUpAStreamThatNobodyReads) {
  open(waiting_.handler(), {.stream_bytes_max = 100'000});
  Client client(port(), Client::Window::kSmall);
  client.send(kGet);
  const Answer answer = waiting_.take();
  answer.begin({});
  bool open_still = true;
  for (int i = 0; i < 100'000 && open_still; ++i)
    open_still = answer.write(std::string(10'000, 'a'));
  EXPECT_FALSE(open_still);
  EXPECT_TRUE(waiting_.was_told(Interruption::kGone));
  EXPECT_FALSE(answer.write("more"));
}

TEST_F(ListenerTest, StreamsInChunks) {
  open(waiting_.handler());
  Client client(port());
  client.send(kGet);
  const Answer answer = waiting_.take();
  EXPECT_FALSE(answer.write("nothing goes before the head"));
  answer.begin({.status = 201, .headers = {{"X", "y"}}});
  EXPECT_TRUE(answer.write("one "));
  EXPECT_TRUE(answer.write("two"));
  answer.end();
  const auto response = client.read_response();
  EXPECT_EQ(response->status, 201U);
  EXPECT_EQ(response->body, "one two");
  client.send(kGet);
  waiting_.take().send({.status = 204, .headers = {}, .body = {}});
  EXPECT_EQ(client.read_response()->status, 204U);
}

TEST_F(ListenerTest, StreamsToAnOldClientUntilTheEndOfTheConnection) {
  open(waiting_.handler());
  Client client(port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const Answer answer = waiting_.take();
  answer.begin({});
  EXPECT_TRUE(answer.write("plain"));
  answer.end();
  EXPECT_TRUE(client.read_rest().ends_with("\r\n\r\nplain"));
}

TEST_F(ListenerTest, OnlyTheFirstAnswerCounts) {
  open([](const Request&, const Answer& answer) {
    answer.send({.status = 200, .headers = {}, .body = "first"});
    answer.send({.status = 500, .headers = {}, .body = "second"});
  });
  Client client(port());
  EXPECT_EQ(client.ask("GET", "/")->body, "first");
  EXPECT_EQ(client.ask("GET", "/")->body, "first");
}

TEST_F(ListenerTest, AnswersForAHandlerThatForgets) {
  open([](const Request&, const Answer&) {});
  EXPECT_EQ(Client(port()).ask("GET", "/")->status, 500U);
}

TEST_F(ListenerTest, AHeaderCanNotBeginAnother) {
  open([](const Request&, const Answer& answer) {
    answer.send({.status = 200, .headers = {{"Location", "/a\r\nEvil: yes"}}, .body = {}});
  });
  const auto response = Client(port()).ask("GET", "/");
  EXPECT_EQ(header_of(response->headers, "Location"), "/a__Evil: yes");
  EXPECT_EQ(header_of(response->headers, "Evil"), "");
}

TEST_F(ListenerTest, NoticesThatTheClientLeft) {
  open(waiting_.handler());
  auto client = std::make_unique<Client>(port());
  client->send(kGet);
  const Answer answer = waiting_.take();
  client.reset();
  EXPECT_TRUE(waiting_.was_told(Interruption::kGone));
  answer.send({});  // goes nowhere
  EXPECT_EQ(Client(port()).send(kGet), true);
}

TEST_F(ListenerTest, TellsWhoAsksLateThatTheClientLeft) {
  open(waiting_.silent_handler());
  std::make_unique<Client>(port())->send(kGet);
  const Answer answer = waiting_.take();
  while (listener_->stats().connections > 0) runtime::Signal().wait_for(base::milliseconds(5));
  waiting_.listen(answer);
  EXPECT_TRUE(waiting_.was_told(Interruption::kGone));
}

TEST_F(ListenerTest, CallsBackAfterASpanOnlyWhileSomebodyWaits) {
  std::atomic<int> calls = 0;
  open([&](const Request& request, const Answer& answer) {
    answer.after(base::milliseconds(1), [&calls, answer] {
      ++calls;
      answer.send({.status = 200, .headers = {}, .body = "late"});
    });
    if (request.target.text == "/now") answer.send({.status = 200, .headers = {}, .body = "now"});
  });
  Client client(port());
  EXPECT_EQ(client.ask("GET", "/now")->body, "now");
  EXPECT_EQ(client.ask("GET", "/")->body, "late");
  EXPECT_EQ(client.ask("GET", "/now")->body, "now");
  EXPECT_EQ(client.ask("GET", "/")->body, "late");
  EXPECT_EQ(calls, 2);
}

TEST_F(ListenerTest, ConnectionsOfOneAddressAreBounded) {
  open(echo, {.connections_per_address_max = 2});
  auto first = std::make_unique<Client>(port());
  Client second(port());
  EXPECT_EQ(first->ask("GET", "/")->status, 200U);
  EXPECT_EQ(second.ask("GET", "/")->status, 200U);
  Client third(port());
  EXPECT_EQ(third.read_response()->status, 503U);
  EXPECT_TRUE(third.is_closed());
  EXPECT_EQ(listener_->stats().refused, 1U);
  first.reset();
  while (listener_->stats().connections > 1) runtime::Signal().wait_for(base::milliseconds(5));
  EXPECT_EQ(Client(port()).ask("GET", "/")->status, 200U);
  EXPECT_EQ(second.ask("GET", "/")->status, 200U);
}

TEST_F(ListenerTest, DrainsInOrder) {
  open(waiting_.handler());
  Client idle(port());
  Client busy(port());
  busy.send(kGet);
  const Answer answer = waiting_.take();
  bool all_ended = false;
  {
    const runtime::Thread drain("drain", [&] { all_ended = listener_->drain(kPatience); });
    EXPECT_TRUE(waiting_.was_told(Interruption::kDraining));
    EXPECT_TRUE(idle.is_closed());
    answer.send({.status = 200, .headers = {}, .body = "done"});
    const auto response = busy.read_response();
    EXPECT_EQ(response->body, "done");
    EXPECT_EQ(header_of(response->headers, "Connection"), "close");
    busy.shut_sending();
  }
  EXPECT_TRUE(all_ended);
  EXPECT_EQ(listener_->stats().connections, 0U);
}

TEST_F(ListenerTest, ADrainDoesNotWaitForEver) {
  open(waiting_.handler());
  Client client(port());
  client.send(kGet);
  const Answer answer = waiting_.take();
  EXPECT_FALSE(listener_->drain(base::milliseconds(50)));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ListenerTest, AnswersMayBeGivenAfterItsEnd) {
  open(waiting_.handler());
  Client client(port());
  client.send(kGet);
  const Answer answer = waiting_.take();
  listener_.reset();
  EXPECT_TRUE(waiting_.was_told(Interruption::kGone));
  EXPECT_TRUE(client.is_closed());
  answer.send({});
  answer.after(base::seconds(1), [answer] { FAIL(); });
  bool told = false;
  answer.on_interrupted([&](Interruption) { told = true; });
  EXPECT_TRUE(told);
}

TEST_F(ListenerTest, SaysWhyItCanNotListen) {
  open(echo);
  const auto taken = Listener::open({.port = port()}, echo, clock_);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, base::ErrorCode::kUnavailable);
  const auto nonsense = Listener::open({.address = "nowhere"}, echo, clock_);
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error().code, base::ErrorCode::kInvalidArgument);
  const auto no_file =
      Listener::open({.certificate_file = "/none", .key_file = "/none"}, echo, clock_);
  ASSERT_FALSE(no_file);
  EXPECT_NE(no_file.error().message.find("/none"), std::string::npos);
}

TEST_F(ListenerTest, ServesManyClientsAtOnce) {
  open(echo, {.connections_per_address_max = 100});
  constexpr int kClients = 20;
  constexpr int kRequests = 50;
  std::atomic<int> good = 0;
  {
    std::vector<runtime::Thread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back("client", [&, i] {
        Client client(port());
        for (int k = 0; k < kRequests; ++k) {
          const auto response = client.ask("POST", fmt::format("/{}/{}", i, k), "body");
          if (response && response->body == fmt::format("POST /{}/{} body", i, k)) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, kClients * kRequests);
}

}  // namespace
}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "remote/talk.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <perdure/worker.grpc.pb.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "model/event.h"
#include "transport/worker/testing/server.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::remote {
namespace {

using worker_service::testing::Server;
using Answer = base::Result<v1::ClientAnswer>;

/// A client, which holds its channel until its streams are gone.
struct Client {
  /// A stream that begins before there is a connection may end at once.
  explicit Client(const std::string& address) : way(make_way(ConnectOptions(address)).value()) {
    EXPECT_TRUE(wait_for_connection(way, address, base::seconds(60)));
  }
  ~Client() {
    talk->close();
    talk.reset();
    talks->wait_until_none();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Talk* operator->() const { return talk.get(); }
  Talk& operator*() const { return *talk; }

  Way way;
  std::shared_ptr<Talks> talks = std::make_shared<Talks>();
  std::shared_ptr<Talk> talk =
      std::make_shared<Talk>(way, v1::Clients::NewStub(way.channel), talks);
};

v1::ClientCall start_of(const std::string& id, std::string input = {}) {
  v1::ClientCall call;
  call.mutable_start()->set_id(id);
  call.mutable_start()->set_started(worker_wire::one_to_wire(
      model::ExecutionStarted{.name = "nobody's", .input = std::move(input)}));
  return call;
}

v1::ClientCall wait_of(const std::string& id) {
  v1::ClientCall call;
  call.mutable_wait()->set_id(id);
  return call;
}

/// Asks as soon as the stream is open.
std::future<Answer> ask(Talk& talk, v1::ClientCall call) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  Talk::Then then = [promise](Answer said) { promise->set_value(std::move(said)); };
  while (!talk.ask(call, Talk::Patience::kCommit, then)) {
    if (talk.has_ended()) {
      then(base::fail(base::ErrorCode::kInternal, "the stream ended before it was open"));
      break;
    }
    std::this_thread::yield();
  }
  return answer;
}

void wait_for_end(const Talk& talk) {
  while (!talk.has_ended()) std::this_thread::yield();
}

TEST(Talk, TakesNothingBeforeItIsOpenAndThenAnswersEachCall) {
  Server server;
  const Client talk(server.address());
  v1::ClientCall call = start_of("a");
  Talk::Then never = [](const Answer&) { FAIL(); };
  EXPECT_FALSE(talk->ask(call, Talk::Patience::kCommit, never));
  talk->begin();
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 500; ++i) answers.push_back(ask(*talk, start_of(std::to_string(i))));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get()->started().id(), std::to_string(i));
  }
  const Answer again = ask(*talk, start_of("0")).get();
  EXPECT_EQ(worker_wire::error_from(again->problem()).code, base::ErrorCode::kAlreadyExists);
}

TEST(Talk, ACallbackMayAskMore) {
  Server server;
  const Client talk(server.address());
  talk->begin();
  (void)ask(*talk, start_of("a")).get();
  std::promise<Answer> last;
  Talk::Then second = [&](Answer said) { last.set_value(std::move(said)); };
  Talk::Then first = [&](const Answer&) {
    v1::ClientCall call = start_of("c");
    EXPECT_TRUE(talk->ask(call, Talk::Patience::kCommit, second));
  };
  v1::ClientCall call = start_of("b");
  ASSERT_TRUE(talk->ask(call, Talk::Patience::kCommit, first));
  EXPECT_EQ(last.get_future().get()->started().id(), "c");
}

TEST(Talk, LeavesALargeCallToOthers) {
  Server server;
  const Client talk(server.address());
  talk->begin();
  (void)ask(*talk, start_of("a")).get();
  v1::ClientCall call = start_of("b", std::string(kTalkCallBytesMax, 'x'));
  Talk::Then never = [](const Answer&) { FAIL(); };
  EXPECT_FALSE(talk->ask(call, Talk::Patience::kCommit, never));
}

TEST(Talk, TellsWhoeverWaitsThatItsStreamIsLost) {
  Server server;
  const Client talk(server.address());
  talk->begin();
  (void)ask(*talk, start_of("a")).get();
  auto answer = ask(*talk, wait_of("a"));
  server.go_down();
  EXPECT_EQ(answer.get().error().code, base::ErrorCode::kUnavailable);
  wait_for_end(*talk);
  v1::ClientCall call = start_of("b");
  Talk::Then never = [](const Answer&) { FAIL(); };
  EXPECT_FALSE(talk->ask(call, Talk::Patience::kCommit, never));
  EXPECT_FALSE(talk->is_unknown());
}

TEST(Talk, EndsWithItsLastAnswer) {
  Server server;
  const Client talk(server.address());
  talk->begin();
  (void)ask(*talk, start_of("a")).get();
  auto answer = ask(*talk, start_of("b"));
  talk->let_end();
  EXPECT_EQ(answer.get()->started().id(), "b");
}

TEST(Talk, ClosesWithoutWhatWaitsForLong) {
  Server server;
  std::future<Answer> answer;
  {
    const Client talk(server.address());
    talk->begin();
    (void)ask(*talk, start_of("a")).get();
    auto promise = std::make_shared<std::promise<Answer>>();
    answer = promise->get_future();
    v1::ClientCall call = wait_of("a");
    Talk::Then then = [promise](Answer said) { promise->set_value(std::move(said)); };
    ASSERT_TRUE(talk->ask(call, Talk::Patience::kForEver, then));
  }
  EXPECT_EQ(answer.get().error().code, base::ErrorCode::kUnavailable);
}

TEST(Talk, KnowsAServerThatDoesNotKnowStreams) {
  v1::Workers::Service other;
  ::grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", ::grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&other);
  const auto server = builder.BuildAndStart();
  const Client talk("127.0.0.1:" + std::to_string(port));
  talk->begin();
  wait_for_end(*talk);
  EXPECT_TRUE(talk->is_unknown());
  server->Shutdown();
}

}  // namespace
}  // namespace perdure::remote

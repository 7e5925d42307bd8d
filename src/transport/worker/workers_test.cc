// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Workers that no SDK of ours is: they answer what they do not hold, do not read, speak out of
// turn.
#include "transport/worker/workers.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <perdure/clients.grpc.pb.h>
#include <perdure/worker.grpc.pb.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "transport/worker/testing/server.h"
#include "transport/worker/token.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_service {
namespace {

using testing::Server;

std::shared_ptr<::grpc::Channel> channel_to(const Server& server) {
  ::grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(worker_wire::kMessageBytesMax);
  return ::grpc::CreateCustomChannel(server.address(), ::grpc::InsecureChannelCredentials(),
                                     arguments);
}

v1::WorkerMessage hello(std::uint32_t turns, std::uint32_t activities) {
  v1::WorkerMessage message;
  message.mutable_hello()->set_protocol(worker_wire::kProtocol);
  message.mutable_hello()->set_identity("raw");
  message.mutable_credit()->set_turns(turns);
  message.mutable_credit()->set_activities(activities);
  return message;
}

/// A worker by hand.
class Raw {
 public:
  explicit Raw(const Server& server, const std::string& hub = "default")
      : stub_(v1::Workers::NewStub(channel_to(server))) {
    context_.AddMetadata("taskhub", hub);
    stream_ = stub_->Work(&context_);
  }
  ~Raw() {
    if (!stream_) return;
    context_.TryCancel();
    (void)finish();
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  bool send(const v1::WorkerMessage& message) { return stream_->Write(message); }
  /// The next message; fails the test if the stream has ended.
  v1::ServerMessage read() {
    v1::ServerMessage message;
    EXPECT_TRUE(stream_->Read(&message));
    return message;
  }
  v1::Turn read_turn() {
    for (;;) {
      v1::ServerMessage message = read();
      if (message.turns_size() > 0) return message.turns(0);
      if (::testing::Test::HasFailure()) return {};
    }
  }
  /// Reads to the end.
  ::grpc::Status finish() {
    v1::ServerMessage message;
    while (stream_->Read(&message)) {
    }
    const ::grpc::Status status = stream_->Finish();
    stream_.reset();
    return status;
  }
  void cancel() { context_.TryCancel(); }

 private:
  ::grpc::ClientContext context_;
  std::unique_ptr<v1::Workers::Stub> stub_;
  std::unique_ptr<::grpc::ClientReaderWriter<v1::WorkerMessage, v1::ServerMessage>> stream_;
};

void start(const Server& server, const std::string& id, model::Payload input = {}) {
  const auto stub = v1::Clients::NewStub(channel_to(server));
  ::grpc::ClientContext context;
  v1::StartRequest request;
  request.set_id(id);
  model::ExecutionStarted started;
  started.name = "anything";
  started.input = std::move(input);
  request.set_started(worker_wire::one_to_wire(std::move(started)));
  v1::StartReply reply;
  const ::grpc::Status status = stub->Start(&context, request, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

model::Status status_of(const Server& server, const std::string& id) {
  const auto stub = v1::Clients::NewStub(channel_to(server));
  ::grpc::ClientContext context;
  v1::GetRequest request;
  request.set_id(id);
  v1::Instance reply;
  EXPECT_TRUE(stub->Get(&context, request, &reply).ok());
  return worker_wire::snapshot_from(reply, "default")->record.status;
}

v1::TurnAnswer completed(const std::string& token) {
  v1::TurnAnswer answer;
  answer.set_token(token);
  model::TurnResult result{.actions = {}, .outcome = model::Completed{}, .custom_status = {}};
  worker_wire::to_wire(result, *answer.mutable_result());
  return answer;
}

TEST(Workers, AWorkerIsWelcomedAndGetsWhatItsCreditAllows) {
  Server server;
  for (const char* id : {"a", "b", "c"}) start(server, id);
  Raw worker(server);
  ASSERT_TRUE(worker.send(hello(2, 0)));
  v1::ServerMessage first = worker.read();
  EXPECT_EQ(first.welcome().protocol(), worker_wire::kProtocol);
  EXPECT_EQ(server.workers().connected().at(0).identity, "raw");
  std::vector<std::string> tokens;
  while (tokens.size() < 2) {
    for (const v1::Turn& turn : first.turns()) tokens.push_back(turn.token());
    if (tokens.size() < 2) first = worker.read();
  }
  EXPECT_EQ(server.engine().dispatcher().stats().turns_waiting, 1U);
  v1::WorkerMessage answer;
  for (const std::string& token : tokens) *answer.add_turns() = completed(token);
  answer.mutable_credit()->set_turns(1);
  ASSERT_TRUE(worker.send(answer));
  *answer.mutable_turns() = {};
  answer.clear_credit();
  *answer.add_turns() = completed(worker.read_turn().token());
  ASSERT_TRUE(worker.send(answer));
  for (const char* id : {"a", "b", "c"}) {
    while (status_of(server, id) != model::Status::kCompleted) {
    }
  }
}

TEST(Workers, WhatAVanishedWorkerHeldIsHandedOutAgain) {
  Server server;
  start(server, "a");
  {
    Raw worker(server);
    ASSERT_TRUE(worker.send(hello(1, 0)));
    EXPECT_EQ(worker.read_turn().attempt(), 1U);
  }
  Raw worker(server);
  ASSERT_TRUE(worker.send(hello(1, 0)));
  EXPECT_EQ(worker.read_turn().attempt(), 2U);
}

TEST(Workers, WhatIsGivenBackIsNotCountedAsAnAttempt) {
  Server server;
  start(server, "a");
  Raw first(server);
  ASSERT_TRUE(first.send(hello(1, 0)));
  v1::WorkerMessage back;
  back.add_given_back(first.read_turn().token());
  Raw second(server);
  ASSERT_TRUE(second.send(hello(1, 0)));
  ASSERT_TRUE(first.send(back));
  EXPECT_EQ(second.read_turn().attempt(), 1U);
}

TEST(Workers, AnAnswerToWhatItDoesNotHoldChangesNothingAndIsSaid) {
  Server server;
  start(server, "a");
  Raw holder(server);
  ASSERT_TRUE(holder.send(hello(1, 0)));
  const v1::Turn turn = holder.read_turn();
  Raw thief(server);
  ASSERT_TRUE(thief.send(hello(0, 0)));
  EXPECT_TRUE(thief.read().has_welcome());
  v1::WorkerMessage stolen;
  *stolen.add_turns() = completed(turn.token());
  ASSERT_TRUE(thief.send(stolen));
  v1::ServerMessage told = thief.read();
  ASSERT_EQ(told.withdrawn_size(), 1);
  EXPECT_EQ(told.withdrawn(0).token(), turn.token());
  EXPECT_EQ(told.withdrawn(0).instance(), "a");
  EXPECT_EQ(status_of(server, "a"), model::Status::kPending);
  ASSERT_TRUE(holder.send(stolen));
  while (status_of(server, "a") != model::Status::kCompleted) {
  }
}

TEST(Workers, ATokenOfAnotherHubChangesNothing) {
  Server server;
  start(server, "a");
  Raw holder(server);
  ASSERT_TRUE(holder.send(hello(1, 0)));
  const v1::Turn turn = holder.read_turn();
  Raw stranger(server, "other");
  ASSERT_TRUE(stranger.send(hello(0, 0)));
  v1::WorkerMessage stolen;
  *stolen.add_turns() = completed(turn.token());
  ASSERT_TRUE(stranger.send(stolen));
  while (stranger.read().withdrawn_size() == 0) {
  }
  EXPECT_EQ(status_of(server, "a"), model::Status::kPending);
  v1::WorkerMessage asks;
  asks.add_history()->set_token(turn.token());
  ASSERT_TRUE(stranger.send(asks));
  EXPECT_EQ(stranger.finish().error_code(), ::grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Workers, WhoSpeaksOutOfTurnIsDisconnectedAndTheOthersAreNot) {
  Server server;
  Raw good(server);
  ASSERT_TRUE(good.send(hello(1, 0)));
  const auto ends_with = [&](const std::vector<v1::WorkerMessage>& messages,
                             ::grpc::StatusCode code) {
    Raw worker(server);
    for (const v1::WorkerMessage& message : messages) (void)worker.send(message);
    EXPECT_EQ(worker.finish().error_code(), code);
  };
  using enum ::grpc::StatusCode;
  ends_with({v1::WorkerMessage()}, INVALID_ARGUMENT);
  ends_with({hello(1, 1), hello(1, 1)}, INVALID_ARGUMENT);
  v1::WorkerMessage message = hello(1, 1);
  message.mutable_hello()->set_protocol(99);
  ends_with({message}, UNIMPLEMENTED);
  message = hello(0, 0);
  message.mutable_credit()->set_turns(kCreditMax + 1);
  ends_with({message}, INVALID_ARGUMENT);
  message.Clear();
  message.add_turns()->set_token("garbage");
  ends_with({hello(1, 1), message}, INVALID_ARGUMENT);
  message.mutable_turns(0)->set_token(encode_token(model::TurnToken{{"default", "a"}, {1}, 0, 1}));
  ends_with({hello(1, 1), message}, INVALID_ARGUMENT);
  message.mutable_turns(0)->mutable_result()->set_actions("garbage");
  ends_with({hello(1, 1), message}, INVALID_ARGUMENT);
  message.Clear();
  message.add_activities()->set_token(
      encode_token(model::ActivityToken{{"default", "a"}, {1}, {0}, 1}));
  ends_with({hello(1, 1), message}, INVALID_ARGUMENT);
  start(server, "a");
  EXPECT_EQ(good.read_turn().instance(), "a");
}

TEST(Workers, AWorkerThatDoesNotReadHoldsUpNobody) {
  constexpr std::size_t kInstances = 400;
  constexpr std::size_t kInputBytes = std::size_t{128} << 10;
  Server server;
  Raw slow(server);
  ASSERT_TRUE(slow.send(hello(100'000, 0)));
  EXPECT_TRUE(slow.read().has_welcome());
  for (std::size_t i = 0; i < kInstances; ++i) {
    start(server, "i" + std::to_string(i), std::string(kInputBytes, 'x'));
  }
  Raw healthy(server);
  ASSERT_TRUE(healthy.send(hello(100'000, 0)));
  std::size_t done = 0;
  const auto run_until = [&](auto is_enough) {
    while (!is_enough()) {
      v1::WorkerMessage answers;
      const v1::ServerMessage message = healthy.read();
      for (const v1::Turn& turn : message.turns()) {
        *answers.add_turns() = completed(turn.token());
        ++done;
      }
      ASSERT_FALSE(::testing::Test::HasFailure());
      if (answers.turns_size() > 0) ASSERT_TRUE(healthy.send(answers));
    }
  };
  // What the slow one has is what the network took, and a message or two: not its credit.
  run_until([&] { return done >= kInstances / 2; });
  EXPECT_LT(server.engine().dispatcher().stats().turns_leased, kInstances / 2);
  slow.cancel();
  run_until([&] { return done >= kInstances; });
}

TEST(Workers, AServerThatDrainsSendsNothingNewAndTakesAnswers) {
  Server server;
  start(server, "a");
  Raw worker(server);
  ASSERT_TRUE(worker.send(hello(10, 0)));
  const v1::Turn turn = worker.read_turn();
  server.workers().drain();
  while (!worker.read().drain()) {
  }
  start(server, "b");
  v1::WorkerMessage answer;
  *answer.add_turns() = completed(turn.token());
  ASSERT_TRUE(worker.send(answer));
  while (status_of(server, "a") != model::Status::kCompleted) {
  }
  EXPECT_EQ(status_of(server, "b"), model::Status::kPending);
  server.workers().end_streams();
  EXPECT_EQ(worker.finish().error_code(), ::grpc::StatusCode::UNAVAILABLE);
}

TEST(Workers, AHistoryIsReadForATurnThatIsHeld) {
  Server server;
  start(server, "a");
  Raw worker(server);
  ASSERT_TRUE(worker.send(hello(1, 0)));
  const v1::Turn first = worker.read_turn();
  v1::WorkerMessage message;
  v1::TurnAnswer& answer = *message.add_turns();
  answer.set_token(first.token());
  model::TurnResult result{.actions = {model::TimerCreated{.task = {0}, .fire_at = {1}}},
                           .outcome = model::Waiting{},
                           .custom_status = {}};
  worker_wire::to_wire(result, *answer.mutable_result());
  message.mutable_credit()->set_turns(1);
  ASSERT_TRUE(worker.send(message));
  const v1::Turn second = worker.read_turn();
  ASSERT_GT(second.past_events(), 0U);
  message.Clear();
  for (const std::string& token : {second.token(), first.token()}) {
    v1::HistoryRequest& wanted = *message.add_history();
    wanted.set_request(token == second.token() ? 1 : 2);
    wanted.set_token(token);
  }
  ASSERT_TRUE(worker.send(message));
  const v1::ServerMessage pages = worker.read();
  ASSERT_EQ(pages.history_size(), 2);
  EXPECT_EQ(pages.history(0).request(), 1U);
  EXPECT_EQ(worker_wire::events_from("page", pages.history(0).events())->size(),
            second.past_events());
  EXPECT_TRUE(pages.history(1).has_problem()) << "nobody holds the first turn any more";
}

}  // namespace
}  // namespace perdure::worker_service

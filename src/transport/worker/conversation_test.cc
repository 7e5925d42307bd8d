// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Many calls on one stream, by clients that no SDK of ours is, too. That each call is admitted by
// itself is in tests/e2e/authorization_test.py.
#include "transport/worker/conversation.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <perdure/clients.grpc.pb.h>

#include <map>
#include <memory>
#include <string>

#include "transport/worker/testing/server.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_service {
namespace {

using testing::Server;

/// A client by hand.
class Talking {
 public:
  explicit Talking(const Server& server)
      : stub_(v1::Clients::NewStub(
            ::grpc::CreateChannel(server.address(), ::grpc::InsecureChannelCredentials()))) {
    stream_ = stub_->Converse(&context_);
  }
  ~Talking() {
    if (!stream_) return;
    context_.TryCancel();
    (void)end();
  }
  Talking(const Talking&) = delete;
  Talking& operator=(const Talking&) = delete;

  bool say(const v1::ClientCalls& calls) { return stream_->Write(calls); }
  void say_no_more() { stream_->WritesDone(); }
  void cancel() { context_.TryCancel(); }
  /// Until there are so many answers, by number; fewer if the stream ends before.
  std::map<std::uint64_t, v1::ClientAnswer> answers(std::size_t count) {
    v1::ClientAnswers message;
    while (heard_.size() < count && stream_->Read(&message)) {
      if (message.has_welcome()) calls_max_ = message.welcome().calls_max();
      for (const v1::ClientAnswer& one : message.answers()) heard_.emplace(one.number(), one);
    }
    return heard_;
  }
  [[nodiscard]] std::uint32_t calls_max() const { return calls_max_; }
  ::grpc::Status end() {
    v1::ClientAnswers message;
    while (stream_->Read(&message)) {
      for (const v1::ClientAnswer& one : message.answers()) heard_.emplace(one.number(), one);
    }
    const ::grpc::Status status = stream_->Finish();
    stream_.reset();
    return status;
  }

 private:
  ::grpc::ClientContext context_;
  const std::unique_ptr<v1::Clients::Stub> stub_;
  std::unique_ptr<::grpc::ClientReaderWriter<v1::ClientCalls, v1::ClientAnswers>> stream_;
  std::map<std::uint64_t, v1::ClientAnswer> heard_;
  std::uint32_t calls_max_ = 0;
};

void add_start(v1::ClientCalls& calls, std::uint64_t number, const std::string& id) {
  v1::ClientCall& call = *calls.add_calls();
  call.set_number(number);
  call.mutable_start()->set_id(id);
  call.mutable_start()->set_started(
      worker_wire::one_to_wire(model::ExecutionStarted{.name = "nobody's"}));
}

void add_wait(v1::ClientCalls& calls, std::uint64_t number, const std::string& id) {
  v1::ClientCall& call = *calls.add_calls();
  call.set_number(number);
  call.mutable_wait()->set_id(id);
}

base::ErrorCode code_of(const v1::ClientAnswer& answer) {
  EXPECT_TRUE(answer.has_problem());
  return worker_wire::error_from(answer.problem()).code;
}

/// Call 1 starts the instance "a", call 2 waits for its end.
v1::ClientCalls start_and_wait() {
  v1::ClientCalls calls;
  add_start(calls, 1, "a");
  add_wait(calls, 2, "a");
  return calls;
}

TEST(Conversation, AnswersEachCallUnderItsNumber) {
  Server server;
  Talking client(server);
  v1::ClientCalls calls;
  add_start(calls, 3, "a");
  add_start(calls, 4, "a");
  add_start(calls, 5, "b");
  add_wait(calls, 6, "unknown");
  calls.add_calls()->set_number(7);
  calls.add_calls()->set_number(8);
  calls.mutable_calls(5)->mutable_start()->set_started("damaged");
  ASSERT_TRUE(client.say(calls));
  const auto answers = client.answers(6);
  ASSERT_EQ(answers.size(), 6U);
  EXPECT_EQ(client.calls_max(), kCallsMax);
  EXPECT_EQ(answers.at(3).started().id(), "a");
  EXPECT_EQ(code_of(answers.at(4)), base::ErrorCode::kAlreadyExists);
  EXPECT_EQ(answers.at(5).started().id(), "b");
  EXPECT_EQ(code_of(answers.at(6)), base::ErrorCode::kNotFound);
  EXPECT_EQ(code_of(answers.at(7)), base::ErrorCode::kUnimplemented);
  EXPECT_EQ(code_of(answers.at(8)), base::ErrorCode::kInvalidArgument);
  client.say_no_more();
  EXPECT_TRUE(client.end().ok());
}

TEST(Conversation, AnswersMoreThanFitsIntoOneMessage) {
  constexpr std::uint64_t kMany = 3'000;
  Server server;
  Talking client(server);
  v1::ClientCalls calls;
  for (std::uint64_t i = 1; i <= kMany; ++i) add_start(calls, i, std::to_string(i));
  ASSERT_TRUE(client.say(calls));
  client.say_no_more();
  EXPECT_EQ(client.answers(kMany).size(), kMany);
  EXPECT_TRUE(client.end().ok());
}

TEST(Conversation, AWaitCanBeGivenUp) {
  Server server;
  Talking client(server);
  ASSERT_TRUE(client.say(start_and_wait()));
  v1::ClientCalls calls;
  calls.add_given_up(2);
  calls.add_given_up(1);
  calls.add_given_up(77);
  ASSERT_TRUE(client.say(calls));
  EXPECT_EQ(code_of(client.answers(2).at(2)), base::ErrorCode::kDeadlineExceeded);
}

TEST(Conversation, EndsWithItsClientAndLeavesNoWaitBehind) {
  Server server;
  {
    Talking client(server);
    ASSERT_TRUE(client.say(start_and_wait()));
    ASSERT_EQ(client.answers(1).size(), 1U);
    client.cancel();
    EXPECT_EQ(client.end().error_code(), ::grpc::StatusCode::CANCELLED);
  }
  Talking client(server);
  v1::ClientCalls calls;
  add_wait(calls, 2, "a");
  ASSERT_TRUE(client.say(calls));
  client.say_no_more();  // it reads no answer that takes so long
  EXPECT_TRUE(client.end().ok());
}

TEST(Conversation, IsCutOffForCallsThatCanNotBeToldApart) {
  Server server;
  Talking client(server);
  v1::ClientCalls calls = start_and_wait();
  add_wait(calls, 2, "a");
  ASSERT_TRUE(client.say(calls));
  EXPECT_EQ(client.end().error_code(), ::grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Conversation, IsCutOffForTooManyCalls) {
  Server server;
  Talking client(server);
  v1::ClientCalls calls;
  add_start(calls, 0, "a");
  for (std::uint64_t i = 1; i <= kCallsMax + 1; ++i) add_wait(calls, i, "a");
  ASSERT_TRUE(client.say(calls));
  EXPECT_EQ(client.end().error_code(), ::grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Conversation, EndsWithTheServerWhenAllIsAnswered) {
  Server server;
  Talking client(server);
  ASSERT_TRUE(client.say(start_and_wait()));
  ASSERT_EQ(client.answers(1).size(), 1U);
  server.clients().end_streams();
  EXPECT_EQ(client.end().error_code(), ::grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(code_of(client.answers(2).at(2)), base::ErrorCode::kDeadlineExceeded);
  Talking late(server);
  EXPECT_EQ(late.end().error_code(), ::grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace perdure::worker_service

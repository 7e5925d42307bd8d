// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One client's stream of calls (Clients.Converse). Each call is admitted for its own action, as if
// it had come alone, and answered under its number when hub::Hubs answers, in whatever order.
// Answers that are there together leave together: while a message is under way, the next one grows.
//
// Threads. gRPC calls the On... methods, one message after the other, but OnCancel at any time.
// Answers come on engine threads and leave only a note; they are translated and written on one
// thread of the pump.
//
// Bounded by kCallsMax calls whose answers were not written; a client that asks for more is cut
// off. Owned by itself, from `begin` to OnDone; calls that are under way keep the rest of it alive.
#pragma once

#include <grpcpp/support/server_callback.h>
#include <perdure/clients.pb.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "access/guard.h"
#include "base/result.h"
#include "hub/hubs.h"
#include "runtime/monitor.h"
#include "transport/grpc/caller.h"
#include "transport/grpc/pump.h"

namespace perdure::worker_service {

/// Calls of one stream that are under way. As many as a connection may have of their own.
inline constexpr std::size_t kCallsMax = 10'000;

/// All outlive the stream.
struct ConversationSurroundings {
  hub::Hubs& hubs;
  const access::Guard& guard;
  transport::Pump& pump;
};

class Conversation final : public ::grpc::ServerBidiReactor<v1::ClientCalls, v1::ClientAnswers>,
                           public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(const ConversationSurroundings& around, transport::Caller caller);

  /// Once, before the reactor is handed to gRPC.
  void begin();
  /// Takes no further call, gives up what waits, and ends the stream when the rest is answered. The
  /// first status counts. Any thread but an engine's.
  void finish(::grpc::Status status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  using Said =
      std::variant<base::Error, model::Started, model::InstanceSnapshot, model::OperationOutcome>;
  struct Answer {
    std::uint64_t number = 0;
    Said said;
  };

  // What comes in, on a thread of gRPC.
  base::Result<> take(v1::ClientCalls& message);
  base::Result<> take(v1::ClientCall& call);
  void carry_out(const access::Permit& permit, v1::ClientCall& call);
  void start(const access::Permit& permit, std::uint64_t number, const v1::StartRequest& request);
  void wait(const access::Permit& permit, std::uint64_t number, const v1::WaitRequest& request);
  void give_up(std::uint64_t number);
  void give_up_all();

  // Any thread.
  template <class T>
  hub::Then<T> then(std::uint64_t number);
  void answer(std::uint64_t number, Said said);
  /// The stream is broken: nothing can be said any more.
  void break_off(::grpc::Status status);

  // What goes out, on the pump's thread.
  void advance();
  void compose();

  // With the lock.
  void schedule();
  /// What to finish the stream with, if it is time; once.
  std::optional<::grpc::Status> ending();

  const ConversationSurroundings around_;
  const transport::Caller caller_;
  const std::size_t thread_;  // of the pump
  std::shared_ptr<Conversation> self_;
  v1::ClientCalls incoming_;    // of the read under way
  v1::ClientAnswers outgoing_;  // of the pump's thread, and of gRPC while a write is under way

  runtime::Mutex mutex_;
  bool welcome_due_ = true;
  bool scheduled_ = false;
  bool writing_ = false;
  bool broken_ = false;
  bool finished_ = false;
  std::optional<::grpc::Status> closing_;
  std::size_t under_way_ = 0;  // calls whose answers were not written
  std::size_t leaving_ = 0;    // answers in `outgoing_`
  std::deque<Answer> answers_;
  /// Without an answer. Empty: the engine was not asked yet.
  std::map<std::uint64_t, std::optional<hub::Await>> waits_;
};

}  // namespace perdure::worker_service

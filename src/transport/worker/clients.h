// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The service Clients: each call is one of hub::Hubs (clients.proto), alone or on a stream of many
// (Conversation). Answers leave on a thread of its own, so that no engine thread writes to a
// network.
//
// Owned by the server; hubs and guard outlive it. Thread-safe.
#pragma once

#include <perdure/clients.grpc.pb.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "access/guard.h"
#include "hub/hubs.h"
#include "runtime/monitor.h"
#include "transport/grpc/pump.h"
#include "transport/worker/conversation.h"

namespace perdure::worker_service {

class Clients final : public v1::Clients::CallbackService {
 public:
  Clients(hub::Hubs& hubs, const access::Guard& guard)
      : hubs_(hubs), guard_(guard), pump_(kThreads) {}
  /// REQUIRES: the gRPC server was shut down, and no call is under way.
  ~Clients() override = default;

  using Context = ::grpc::CallbackServerContext;
  using Reactor = ::grpc::ServerUnaryReactor;

  using Talk = ::grpc::ServerBidiReactor<v1::ClientCalls, v1::ClientAnswers>;

  /// Streams end when what they asked is answered; waits are given up. Any thread but an engine's.
  void end_streams();

  Talk* Converse(Context*) override;
  Reactor* Start(Context*, const v1::StartRequest*, v1::StartReply*) override;
  Reactor* Raise(Context*, const v1::RaiseRequest*, v1::Done*) override;
  Reactor* Terminate(Context*, const v1::TerminateRequest*, v1::Done*) override;
  Reactor* Suspend(Context*, const v1::ReasonRequest*, v1::Done*) override;
  Reactor* Resume(Context*, const v1::ReasonRequest*, v1::Done*) override;
  Reactor* Rewind(Context*, const v1::ReasonRequest*, v1::Done*) override;
  Reactor* Restart(Context*, const v1::InstanceRequest*, v1::Done*) override;
  Reactor* Purge(Context*, const v1::InstanceRequest*, v1::Done*) override;
  Reactor* PurgeWhere(Context*, const v1::Filter*, v1::PurgeReply*) override;
  Reactor* Get(Context*, const v1::GetRequest*, v1::Instance*) override;
  Reactor* Wait(Context*, const v1::WaitRequest*, v1::Instance*) override;
  Reactor* List(Context*, const v1::ListRequest*, v1::ListReply*) override;
  Reactor* History(Context*, const v1::HistoryRange*, v1::HistoryPiece*) override;
  Reactor* Call(Context*, const v1::OperationRequest*, v1::OperationReply*) override;
  Reactor* Signal(Context*, const v1::OperationRequest*, v1::Done*) override;
  Reactor* GetEntity(Context*, const v1::InstanceRequest*, v1::Entity*) override;
  Reactor* ListEntities(Context*, const v1::EntityListRequest*, v1::EntityListReply*) override;

 private:
  static constexpr std::size_t kThreads = 1;

  /// `call(permit, reactor)` if the caller may; else the refusal.
  template <class Call>
  Reactor* admitted(Context* context, access::Action action, const Call& call);
  void finish(Reactor* reactor, ::grpc::Status status);
  /// Answers the call with what `fill` makes of the value.
  template <class T, class Fill>
  hub::Then<T> then(Reactor* reactor, Fill fill);
  hub::Then<> then(Reactor* reactor);

  hub::Hubs& hubs_;
  const access::Guard& guard_;
  runtime::Mutex mutex_;
  bool ending_ = false;
  /// Bounded by the streams: swept when one begins.
  std::vector<std::weak_ptr<Conversation>> conversations_;
  transport::Pump pump_;  // last: its end carries out what is left there
};

}  // namespace perdure::worker_service

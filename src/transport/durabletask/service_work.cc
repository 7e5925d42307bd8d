// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Workers: the stream of work items, what they answer, what they give back, histories.
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "transport/durabletask/call.h"
#include "transport/durabletask/history_stream.h"
#include "transport/durabletask/service.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

using access::Action;
using access::Permit;
using base::ErrorCode;
using base::Result;

WorkerProfile profile_of(const ::grpc::CallbackServerContext& context,
                         const ::GetWorkItemsRequest& request) {
  WorkerProfile profile;
  profile.agent = transport::header(context, "user-agent");
  profile.peer = context.peer();
  if (profile.agent.starts_with("grpc-go/")) profile.dialect = Dialect::kGo;
  if (profile.agent.starts_with("grpc-java-")) profile.dialect = Dialect::kJava;
  for (const int capability : request.capabilities()) {
    profile.streams_history =
        profile.streams_history || capability == WORKER_CAPABILITY_HISTORY_STREAMING;
  }
  profile.takes_large_messages =
      profile.streams_history || profile.agent.find("grpc-node-js/") != std::string::npos;
  return profile;
}

/// A stream that only has an end.
template <class Message>
class Refusal final : public ::grpc::ServerWriteReactor<Message> {
 public:
  explicit Refusal(::grpc::Status status) { this->Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

/// By its token; without one, by what it answers: the SDKs for Go and Java may know no tokens. What
/// a worker answers late, on the connection of a stream that was broken, is not taken for the
/// answer of another that holds the instance meanwhile; only something in between that mixes
/// connections makes us look at all of them.
template <class TokenOf>
std::shared_ptr<Session> find(const Sessions& sessions, const ::grpc::CallbackServerContext& call,
                              const std::string& hub, std::string& token, TokenOf token_of) {
  if (!token.empty()) return sessions.find(hub, token);
  std::vector<std::shared_ptr<Session>> candidates = sessions.of_hub(hub);
  std::erase_if(candidates, [](const auto& session) {
    return session->profile().dialect == Dialect::kCurrent;
  });
  const auto same_peer = [peer = call.peer()](const auto& session) {
    return session->profile().peer == peer;
  };
  if (std::ranges::any_of(candidates, same_peer)) std::erase_if(candidates, std::not_fn(same_peer));
  for (const auto& session : candidates) {
    token = token_of(*session);
    if (!token.empty()) return session;
  }
  return nullptr;
}

}  // namespace

Service::Service(engine::Engine& engine, hub::Hubs& hubs, const access::Guard& guard)
    : engine_(engine), hubs_(hubs), guard_(guard), sessions_(engine), pump_(kPumpThreads) {}

Service::Unary* Service::Hello(Context* context, const Empty*, Empty*) {
  Unary* reactor = context->DefaultReactor();
  reactor->Finish(::grpc::Status::OK);
  return reactor;
}

::grpc::ServerWriteReactor<::WorkItem>* Service::GetWorkItems(
    Context* context, const ::GetWorkItemsRequest* request) {
  const auto permit = transport::admit(*context, guard_, Action::kWork);
  if (!permit) return new Refusal<::WorkItem>(transport::to_status(permit.error()));
  const auto session = std::make_shared<Session>(Session::Surroundings{engine_, pump_, sessions_},
                                                 *permit, profile_of(*context, *request));
  session->begin(*request);
  return session.get();
}

Service::Unary* Service::CompleteOrchestratorTask(Context* context,
                                                  const ::OrchestratorResponse* request,
                                                  ::CompleteTaskResponse*) {
  return serve(context, guard_, Action::kWork, [&](const Permit& permit, Unary* reactor) {
    std::string token = request->completiontoken();
    const auto session = find(sessions_, *context, permit.hub(), token, [&](const Session& one) {
      return one.token_of_turn(request->instanceid());
    });
    finish(reactor, session ? session->complete(token, *request) : Result<>());
  });
}

Service::Unary* Service::CompleteActivityTask(Context* context, const ::ActivityResponse* request,
                                              ::CompleteTaskResponse*) {
  return serve(context, guard_, Action::kWork, [&](const Permit& permit, Unary* reactor) {
    std::string token = request->completiontoken();
    const auto session = find(sessions_, *context, permit.hub(), token, [&](const Session& one) {
      return one.token_of_activity(request->instanceid(), request->taskid());
    });
    if (session) session->complete(token, *request);
    finish(reactor, {});
  });
}

Service::Unary* Service::CompleteEntityTask(Context* context, const ::EntityBatchResult* request,
                                            ::CompleteTaskResponse*) {
  return serve(context, guard_, Action::kWork, [&](const Permit& permit, Unary* reactor) {
    const auto session = sessions_.find(permit.hub(), request->completiontoken());
    if (session) session->complete(request->completiontoken(), *request);
    finish(reactor, {});
  });
}

Service::Unary* Service::decline(Context* context, const std::string& token) {
  return serve(context, guard_, Action::kWork, [&](const Permit& permit, Unary* reactor) {
    if (const auto session = sessions_.find(permit.hub(), token)) session->decline(token);
    finish(reactor, {});
  });
}

Service::Unary* Service::AbandonTaskActivityWorkItem(Context* context,
                                                     const ::AbandonActivityTaskRequest* request,
                                                     ::AbandonActivityTaskResponse*) {
  return decline(context, request->completiontoken());
}

Service::Unary* Service::AbandonTaskOrchestratorWorkItem(
    Context* context, const ::AbandonOrchestrationTaskRequest* request,
    ::AbandonOrchestrationTaskResponse*) {
  return decline(context, request->completiontoken());
}

Service::Unary* Service::AbandonTaskEntityWorkItem(Context* context,
                                                   const ::AbandonEntityTaskRequest* request,
                                                   ::AbandonEntityTaskResponse*) {
  return decline(context, request->completiontoken());
}

::grpc::ServerWriteReactor<::HistoryChunk>* Service::StreamInstanceHistory(
    Context* context, const ::StreamInstanceHistoryRequest* request) {
  const bool for_work = request->forworkitemprocessing();
  const auto permit = transport::admit(*context, guard_, for_work ? Action::kWork : Action::kRead);
  if (!permit) return new Refusal<::HistoryChunk>(transport::to_status(permit.error()));
  const model::InstanceKey key{permit->hub(), request->instanceid()};
  HistoryStream::Pages pages;
  if (for_work) {
    // What the turn in a worker's hands continues: no more, whatever happened since.
    std::optional<model::TurnToken> turn;
    for (const auto& session : sessions_.of_hub(permit->hub())) {
      turn = session->turn_held(key.id);
      if (turn) break;
    }
    if (!turn) {
      return new Refusal<::HistoryChunk>(
          {::grpc::StatusCode::NOT_FOUND, "no worker holds a turn of this instance"});
    }
    pages = [this, turn = *turn](model::EventNumber from) {
      return engine_.read_history(turn, from, kChunkBytes);
    };
  } else {
    pages = [this, key](model::EventNumber from) {
      return engine_.history(key, from, kChunkBytes);
    };
  }
  const auto stream = std::make_shared<HistoryStream>(
      pump_, key, for_work ? Reader::kWorker : Reader::kClient, std::move(pages));
  stream->begin();
  return stream.get();
}

}  // namespace perdure::durabletask

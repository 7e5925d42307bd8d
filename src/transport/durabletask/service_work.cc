// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Workers: the stream of work items, what they answer, what they give back, histories.
#include <memory>
#include <utility>

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
  if (profile.agent.starts_with("grpc-go/")) profile.dialect = Dialect::kGo;
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

/// By its token; without one, by what it answers: the Go SDK knows no tokens.
template <class Token, class TokenOf>
std::shared_ptr<Session> find(const Sessions& sessions, const std::string& hub, Token& token,
                              TokenOf token_of) {
  if (!token.empty()) return sessions.find(hub, token);
  for (const auto& session : sessions.of_hub(hub)) {
    if (session->profile().dialect != Dialect::kGo) continue;
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
    const auto session = find(sessions_, permit.hub(), token, [&](const Session& one) {
      return one.token_of_turn(request->instanceid());
    });
    finish(reactor, session ? session->complete(token, *request) : Result<>());
  });
}

Service::Unary* Service::CompleteActivityTask(Context* context, const ::ActivityResponse* request,
                                              ::CompleteTaskResponse*) {
  return serve(context, guard_, Action::kWork, [&](const Permit& permit, Unary* reactor) {
    std::string token = request->completiontoken();
    const auto session = find(sessions_, permit.hub(), token, [&](const Session& one) {
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

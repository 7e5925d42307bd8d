// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// TaskHubSidecarService: the protocol of the official Durable Task SDKs, for their clients and
// their workers. A method translates, asks the guard for a permit, and hands over: to hub::Hubs, or
// to the session that the answer belongs to.
//
// Thread-safe: gRPC calls the methods from threads of its own, and none of them blocks. Owned by
// the server; engine, hubs and guard outlive it, and it outlives every call (the gRPC server is
// shut down first).
#pragma once

#include <durabletask/orchestrator_service.grpc.pb.h>

#include <cstddef>

#include "access/guard.h"
#include "engine/engine.h"
#include "hub/hubs.h"
#include "transport/durabletask/sessions.h"
#include "transport/grpc/pump.h"

namespace perdure::durabletask {

/// Threads that pull, translate and write work items.
inline constexpr std::size_t kPumpThreads = 2;
/// Ids of one SkipGracefulOrchestrationTerminations.
inline constexpr int kTerminationsMax = 500;
/// A page, where the request names no size.
inline constexpr int kPageDefault = 100;

class Service final : public ::TaskHubSidecarService::CallbackService {
 public:
  Service(engine::Engine& engine, hub::Hubs& hubs, const access::Guard& guard);

  /// Ends the streams of all workers: they connect again elsewhere. From the server's thread.
  void end_streams() { sessions_.end_all(); }

 private:
  using Context = ::grpc::CallbackServerContext;
  using Unary = ::grpc::ServerUnaryReactor;
  using Empty = google::protobuf::Empty;

  Unary* Hello(Context* context, const Empty*, Empty*) override;

  // service_instances.cc
  Unary* StartInstance(Context* context, const ::CreateInstanceRequest* request,
                       ::CreateInstanceResponse* response) override;
  Unary* GetInstance(Context* context, const ::GetInstanceRequest* request,
                     ::GetInstanceResponse* response) override;
  Unary* WaitForInstanceStart(Context* context, const ::GetInstanceRequest* request,
                              ::GetInstanceResponse* response) override;
  Unary* WaitForInstanceCompletion(Context* context, const ::GetInstanceRequest* request,
                                   ::GetInstanceResponse* response) override;
  Unary* RaiseEvent(Context* context, const ::RaiseEventRequest* request,
                    ::RaiseEventResponse*) override;
  Unary* TerminateInstance(Context* context, const ::TerminateRequest* request,
                           ::TerminateResponse*) override;
  Unary* SuspendInstance(Context* context, const ::SuspendRequest* request,
                         ::SuspendResponse*) override;
  Unary* ResumeInstance(Context* context, const ::ResumeRequest* request,
                        ::ResumeResponse*) override;
  Unary* RewindInstance(Context* context, const ::RewindInstanceRequest* request,
                        ::RewindInstanceResponse*) override;
  Unary* RestartInstance(Context* context, const ::RestartInstanceRequest* request,
                         ::RestartInstanceResponse* response) override;

  // service_hub.cc
  Unary* QueryInstances(Context* context, const ::QueryInstancesRequest* request,
                        ::QueryInstancesResponse* response) override;
  Unary* ListInstanceIds(Context* context, const ::ListInstanceIdsRequest* request,
                         ::ListInstanceIdsResponse* response) override;
  Unary* PurgeInstances(Context* context, const ::PurgeInstancesRequest* request,
                        ::PurgeInstancesResponse* response) override;
  Unary* CreateTaskHub(Context* context, const ::CreateTaskHubRequest* request,
                       ::CreateTaskHubResponse*) override;
  Unary* DeleteTaskHub(Context* context, const ::DeleteTaskHubRequest*,
                       ::DeleteTaskHubResponse*) override;
  Unary* SignalEntity(Context* context, const ::SignalEntityRequest* request,
                      ::SignalEntityResponse*) override;
  Unary* GetEntity(Context* context, const ::GetEntityRequest* request,
                   ::GetEntityResponse* response) override;
  Unary* QueryEntities(Context* context, const ::QueryEntitiesRequest* request,
                       ::QueryEntitiesResponse* response) override;
  Unary* CleanEntityStorage(Context* context, const ::CleanEntityStorageRequest*,
                            ::CleanEntityStorageResponse* response) override;
  Unary* SkipGracefulOrchestrationTerminations(
      Context* context, const ::SkipGracefulOrchestrationTerminationsRequest* request,
      ::SkipGracefulOrchestrationTerminationsResponse* response) override;

  // service_work.cc
  ::grpc::ServerWriteReactor<::WorkItem>* GetWorkItems(
      Context* context, const ::GetWorkItemsRequest* request) override;
  ::grpc::ServerWriteReactor<::HistoryChunk>* StreamInstanceHistory(
      Context* context, const ::StreamInstanceHistoryRequest* request) override;
  Unary* CompleteActivityTask(Context* context, const ::ActivityResponse* request,
                              ::CompleteTaskResponse*) override;
  Unary* CompleteOrchestratorTask(Context* context, const ::OrchestratorResponse* request,
                                  ::CompleteTaskResponse*) override;
  Unary* CompleteEntityTask(Context* context, const ::EntityBatchResult* request,
                            ::CompleteTaskResponse*) override;
  Unary* AbandonTaskActivityWorkItem(Context* context, const ::AbandonActivityTaskRequest* request,
                                     ::AbandonActivityTaskResponse*) override;
  Unary* AbandonTaskOrchestratorWorkItem(Context* context,
                                         const ::AbandonOrchestrationTaskRequest* request,
                                         ::AbandonOrchestrationTaskResponse*) override;
  Unary* AbandonTaskEntityWorkItem(Context* context, const ::AbandonEntityTaskRequest* request,
                                   ::AbandonEntityTaskResponse*) override;

  Unary* wait(Context* context, const ::GetInstanceRequest* request,
              ::GetInstanceResponse* response, model::Until until);
  Unary* decline(Context* context, const std::string& token);

  engine::Engine& engine_;
  hub::Hubs& hubs_;
  const access::Guard& guard_;
  Sessions sessions_;
  transport::Pump pump_;  // last: its end carries out what sessions left there
};

}  // namespace perdure::durabletask

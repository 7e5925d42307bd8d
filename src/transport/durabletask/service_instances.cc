// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Clients: one instance.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "transport/durabletask/call.h"
#include "transport/durabletask/service.h"
#include "transport/durabletask/state.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

using access::Action;
using access::Permit;
using base::ErrorCode;
using base::Result;

/// What an older protocol (the Go SDK speaks it) has in the place of today's reserved field.
constexpr int kFieldOfOldAction = 2;
enum class OldAction : std::uint8_t { kError = 0, kIgnore = 1, kTerminate = 2 };

std::optional<OldAction> old_action(const ::OrchestrationIdReusePolicy& policy) {
  const auto& unknown = policy.GetReflection()->GetUnknownFields(policy);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& field = unknown.field(i);
    if (field.number() != kFieldOfOldAction ||
        field.type() != google::protobuf::UnknownField::TYPE_VARINT) {
      continue;
    }
    if (field.varint() == 1) return OldAction::kIgnore;
    if (field.varint() == 2) return OldAction::kTerminate;
  }
  return std::nullopt;
}

Result<model::ReusePolicy> to_policy(const ::CreateInstanceRequest& request) {
  const ::OrchestrationIdReusePolicy& wire = request.orchestrationidreusepolicy();
  model::StatusSet listed = model::kNoStatus;
  for (const int number : wire.replaceablestatus()) {
    const auto status = from_wire(static_cast<::OrchestrationStatus>(number));
    if (status) listed = listed.with(*status);
  }
  // Without a policy the ended ones give way: retries of a child, and restarts, use the same id.
  if (wire.replaceablestatus().empty())
    return model::ReusePolicy{.replaceable = model::kEveryTerminal};
  const auto old = old_action(wire);
  if (old == OldAction::kIgnore) {
    return model::ReusePolicy{.otherwise = model::ReusePolicy::Otherwise::kIgnore,
                              .ignorable = listed};
  }
  const bool live = listed.contains(model::Status::kRunning) ||
                    listed.contains(model::Status::kPending) ||
                    listed.contains(model::Status::kSuspended);
  if (!old && live && !listed.contains(model::Status::kTerminated)) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "Invalid reusable statuses: cannot exclude 'Terminated' while also allowing "
                      "reuse of running instances");
  }
  return model::ReusePolicy{.replaceable = listed};
}

Result<hub::StartRequest> to_start(const ::CreateInstanceRequest& request, base::Timestamp now) {
  PERDURE_RETURN_IF_ERROR(check_length(request.instanceid()));
  hub::StartRequest start{.id = request.instanceid(),
                          .started = {.name = request.name(),
                                      .version = request.version().value(),
                                      .input = from_wire(request.has_input(), request.input()),
                                      .tags = from_wire(request.tags()),
                                      .trace_parent = from_wire(request.parenttracecontext())},
                          .reuse = {},
                          // A repeated call is the same start.
                          .idempotency_key = request.executionid().value()};
  if (request.has_scheduledstarttimestamp()) {
    // JavaScript sends 1970 for "now".
    const base::Timestamp at = from_wire(request.scheduledstarttimestamp());
    if (at > now) start.started.scheduled_start = at;
  }
  PERDURE_ASSIGN_OR_RETURN(start.reuse, to_policy(request));
  return start;
}

void fill(const model::InstanceSnapshot& instance, bool payloads, ::GetInstanceResponse* response) {
  response->set_exists(true);
  fill(instance, payloads ? Payloads::kInclude : Payloads::kLeaveOut,
       response->mutable_orchestrationstate());
}

hub::Inputs inputs(const ::GetInstanceRequest& request) {
  return request.getinputsandoutputs() ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut;
}

/// A call that waits, and may be given up. Owned by itself until OnDone, and by the answer.
class Wait final : public ::grpc::ServerUnaryReactor {
 public:
  explicit Wait(hub::Hubs& hubs) : hubs_(hubs) {}

  static ::grpc::ServerUnaryReactor* begin(hub::Hubs& hubs, const Permit& permit,
                                           const ::GetInstanceRequest& request,
                                           ::GetInstanceResponse* response, model::Until until) {
    const auto call = std::make_shared<Wait>(hubs);
    call->self_ = call;
    // For an unknown instance too: an answer without a state would break some SDKs.
    hub::Await await =
        hubs.await(permit, request.instanceid(),
                   {.until = until, .if_unknown = hub::IfUnknown::kWait, .inputs = inputs(request)},
                   [call, response, payloads = request.getinputsandoutputs()](
                       Result<model::InstanceSnapshot> instance) {
                     if (!instance) return call->Finish(transport::to_status(instance.error()));
                     fill(*instance, payloads, response);
                     call->Finish(::grpc::Status::OK);
                   });
    call->started(std::move(await));
    return call.get();
  }

  void OnCancel() override {
    std::optional<hub::Await> await;
    {
      const runtime::Lock lock(mutex_);
      cancelled_ = true;
      await = await_;
    }
    if (await) hubs_.cancel(*await);
  }
  void OnDone() override { const std::shared_ptr<Wait> last = std::move(self_); }

 private:
  void started(hub::Await await) {
    bool cancelled = false;
    {
      const runtime::Lock lock(mutex_);
      await_ = await;
      cancelled = cancelled_;
    }
    if (cancelled) hubs_.cancel(await);
  }

  hub::Hubs& hubs_;
  std::shared_ptr<Wait> self_;
  runtime::Mutex mutex_;
  std::optional<hub::Await> await_;
  bool cancelled_ = false;
};

}  // namespace

Service::Unary* Service::StartInstance(Context* context, const ::CreateInstanceRequest* request,
                                       ::CreateInstanceResponse* response) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    auto start = to_start(*request, engine_.clock().now());
    if (!start) return reactor->Finish(transport::to_status(start.error()));
    hubs_.start(permit, *std::move(start), [reactor, response](Result<model::Started> started) {
      if (!started) return reactor->Finish(transport::to_status(started.error()));
      response->set_instanceid(std::move(started->key.id));
      reactor->Finish(::grpc::Status::OK);
    });
  });
}

Service::Unary* Service::GetInstance(Context* context, const ::GetInstanceRequest* request,
                                     ::GetInstanceResponse* response) {
  return serve(context, guard_, Action::kRead, [&](const Permit& permit, Unary* reactor) {
    if (model::is_entity_id(request->instanceid())) return reactor->Finish(::grpc::Status::OK);
    hubs_.get(permit, request->instanceid(), inputs(*request),
              [reactor, response, payloads = request->getinputsandoutputs()](
                  Result<model::InstanceSnapshot> instance) {
                if (instance) {
                  fill(*instance, payloads, response);
                } else if (instance.error().code != ErrorCode::kNotFound) {
                  return reactor->Finish(transport::to_status(instance.error()));
                }
                reactor->Finish(::grpc::Status::OK);
              });
  });
}

Service::Unary* Service::wait(Context* context, const ::GetInstanceRequest* request,
                              ::GetInstanceResponse* response, model::Until until) {
  const auto permit = transport::admit(*context, guard_, Action::kRead);
  if (permit) return Wait::begin(hubs_, *permit, *request, response, until);
  Unary* reactor = context->DefaultReactor();
  reactor->Finish(transport::to_status(permit.error()));
  return reactor;
}

Service::Unary* Service::WaitForInstanceStart(Context* context, const ::GetInstanceRequest* request,
                                              ::GetInstanceResponse* response) {
  return wait(context, request, response, model::Until::kStarted);
}

Service::Unary* Service::WaitForInstanceCompletion(Context* context,
                                                   const ::GetInstanceRequest* request,
                                                   ::GetInstanceResponse* response) {
  return wait(context, request, response, model::Until::kEnded);
}

Service::Unary* Service::RaiseEvent(Context* context, const ::RaiseEventRequest* request,
                                    ::RaiseEventResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.raise(permit, request->instanceid(),
                {request->name(), from_wire(request->has_input(), request->input())},
                [reactor](const Result<>& done) { finish_unless_ended(reactor, done); });
  });
}

Service::Unary* Service::TerminateInstance(Context* context, const ::TerminateRequest* request,
                                           ::TerminateResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.terminate(permit, request->instanceid(),
                    {.reason = {},
                     .output = from_wire(request->has_output(), request->output()),
                     .recursive = request->recursive()},
                    [reactor](const Result<>& done) { finish_unless_ended(reactor, done); });
  });
}

Service::Unary* Service::SuspendInstance(Context* context, const ::SuspendRequest* request,
                                         ::SuspendResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.suspend(permit, request->instanceid(), request->reason().value(),
                  [reactor](const Result<>& done) { finish_unless_ended(reactor, done); });
  });
}

Service::Unary* Service::ResumeInstance(Context* context, const ::ResumeRequest* request,
                                        ::ResumeResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.resume(permit, request->instanceid(), request->reason().value(),
                 [reactor](const Result<>& done) { finish_unless_ended(reactor, done); });
  });
}

Service::Unary* Service::RewindInstance(Context* context, const ::RewindInstanceRequest* request,
                                        ::RewindInstanceResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.rewind(permit, request->instanceid(), request->reason().value(),
                 [reactor](const Result<>& done) { finish(reactor, done); });
  });
}

Service::Unary* Service::RestartInstance(Context* context, const ::RestartInstanceRequest* request,
                                         ::RestartInstanceResponse* response) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    hubs_.restart(permit, request->instanceid(),
                  request->restartwithnewinstanceid() ? hub::NewId::kYes : hub::NewId::kNo,
                  [reactor, response](Result<std::string> id) {
                    if (!id) return reactor->Finish(transport::to_status(id.error()));
                    response->set_instanceid(*std::move(id));
                    reactor->Finish(::grpc::Status::OK);
                  });
  });
}

}  // namespace perdure::durabletask

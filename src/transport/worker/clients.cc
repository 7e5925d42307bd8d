// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/clients.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "transport/grpc/caller.h"
#include "transport/grpc/status.h"
#include "transport/worker/requests.h"
#include "transport/worker/waiting.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/events.h"

namespace perdure::worker_service {
namespace {

using access::Action;
using access::Permit;
using base::ErrorCode;

base::Result<engine::InstanceFilter> filter_from(const v1::Filter& wire) {
  engine::InstanceFilter filter;
  if (wire.statuses_size() > 0) filter.statuses = model::kNoStatus;
  for (const std::uint32_t number : wire.statuses()) {
    const auto status = static_cast<model::Status>(number);
    if (number > 0xFF || !model::kEveryStatus.contains(status)) {
      return base::fail(ErrorCode::kInvalidArgument, fmt::format("there is no status {}", number));
    }
    filter.statuses = filter.statuses.with(status);
  }
  filter.name = wire.name();
  filter.id_prefix = wire.id_prefix();
  if (wire.has_created_from_us()) filter.created_from = {wire.created_from_us()};
  if (wire.has_created_before_us()) filter.created_to = {wire.created_before_us()};
  for (const v1::Tag& tag : wire.tags()) filter.tags.insert_or_assign(tag.key(), tag.value());
  return filter;
}

/// A stream that is refused.
class Refusal final : public ::grpc::ServerBidiReactor<v1::ClientCalls, v1::ClientAnswers> {
 public:
  explicit Refusal(::grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

::grpc::Status server_stops() { return {::grpc::StatusCode::UNAVAILABLE, "the server stops"}; }

}  // namespace

// ---- how a call ends ----------------------------------------------------------------------------

template <class Call>
Clients::Reactor* Clients::admitted(Context* context, Action action, const Call& call) {
  Reactor* reactor = context->DefaultReactor();
  if (const auto permit = transport::admit(*context, guard_, action)) {
    call(*permit, reactor);
  } else {
    reactor->Finish(transport::to_status(permit.error()));
  }
  return reactor;
}

void Clients::finish(Reactor* reactor, ::grpc::Status status) {
  pump_.post(pump_.choose(),
             [reactor, status = std::move(status)]() mutable { reactor->Finish(status); });
}

template <class T, class Fill>
hub::Then<T> Clients::then(Reactor* reactor, Fill fill) {
  return [this, reactor, fill = std::move(fill)](base::Result<T> result) {
    if (!result) return finish(reactor, transport::to_status(result.error()));
    fill(*std::move(result));
    finish(reactor, ::grpc::Status::OK);
  };
}

hub::Then<> Clients::then(Reactor* reactor) {
  return [this, reactor](const base::Result<>& result) {
    finish(reactor, result ? ::grpc::Status::OK : transport::to_status(result.error()));
  };
}

// ---- many calls on one stream -------------------------------------------------------------------

Clients::Talk* Clients::Converse(Context* context) {
  // Each call is admitted by itself; but who may not even look has no business here.
  const auto permit = transport::admit(*context, guard_, Action::kRead);
  if (!permit) return new Refusal(transport::to_status(permit.error()));  // deletes itself
  auto conversation = std::make_shared<Conversation>(
      ConversationSurroundings{.hubs = hubs_, .guard = guard_, .pump = pump_},
      transport::caller_of(*context));
  {
    const runtime::Lock lock(mutex_);
    if (ending_) return new Refusal(server_stops());
    std::erase_if(conversations_, [](const auto& one) { return one.expired(); });
    conversations_.push_back(conversation);
  }
  conversation->begin();
  return conversation.get();
}

void Clients::end_streams() {
  std::vector<std::weak_ptr<Conversation>> conversations;
  {
    const runtime::Lock lock(mutex_);
    ending_ = true;
    conversations = conversations_;
  }
  for (const auto& one : conversations) {
    if (const auto conversation = one.lock()) conversation->finish(server_stops());
  }
}

// ---- one instance -------------------------------------------------------------------------------

Clients::Reactor* Clients::Start(Context* context, const v1::StartRequest* request,
                                 v1::StartReply* reply) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    auto start = start_from(*request);
    if (!start) return reactor->Finish(transport::to_status(start.error()));
    hubs_.start(permit, *std::move(start),
                then<model::Started>(reactor, [reply](model::Started answer) {
                  reply->set_id(std::move(answer.key.id));
                }));
  });
}

Clients::Reactor* Clients::Raise(Context* context, const v1::RaiseRequest* request, v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    model::EventRaised event{.name = request->event(), .payload = {}};
    if (request->has_payload()) event.payload = request->payload();
    hubs_.raise(permit, request->id(), std::move(event), then(reactor));
  });
}

Clients::Reactor* Clients::Terminate(Context* context, const v1::TerminateRequest* request,
                                     v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.terminate(permit, request->id(),
                    {.reason = request->reason(), .output = {}, .recursive = request->recursive()},
                    then(reactor));
  });
}

Clients::Reactor* Clients::Suspend(Context* context, const v1::ReasonRequest* request, v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.suspend(permit, request->id(), request->reason(), then(reactor));
  });
}

Clients::Reactor* Clients::Resume(Context* context, const v1::ReasonRequest* request, v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.resume(permit, request->id(), request->reason(), then(reactor));
  });
}

Clients::Reactor* Clients::Rewind(Context* context, const v1::ReasonRequest* request, v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.rewind(permit, request->id(), request->reason(), then(reactor));
  });
}

Clients::Reactor* Clients::Restart(Context* context, const v1::InstanceRequest* request,
                                   v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.restart(permit, request->id(), hub::NewId::kNo,
                  then<std::string>(reactor, [](const std::string&) {}));
  });
}

Clients::Reactor* Clients::Purge(Context* context, const v1::InstanceRequest* request, v1::Done*) {
  // The hubs count what they purged; this caller wants to know why one was not.
  return admitted(context, Action::kAdminister, [&](const Permit& permit, Reactor* reactor) {
    hubs_.engine().request(
        model::PurgeInstance{{}, {permit.hub(), request->id()}},
        [this, reactor](const model::ReplyBody& body) {
          const auto* error = std::get_if<base::Error>(&body);
          finish(reactor, error == nullptr ? ::grpc::Status::OK : transport::to_status(*error));
        });
  });
}

Clients::Reactor* Clients::Get(Context* context, const v1::GetRequest* request,
                               v1::Instance* reply) {
  return admitted(context, Action::kRead, [&](const Permit& permit, Reactor* reactor) {
    hubs_.get(permit, request->id(),
              request->with_input() ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut,
              then<model::InstanceSnapshot>(reactor, [reply](model::InstanceSnapshot snapshot) {
                worker_wire::to_wire(std::move(snapshot), *reply);
              }));
  });
}

Clients::Reactor* Clients::Wait(Context* context, const v1::WaitRequest* request,
                                v1::Instance* reply) {
  const auto permit = transport::admit(*context, guard_, Action::kRead);
  if (!permit) {
    Reactor* reactor = context->DefaultReactor();
    reactor->Finish(transport::to_status(permit.error()));
    return reactor;
  }
  const auto call = std::make_shared<Waiting>(hubs_, pump_, *reply);
  call->begin(*permit, request->id(), until_from(*request));
  return call.get();
}

Clients::Reactor* Clients::History(Context* context, const v1::HistoryRange* request,
                                   v1::HistoryPiece* reply) {
  return admitted(context, Action::kRead, [&](const Permit& permit, Reactor* reactor) {
    const auto read = [this, key = model::InstanceKey{permit.hub(), request->id()},
                       from = request->from(), reply, reactor] {
      const auto page = hubs_.engine().history(key, from);
      if (!page) return reactor->Finish(transport::to_status(page.error()));
      reply->set_execution(page->execution.value);
      reply->set_events(worker_wire::to_wire(page->events));
      if (page->next) reply->set_next(*page->next);
      reactor->Finish(::grpc::Status::OK);
    };
    if (pump_.offer(read)) return;
    reactor->Finish(transport::to_status(
        {ErrorCode::kResourceExhausted, "too many calls wait for the store; try again later"}));
  });
}

// ---- many instances -----------------------------------------------------------------------------

Clients::Reactor* Clients::List(Context* context, const v1::ListRequest* request,
                                v1::ListReply* reply) {
  return admitted(context, Action::kRead, [&](const Permit& permit, Reactor* reactor) {
    auto filter = filter_from(request->filter());
    if (!filter) return reactor->Finish(transport::to_status(filter.error()));
    hubs_.list(permit, *std::move(filter),
               {.count_max = request->page_size(), .continuation = request->continuation()},
               hub::Inputs::kLeaveOut,
               then<hub::InstanceList>(reactor, [reply](hub::InstanceList list) {
                 for (auto& one : list.instances) {
                   worker_wire::to_wire(std::move(one), *reply->add_instances());
                 }
                 reply->set_continuation(std::move(list.continuation));
               }));
  });
}

Clients::Reactor* Clients::PurgeWhere(Context* context, const v1::Filter* request,
                                      v1::PurgeReply* reply) {
  return admitted(context, Action::kAdminister, [&](const Permit& permit, Reactor* reactor) {
    auto filter = filter_from(*request);
    if (!filter) return reactor->Finish(transport::to_status(filter.error()));
    hubs_.purge_where(
        permit, {.instances = *std::move(filter), .time_max = {}, .family = hub::Family::kAlone},
        then<hub::PurgeResult>(reactor, [reply](const hub::PurgeResult& result) {
          reply->set_purged(result.purged);
        }));
  });
}

// ---- entities -----------------------------------------------------------------------------------

Clients::Reactor* Clients::Call(Context* context, const v1::OperationRequest* request,
                                v1::OperationReply* reply) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    hubs_.call(permit, request->entity(), request->operation(), input_from(*request),
               then<model::OperationOutcome>(reactor, [reply](model::OperationOutcome outcome) {
                 worker_wire::to_wire(std::move(outcome), *reply);
               }));
  });
}

Clients::Reactor* Clients::Signal(Context* context, const v1::OperationRequest* request,
                                  v1::Done*) {
  return admitted(context, Action::kOperate, [&](const Permit& permit, Reactor* reactor) {
    std::optional<base::Timestamp> due;
    if (request->has_due_us()) due = base::Timestamp{request->due_us()};
    hubs_.signal(permit, request->entity(), request->operation(), input_from(*request), due,
                 then(reactor));
  });
}

Clients::Reactor* Clients::GetEntity(Context* context, const v1::InstanceRequest* request,
                                     v1::Entity* reply) {
  return admitted(context, Action::kRead, [&](const Permit& permit, Reactor* reactor) {
    hubs_.entity(permit, request->id(),
                 then<model::EntitySnapshot>(reactor, [reply](model::EntitySnapshot snapshot) {
                   worker_wire::to_wire(std::move(snapshot), *reply);
                 }));
  });
}

Clients::Reactor* Clients::ListEntities(Context* context, const v1::EntityListRequest* request,
                                        v1::EntityListReply* reply) {
  return admitted(context, Action::kRead, [&](const Permit& permit, Reactor* reactor) {
    hub::EntityFilter filter;
    if (!request->name().empty()) filter.id_prefix = model::entity_id(request->name(), {});
    filter.transient = true;
    hubs_.entities(permit, std::move(filter),
                   {.count_max = request->page_size(), .continuation = request->continuation()},
                   then<hub::EntityList>(reactor, [reply](hub::EntityList list) {
                     for (auto& one : list.entities) {
                       one.state.reset();
                       worker_wire::to_wire(std::move(one), *reply->add_entities());
                     }
                     reply->set_continuation(std::move(list.continuation));
                   }));
  });
}

}  // namespace perdure::worker_service

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Clients: many instances, the hub itself, entities.
#include <memory>
#include <utility>

#include "transport/durabletask/call.h"
#include "transport/durabletask/service.h"
#include "transport/durabletask/state.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

using access::Action;
using access::Permit;
using base::Result;

/// Empty: all that `every` has.
model::StatusSet to_set(const google::protobuf::RepeatedField<int>& statuses,
                        model::StatusSet every) {
  if (statuses.empty()) return every;
  model::StatusSet set = model::kNoStatus;
  for (const int number : statuses) {
    const auto status = from_wire(static_cast<::OrchestrationStatus>(number));
    if (status) set = set.with(*status);
  }
  return set;
}

std::optional<base::Timestamp> to_time(bool present, const google::protobuf::Timestamp& wire) {
  if (!present) return std::nullopt;
  return from_wire(wire);
}

engine::PageRequest to_page(std::int32_t size, std::string continuation) {
  return {.count_max = static_cast<std::size_t>(size > 0 ? size : kPageDefault),
          .continuation = std::move(continuation)};
}

Payloads payloads(bool include) { return include ? Payloads::kInclude : Payloads::kLeaveOut; }

/// Many calls whose end is one answer. Each holds a share.
class Terminations {
 public:
  Terminations(::grpc::ServerUnaryReactor* reactor,
               ::SkipGracefulOrchestrationTerminationsResponse* response)
      : reactor_(reactor), response_(response) {}
  ~Terminations() { reactor_->Finish(::grpc::Status::OK); }
  Terminations(const Terminations&) = delete;
  Terminations& operator=(const Terminations&) = delete;

  void note(const std::string& id, const Result<>& done) {
    if (done) return;
    const runtime::Lock lock(mutex_);
    response_->add_unterminatedinstanceids(id);
  }

 private:
  ::grpc::ServerUnaryReactor* reactor_;
  ::SkipGracefulOrchestrationTerminationsResponse* response_;
  runtime::Mutex mutex_;
};

}  // namespace

Service::Unary* Service::QueryInstances(Context* context, const ::QueryInstancesRequest* request,
                                        ::QueryInstancesResponse* response) {
  return serve(context, guard_, Action::kRead, [&](const Permit& permit, Unary* reactor) {
    const ::InstanceQuery& query = request->query();
    engine::InstanceFilter filter;
    filter.statuses = to_set(query.runtimestatus(), model::kEveryStatus);
    filter.id_prefix = query.instanceidprefix().value();
    filter.created_from = to_time(query.has_createdtimefrom(), query.createdtimefrom());
    filter.created_to = to_time(query.has_createdtimeto(), query.createdtimeto());
    const bool with_payloads = query.fetchinputsandoutputs();
    hubs_.list(permit, std::move(filter),
               to_page(query.maxinstancecount(), query.continuationtoken().value()),
               with_payloads ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut,
               [reactor, response, with_payloads](const Result<hub::InstanceList>& list) {
                 if (!list) return reactor->Finish(transport::to_status(list.error()));
                 for (const model::InstanceSnapshot& instance : list->instances) {
                   fill(instance, payloads(with_payloads), response->add_orchestrationstate());
                 }
                 set_text(list->continuation, response,
                          &::QueryInstancesResponse::mutable_continuationtoken);
                 reactor->Finish(::grpc::Status::OK);
               });
  });
}

Service::Unary* Service::ListInstanceIds(Context* context, const ::ListInstanceIdsRequest* request,
                                         ::ListInstanceIdsResponse* response) {
  return serve(context, guard_, Action::kRead, [&](const Permit& permit, Unary* reactor) {
    hub::EndedFilter filter{
        .statuses = to_set(request->runtimestatus(), model::kEveryTerminal),
        .ended_from = to_time(request->has_completedtimefrom(), request->completedtimefrom()),
        .ended_to = to_time(request->has_completedtimeto(), request->completedtimeto())};
    hubs_.ended(permit, filter, to_page(request->pagesize(), request->lastinstancekey().value()),
                [reactor, response](Result<hub::EndedList> list) {
                  if (!list) return reactor->Finish(transport::to_status(list.error()));
                  for (std::string& id : list->ids) response->add_instanceids(std::move(id));
                  set_text(list->continuation, response,
                           &::ListInstanceIdsResponse::mutable_lastinstancekey);
                  reactor->Finish(::grpc::Status::OK);
                });
  });
}

Service::Unary* Service::PurgeInstances(Context* context, const ::PurgeInstancesRequest* request,
                                        ::PurgeInstancesResponse* response) {
  return serve(context, guard_, Action::kAdminister, [&](const Permit& permit, Unary* reactor) {
    const hub::Family family =
        request->recursive() ? hub::Family::kWithChildren : hub::Family::kAlone;
    const auto answer = [reactor, response](const Result<hub::PurgeResult>& result) {
      if (!result) return reactor->Finish(transport::to_status(result.error()));
      response->set_deletedinstancecount(static_cast<std::int32_t>(result->purged));
      response->mutable_iscomplete()->set_value(result->complete);
      reactor->Finish(::grpc::Status::OK);
    };
    if (request->has_purgeinstancefilter()) {
      const ::PurgeInstanceFilter& wire = request->purgeinstancefilter();
      hub::PurgeFilter filter{.instances = {}, .time_max = {}, .family = family};
      filter.instances.statuses = to_set(wire.runtimestatus(), model::kEveryTerminal);
      filter.instances.created_from = to_time(wire.has_createdtimefrom(), wire.createdtimefrom());
      filter.instances.created_to = to_time(wire.has_createdtimeto(), wire.createdtimeto());
      if (wire.has_timeout()) {
        filter.time_max = from_wire(wire.timeout());
      }
      return hubs_.purge_where(permit, std::move(filter), answer);
    }
    std::vector<std::string> ids;
    if (request->has_instancebatch()) {
      ids.assign(request->instancebatch().instanceids().begin(),
                 request->instancebatch().instanceids().end());
    } else {
      ids.push_back(request->instanceid());
    }
    if (request->isorchestration()) {
      std::erase_if(ids, [](const std::string& id) { return model::is_entity_id(id); });
    }
    hubs_.purge(permit, std::move(ids), family, [answer](Result<std::size_t> purged) {
      if (!purged) return answer(std::unexpected(std::move(purged).error()));
      answer(hub::PurgeResult{.purged = *purged});
    });
  });
}

Service::Unary* Service::CreateTaskHub(Context* context, const ::CreateTaskHubRequest* request,
                                       ::CreateTaskHubResponse*) {
  return serve(context, guard_, Action::kAdminister, [&](const Permit& permit, Unary* reactor) {
    // A hub is there as soon as something is in it.
    if (!request->recreateifexists()) return reactor->Finish(::grpc::Status::OK);
    hubs_.clear(permit, [reactor](const Result<>& done) { finish(reactor, done); });
  });
}

Service::Unary* Service::DeleteTaskHub(Context* context, const ::DeleteTaskHubRequest*,
                                       ::DeleteTaskHubResponse*) {
  return serve(context, guard_, Action::kAdminister, [&](const Permit& permit, Unary* reactor) {
    hubs_.clear(permit, [reactor](const Result<>& done) { finish(reactor, done); });
  });
}

// ---- entities -----------------------------------------------------------------------------------

Service::Unary* Service::SignalEntity(Context* context, const ::SignalEntityRequest* request,
                                      ::SignalEntityResponse*) {
  return serve(context, guard_, Action::kOperate, [&](const Permit& permit, Unary* reactor) {
    if (const auto checked = check_length(request->instanceid()); !checked) {
      return finish(reactor, checked);
    }
    hubs_.signal(permit, request->instanceid(), request->name(),
                 from_wire(request->has_input(), request->input()),
                 to_time(request->has_scheduledtime(), request->scheduledtime()),
                 [reactor](const Result<>& done) { finish(reactor, done); });
  });
}

Service::Unary* Service::GetEntity(Context* context, const ::GetEntityRequest* request,
                                   ::GetEntityResponse* response) {
  return serve(context, guard_, Action::kRead, [&](const Permit& permit, Unary* reactor) {
    hubs_.entity(permit, request->instanceid(),
                 [reactor, response, with_state = request->includestate()](
                     const Result<model::EntitySnapshot>& entity) {
                   if (!entity) return reactor->Finish(transport::to_status(entity.error()));
                   response->set_exists(entity->state.has_value());
                   if (entity->state)
                     fill(*entity, payloads(with_state), response->mutable_entity());
                   reactor->Finish(::grpc::Status::OK);
                 });
  });
}

Service::Unary* Service::QueryEntities(Context* context, const ::QueryEntitiesRequest* request,
                                       ::QueryEntitiesResponse* response) {
  return serve(context, guard_, Action::kRead, [&](const Permit& permit, Unary* reactor) {
    const ::EntityQuery& query = request->query();
    hub::EntityFilter filter{
        .id_prefix = query.instanceidstartswith().value(),
        .modified_from = to_time(query.has_lastmodifiedfrom(), query.lastmodifiedfrom()),
        .modified_to = to_time(query.has_lastmodifiedto(), query.lastmodifiedto()),
        .transient = query.includetransient()};
    hubs_.entities(permit, std::move(filter),
                   to_page(query.pagesize().value(), query.continuationtoken().value()),
                   [reactor, response,
                    with_state = query.includestate()](const Result<hub::EntityList>& list) {
                     if (!list) return reactor->Finish(transport::to_status(list.error()));
                     for (const model::EntitySnapshot& entity : list->entities) {
                       fill(entity, payloads(with_state), response->add_entities());
                     }
                     set_text(list->continuation, response,
                              &::QueryEntitiesResponse::mutable_continuationtoken);
                     reactor->Finish(::grpc::Status::OK);
                   });
  });
}

Service::Unary* Service::CleanEntityStorage(Context* context, const ::CleanEntityStorageRequest*,
                                            ::CleanEntityStorageResponse*) {
  // An entity without state, lock and messages is gone by itself, and a lock ends with its owner:
  // there is nothing to clean, and the counts are zero.
  return serve(context, guard_, Action::kAdminister,
               [](const Permit&, Unary* reactor) { reactor->Finish(::grpc::Status::OK); });
}

Service::Unary* Service::SkipGracefulOrchestrationTerminations(
    Context* context, const ::SkipGracefulOrchestrationTerminationsRequest* request,
    ::SkipGracefulOrchestrationTerminationsResponse* response) {
  return serve(context, guard_, Action::kAdminister, [&](const Permit& caller, Unary* reactor) {
    const auto& ids = request->instancebatch().instanceids();
    if (ids.size() > kTerminationsMax) {
      return finish(reactor, base::fail(base::ErrorCode::kInvalidArgument,
                                        "at most 500 instances can be terminated at once"));
    }
    const auto permit = transport::admit(*context, guard_, Action::kOperate);
    if (!permit) return reactor->Finish(transport::to_status(permit.error()));
    // A terminate never needs a worker here, so it is the same as any other.
    const auto all = std::make_shared<Terminations>(reactor, response);
    for (const std::string& id : ids) {
      hubs_.terminate(*permit, id, {.reason = request->reason().value()},
                      [all, id](const Result<>& done) { all->note(id, done); });
    }
    static_cast<void>(caller);
  });
}

}  // namespace perdure::durabletask

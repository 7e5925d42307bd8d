// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is one command of the engine. What takes several is in bulk.cc.
#include "hub/hubs.h"

#include <fmt/format.h>

#include <utility>

#include "hub/readers.h"
#include "hub/request.h"
#include "runtime/entropy.h"

namespace perdure::hub {

using access::Action;
using access::Permit;
using base::ErrorCode;
using base::Result;

Hubs::Hubs(engine::Engine& engine, std::size_t readers)
    : engine_(engine), readers_(std::make_unique<Readers>(readers, kReadsWaitingMax)) {}

Hubs::~Hubs() = default;

void Hubs::start(const Permit& permit, StartRequest request, Then<model::Started> then) {
  require(permit, Action::kOperate);
  if (request.id.empty()) request.id = runtime::random_id();
  ask<model::Started>(engine_,
                      model::StartInstance{.request = {},
                                           .key = key_of(permit, std::move(request.id)),
                                           .started = std::move(request.started),
                                           .reuse = request.reuse,
                                           .idempotency_key = std::move(request.idempotency_key)},
                      std::move(then));
}

void Hubs::raise(const Permit& permit, std::string id, model::EventRaised event, Then<> then) {
  require(permit, Action::kOperate);
  tell(engine_,
       model::RaiseEvent{
           .request = {}, .key = key_of(permit, std::move(id)), .event = std::move(event)},
       std::move(then));
}

void Hubs::terminate(const Permit& permit, std::string id, Termination how, Then<> then) {
  require(permit, Action::kOperate);
  if (how.recursive) {
    return terminate_family(key_of(permit, std::move(id)), std::move(how), std::move(then));
  }
  tell(engine_,
       model::TerminateInstance{.request = {},
                                .key = key_of(permit, std::move(id)),
                                .reason = std::move(how.reason),
                                .output = std::move(how.output)},
       std::move(then));
}

void Hubs::suspend(const Permit& permit, std::string id, std::string reason, Then<> then) {
  require(permit, Action::kOperate);
  tell(engine_, model::SuspendInstance{{}, key_of(permit, std::move(id)), std::move(reason)},
       std::move(then));
}

void Hubs::resume(const Permit& permit, std::string id, std::string reason, Then<> then) {
  require(permit, Action::kOperate);
  tell(engine_, model::ResumeInstance{{}, key_of(permit, std::move(id)), std::move(reason)},
       std::move(then));
}

void Hubs::rewind(const Permit& permit, std::string id, std::string reason, Then<> then) {
  require(permit, Action::kOperate);
  tell(engine_, model::RewindInstance{{}, key_of(permit, std::move(id)), std::move(reason)},
       std::move(then));
}

void Hubs::restart(const Permit& permit, std::string id, NewId new_id, Then<std::string> then) {
  require(permit, Action::kOperate);
  model::InstanceKey key = key_of(permit, std::move(id));
  const auto answer = [then = std::move(then)](Result<model::Started> started) {
    if (!started) return then(std::unexpected(std::move(started).error()));
    then(std::move(started->key.id));
  };
  if (new_id == NewId::kNo) {
    ask<model::Started>(engine_, model::RestartInstance{{}, std::move(key)}, answer);
    return;
  }
  // What a restart repeats is what the instance was started with; the new one is one more start.
  ask<model::InstanceSnapshot>(
      engine_, model::GetInstance{{}, key, /*with_input=*/true},
      [&engine = engine_, key, answer](Result<model::InstanceSnapshot> old) {
        if (!old) return answer(std::unexpected(std::move(old).error()));
        ask<model::Started>(
            engine,
            model::StartInstance{.request = {},
                                 .key = {key.hub, runtime::random_id()},
                                 .started = {.name = std::move(old->record.name),
                                             .version = std::move(old->record.version),
                                             .input = std::move(old->input),
                                             .tags = std::move(old->record.tags)},
                                 .reuse = {},
                                 .idempotency_key = {}},
            answer);
      });
}

void Hubs::get(const Permit& permit, std::string id, Inputs inputs,
               Then<model::InstanceSnapshot> then) {
  require(permit, Action::kRead);
  ask<model::InstanceSnapshot>(
      engine_, model::GetInstance{{}, key_of(permit, std::move(id)), inputs == Inputs::kInclude},
      std::move(then));
}

Await Hubs::await(const Permit& permit, std::string id, AwaitWhat what,
                  Then<model::InstanceSnapshot> then) {
  require(permit, Action::kRead);
  const model::InstanceKey key = key_of(permit, std::move(id));
  if (what.inputs == Inputs::kInclude) {
    then = [&engine = engine_, key, then = std::move(then)](Result<model::InstanceSnapshot> there) {
      if (!there) return then(std::move(there));
      ask<model::InstanceSnapshot>(engine, model::GetInstance{{}, key, /*with_input=*/true}, then);
    };
  }
  const model::RequestId request = ask<model::InstanceSnapshot>(
      engine_,
      model::AwaitInstance{.request = {},
                           .key = key,
                           .until = what.until,
                           .wait_if_unknown = what.if_unknown == IfUnknown::kWait},
      std::move(then));
  return {key, request};
}

void Hubs::cancel(const Await& await) {
  if (await.request == model::kNoRequest) return;
  engine_.cancel(await.key, await.request);
}

void Hubs::call(const Permit& permit, std::string id, std::string operation, model::Payload input,
                Then<model::OperationOutcome> then) {
  require(permit, Action::kOperate);
  ask<model::OperationOutcome>(
      engine_,
      model::CallEntity{{}, key_of(permit, std::move(id)), std::move(operation), std::move(input)},
      std::move(then));
}

void Hubs::signal(const Permit& permit, std::string id, std::string operation, model::Payload input,
                  std::optional<base::Timestamp> fire_at, Then<> then) {
  require(permit, Action::kOperate);
  tell(engine_,
       model::SignalEntity{
           {}, key_of(permit, std::move(id)), std::move(operation), std::move(input), fire_at},
       std::move(then));
}

void Hubs::entity(const Permit& permit, std::string id, Then<model::EntitySnapshot> then) {
  require(permit, Action::kRead);
  ask<model::EntitySnapshot>(engine_, model::GetEntity{{}, key_of(permit, std::move(id))},
                             std::move(then));
}

}  // namespace perdure::hub

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What entities add to a random story: who calls them, what their batches answer, and what must be
// true of them when nothing moves any more.
#include <fmt/format.h>

#include <algorithm>

#include "core/testing/chaos.h"
#include "model/limits.h"

namespace perdure::core::testing {
namespace {

constexpr const char* kEntities[] = {"@cart@1", "@cart@2", "@stock@"};

/// The operation that a pending call waits for is in the inbox of its entity.
bool waits_in(const StoredInstance& entity, const model::Caller& caller) {
  return std::ranges::any_of(entity.inbox, [&](const InboxMessage& message) {
    const auto* request = std::get_if<model::OperationRequested>(&message.event.body);
    return request != nullptr && request->caller == caller;
  });
}

}  // namespace

std::string Chaos::some_entity() { return kEntities[choices_.below(std::size(kEntities))]; }

std::vector<std::string> Chaos::some_entities() {
  std::vector<std::string> some;
  const std::uint64_t chosen = 1 + choices_.below(7);
  for (std::size_t i = 0; i < std::size(kEntities); ++i) {
    if ((chosen >> i & 1U) != 0) some.emplace_back(kEntities[i]);
  }
  return some;
}

// ---- clients ------------------------------------------------------------------------------------

void Chaos::entity_step() {
  const std::string id = some_entity();
  switch (choices_.below(6)) {
    case 0:
    case 1:
    case 2: {
      model::CallEntity command = call_entity(id, "operation", some_payload());
      command.request = model::RequestId{++requests_};
      calls_.insert(command.request);
      say("call " + id);
      return run(std::move(command));
    }
    case 3: say("signal " + id); return run(signal_entity(id, "operation", some_payload()));
    case 4:
      say("signal later " + id);
      return run(signal_entity(id, "operation", some_payload(), some_time()));
    default: {
      model::GetEntity command = get_entity(id);
      command.request = model::RequestId{++requests_};
      say("get " + id);
      return run(std::move(command));
    }
  }
}

// ---- orchestrations -----------------------------------------------------------------------------

std::optional<Chaos::Section> Chaos::section_of(const model::InstanceKey& name) {
  const StoredInstance* stored = live(name);
  if (stored == nullptr) return std::nullopt;
  for (const auto& [task, pending] : stored->pending) {
    if (pending.kind == model::TaskKind::kSection) return Section{task, pending.entities};
  }
  return std::nullopt;
}

model::Action Chaos::entity_action(const model::TurnItem& item) {
  const int task = next_task(item.token);
  const bool obeys = !choices_.chance(4);
  switch (choices_.below(7)) {
    case 0:
    case 1:
    case 2: {
      std::string target = some_entity();
      if (section_ && obeys) {
        target = section_->entities[choices_.below(section_->entities.size())];
      }
      return call(task, std::move(target), "operation", some_payload());
    }
    case 3:
      return signal(task, some_entity(), "operation", some_payload(),
                    choices_.chance(30) ? std::optional(some_time()) : std::nullopt);
    case 4:
    case 5:
      if (!section_ || !obeys) {
        std::vector<std::string> entities = some_entities();
        if (!section_) section_ = Section{{task}, entities};
        return lock(task, std::move(entities));
      }
      [[fallthrough]];
    default: {
      if (!section_ || !obeys) {
        return unlock(task, static_cast<int>(choices_.below(static_cast<std::uint64_t>(task) + 1)));
      }
      const int section = section_->task.value;
      section_.reset();
      return choices_.chance(80) ? unlock(task, section) : cancel(task, section);
    }
  }
}

// ---- workers ------------------------------------------------------------------------------------

model::Action Chaos::batch_action(int task) {
  switch (choices_.below(6)) {
    case 0: return signal(task, some_entity(), "operation", some_payload());
    case 1: return signal(task, some_entity(), "operation", some_payload(), some_time());
    case 2:
      return call(task, some_entity(), "operation", some_payload(),
                  choices_.chance(95) ? "told" : "");
    case 3: return send_event(task, some_id(), "sent", some_payload());
    case 4: return child(task, is_crowded() || choices_.chance(60) ? some_id() : "");
    default:
      return choices_.chance(10) ? timer(task, some_time())
                                 : signal(task, some_entity(), "operation");
  }
}

/// `item` is a batch; sometimes the worker answers nonsense.
model::TurnResult Chaos::some_batch(const model::TurnItem& item) {
  model::TurnResult result;
  const std::size_t operations = item.new_events.size() - 1;
  if (choices_.chance(6)) {
    const std::uint64_t kind = choices_.below(3);
    result.outcome = kind == 0   ? model::Outcome(model::Waiting{})
                     : kind == 1 ? completed(some_payload())
                                 : failed();
    return result;
  }
  const std::size_t ran = choices_.chance(70) ? operations : choices_.below(operations + 2);
  model::Operated operated;
  for (std::size_t i = 0; i < ran; ++i) {
    if (choices_.chance(20)) {
      operated.results.emplace_back(failure("no"));
    } else {
      operated.results.emplace_back(model::Payload(some_payload()));
    }
  }
  const std::uint64_t kind = choices_.below(10);
  operated.state = kind < 3 ? std::nullopt : kind < 5 ? item.state : some_payload();
  for (int left = static_cast<int>(choices_.below(3)); left > 0; --left) {
    result.actions.push_back(batch_action(left));
  }
  result.outcome = std::move(operated);
  return result;
}

/// Every operation succeeds, and nothing is left of the entity.
model::TurnResult Chaos::last_batch(const model::TurnItem& item) {
  model::Operated operated;
  operated.results.assign(item.new_events.size() - 1, model::Payload("drained"));
  return {.actions = {}, .outcome = std::move(operated), .custom_status = {}};
}

// ---- the end ------------------------------------------------------------------------------------

/// At rest. Its operations wait only for whoever holds it.
void Chaos::check_resting_entity(const model::InstanceKey& name) {
  const StoredInstance stored = world_.stored(name.id);
  require(stored.pending.empty(), fmt::format("entity '{}' forgot a delayed signal", name.id));
  require(stored.inbox.empty() || stored.record.lock,
          fmt::format("entity '{}' is stuck with operations", name.id));
}

bool Chaos::is_waiting_call(const model::InstanceKey& name, const StoredInstance& stored,
                            model::TaskId task) const {
  const model::Caller caller{
      .key = name, .execution = stored.record.execution, .task = task, .then = {}};
  const std::string& entity = stored.pending.at(task).child_id;
  return world_.exists(entity) && waits_in(world_.stored(entity), caller);
}

/// Each caller since the last crash has its one answer, or its operation waits.
void Chaos::check_calls() {
  std::size_t waiting = 0;
  for (const Shard& shard : world_.shards()) {
    for (const Instance* instance : shard.instances.by_recency()) {
      for (const auto& [number, request] : instance->callers) {
        waiting += calls_.contains(request) ? 1 : 0;
      }
    }
  }
  for (const model::RequestId request : calls_) {
    if (world_.replies().contains(request)) ++waiting;
  }
  require(waiting == calls_.size(), "a call of an entity was forgotten, or answered too early");
}

/// No owner lives any more: nobody holds an entity, and what waited has run.
void Chaos::delete_entities() {
  for (const model::InstanceKey& name : all_instances()) {
    if (!model::is_entity_id(name.id)) continue;
    const StoredInstance stored = world_.stored(name.id);
    require(!stored.record.lock, fmt::format("entity '{}' is locked for ever", name.id));
    require(stored.inbox.empty(), fmt::format("entity '{}' keeps messages for ever", name.id));
    run(signal_entity(name.id, "delete"));
  }
  drain();
  for (const model::RequestId request : calls_) {
    require(world_.replies().contains(request), "a call of an entity has no answer");
  }
}

}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/entity.h"

#include <utility>

#include "exceptions.h"
#include "model/entity.h"

namespace perdure {
namespace {

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& byte : text) {
    if ('A' <= byte && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  }
  return text;
}

}  // namespace

EntityId::EntityId(std::string_view name, std::string_view key)
    : text_(model::entity_id(lower(name), key)) {
  if (name.empty() || name.contains('@')) {
    throw std::invalid_argument("perdure: '" + std::string(name) +
                                "' is no name of an entity; it has characters, and no '@'");
  }
}

std::optional<EntityId> EntityId::parse(std::string_view text) {
  const auto parts = model::parse_entity_id(text);
  if (!parts) return std::nullopt;
  return EntityId(parts->name, parts->key);
}

std::string_view EntityId::name() const { return model::parse_entity_id(text_)->name; }
std::string_view EntityId::key() const { return model::parse_entity_id(text_)->key; }

void EntityContext::add_signal(const EntityId& entity, std::string_view operation, Payload input,
                               std::optional<TimePoint> at) {
  batch_->actions.push_back({.kind = internal::EntityAction::Kind::kSignal,
                             .target = entity.text(),
                             .name = std::string(operation),
                             .payload = std::move(input),
                             .then = {},
                             .at = at});
}

void EntityContext::add_call(const EntityId& entity, std::string_view operation, Payload input,
                             std::string_view then) {
  batch_->actions.push_back({.kind = internal::EntityAction::Kind::kCall,
                             .target = entity.text(),
                             .name = std::string(operation),
                             .payload = std::move(input),
                             .then = std::string(then)});
}

void EntityContext::add_start(std::string_view id, std::string_view orchestration, Payload input) {
  batch_->actions.push_back({.kind = internal::EntityAction::Kind::kStart,
                             .target = std::string(id),
                             .name = std::string(orchestration),
                             .payload = std::move(input),
                             .then = {}});
}

void EntityContext::add_event(std::string_view instance, std::string_view event, Payload payload) {
  batch_->actions.push_back({.kind = internal::EntityAction::Kind::kEvent,
                             .target = std::string(instance),
                             .name = std::string(event),
                             .payload = std::move(payload),
                             .then = {}});
}

namespace internal {

FailureDetails current_failure() { return details_of(std::current_exception()); }

void throw_unknown_operation(const EntityId& id, std::string_view operation,
                             const std::string& known) {
  throw Failure("entity '" + std::string(id.name()) + "' has no operation '" +
                std::string(operation) + "'; it has " + known)
      .type(kFailureTypeUnknownOperation)
      .non_retriable();
}

void throw_no_operation(const char* entity) {
  throw std::logic_error(std::string("perdure: this member is not among the operations that "
                                     "PERDURE_OPERATIONS names for ") +
                         entity);
}

void throw_reply_failed(const FailureDetails& failure) {
  throw TaskFailed("the called operation", failure);
}

}  // namespace internal
}  // namespace perdure

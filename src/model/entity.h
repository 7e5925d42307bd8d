// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The nouns of entities. An entity is an instance whose id is "@name@key": it has state instead of
// a history, and runs the operations of its inbox in order, one at a time. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/failure.h"
#include "model/ids.h"
#include "model/payload.h"

namespace perdure::model {

/// The parts of an entity's id. The key may be empty and may hold '@'; the name holds none.
struct EntityName {
  std::string_view name;
  std::string_view key;
};

constexpr bool is_entity_id(std::string_view id) { return id.starts_with('@'); }
/// Views into `id`; nothing for a text that is no entity's id.
std::optional<EntityName> parse_entity_id(std::string_view id);
std::string entity_id(std::string_view name, std::string_view key);
/// The name under which workers take the batches of an entity, "@name": no orchestration has it. A
/// view into `id`. REQUIRES: `id` is an entity's.
std::string_view batch_name(std::string_view id);

/// Who sent an operation or a lock request, and how an outcome finds the way back.
struct Caller {
  InstanceKey key;
  Execution execution;
  /// The task of an orchestration that waits; negative: none does.
  TaskId task{-1};
  /// The operation of an entity that gets the outcome; empty: none does.
  std::string then;

  friend bool operator==(const Caller&, const Caller&) = default;
};

/// Two messages from the same run of the same instance.
inline bool same_sender(const Caller& a, const Caller& b) {
  return a.execution == b.execution && a.key == b.key;
}

/// One operation on its way to an entity, and in its inbox.
struct OperationRequested {
  std::string operation;
  Payload input;
  std::optional<Caller> caller;  // absent: a client
  /// It tells an entity how an operation that it called failed; `input` is then absent.
  std::optional<Failure> failure{};

  friend bool operator==(const OperationRequested&, const OperationRequested&) = default;
};

/// In the inbox of an entity: `owner` wants it for a critical section. `owner.task` is the section.
struct LockWanted {
  Caller owner;

  friend bool operator==(const LockWanted&, const LockWanted&) = default;
};

/// Who holds an entity. What it sent before it left the section still runs as its own.
struct HeldLock {
  Caller owner;
  /// It has left: messages of the inbox from this number on are nobody's. Zero: it has not.
  std::uint64_t until = 0;

  friend bool operator==(const HeldLock&, const HeldLock&) = default;
};

}  // namespace perdure::model

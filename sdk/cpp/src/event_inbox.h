// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// External events of one execution: those that came before anybody asked, and those who asked
// before any came. First come, first served, by name; names match without regard to ASCII case.
// Never both kinds under one name. Holds at most what the history holds, which the engine bounds.
// Belongs to the thread of its Run; can not fail.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace perdure::internal {

class Operation;

/// An event and its place in the order of arrival over all names.
struct ArrivedEvent {
  std::uint64_t sequence = 0;
  model::EventRaised event;
};

class EventInbox {
 public:
  std::uint64_t next_sequence() { return next_sequence_++; }

  /// Who has waited longest for an event of this name; it waits no longer. nullptr: nobody.
  Operation* take_waiter(std::string_view name);
  /// Keeps an event until somebody asks, at its place in the order of arrival.
  void keep(ArrivedEvent event);
  /// The oldest event of this name.
  std::optional<ArrivedEvent> take(std::string_view name);
  void wait(std::string_view name, Operation& waiter);
  /// The waiter no longer waits. REQUIRES: it does.
  void forget(std::string_view name, const Operation& waiter);
  /// Everything that is kept, in no order; afterwards the inbox is empty.
  std::vector<ArrivedEvent> take_all();

 private:
  struct Box {
    std::list<ArrivedEvent> arrived;
    std::list<Operation*> waiting;
  };
  using Boxes = std::unordered_map<std::string, Box>;

  void drop_if_empty(Boxes::iterator box);

  Boxes boxes_;  // by name in lower case; a box with nothing in it is removed
  std::uint64_t next_sequence_ = 0;
};

}  // namespace perdure::internal

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the code decided, in order, until it is compared with what the history recorded (in a
// replay) or handed out (in a new turn). Belongs to the thread of its Run; can not fail.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/action.h"
#include "model/event.h"

namespace perdure::internal {

class Decisions {
 public:
  void add(model::Action action) { actions_.push_back(std::move(action)); }

  /// How many are neither matched nor taken.
  [[nodiscard]] std::size_t open() const { return actions_.size() - matched_; }
  /// True if this recorded action is the next decision: the decision is then matched. Payloads are
  /// not compared: code may change what it computes, not what it does.
  bool match(const model::EventBody& recorded);
  /// All that were not matched.
  std::vector<model::Action> take();
  /// One line on the next one. REQUIRES: open() > 0.
  [[nodiscard]] std::string describe_next() const;

 private:
  std::vector<model::Action> actions_;
  std::size_t matched_ = 0;
};

/// A moment for people: "2026-11-21T04:17:15.000000Z".
std::string utc(base::Timestamp at);
/// One line on an event, with what a decision is compared by.
std::string describe_recorded(const model::EventBody& body);

}  // namespace perdure::internal

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Lists of events as they travel: rows of the record encoding, sealed with the empty key. What can
// not be read is the sender's fault: kInvalidArgument. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/payload.h"

namespace perdure::worker_wire {

std::string to_wire(const std::vector<model::Event>& events);
base::Result<std::vector<model::Event>> events_from(std::string_view what, std::string_view wire);

/// A list of one.
template <class Body>
std::string one_to_wire(Body body) {
  std::vector<model::Event> events(1);
  events.front().body = std::move(body);
  return to_wire(events);
}
/// Exactly one, of this kind.
template <class Body>
base::Result<Body> one_from(std::string_view what, std::string_view wire) {
  PERDURE_ASSIGN_OR_RETURN(std::vector<model::Event> events, events_from(what, wire));
  Body* body = events.size() == 1 ? std::get_if<Body>(&events.front().body) : nullptr;
  if (body == nullptr) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string(what) + " is not the one event that belongs there");
  }
  return std::move(*body);
}

}  // namespace perdure::worker_wire

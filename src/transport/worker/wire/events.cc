// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/wire/events.h"

#include <fmt/format.h>

#include "model/record.h"

namespace perdure::worker_wire {

std::string to_wire(const std::vector<model::Event>& events) {
  return model::encode_events({}, events);
}

base::Result<std::vector<model::Event>> events_from(std::string_view what, std::string_view wire) {
  auto events = model::decode_events({}, wire);
  if (!events) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("{}: {}", what, events.error().message));
  }
  return events;
}

}  // namespace perdure::worker_wire

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "world/bodies.h"

#include <fmt/format.h>

#include <algorithm>

namespace perdure::sim {
namespace {

/// The instance at the root of a tree of children with the ids that they have by default.
std::string root_of(const std::string& id) { return id.substr(0, id.find(':')); }

}  // namespace

std::variant<model::Payload, model::Failure> Bodies::run(const model::ActivityItem& item,
                                                         std::uint64_t crashes) {
  const model::ActivityToken& token = item.token;
  Runs& runs = runs_[{token.key, token.execution, token.task}];
  if (runs.count++ == 0) runs.crashes_before = crashes;
  if (!runs.attempts.insert(token.attempt).second) ++runs.repeated;
  if (item.name == "guess") runs.speculative = true;
  Input input;
  if (const auto* carried = std::get_if<model::Payload>(&item.input)) input = *carried;
  runs.inputs.insert(input);
  if (item.name == "flaky" && !repaired_.contains(root_of(token.key.id))) {
    return model::Failure{.type = "Flaky", .message = "not repaired yet", .stack = {}, .inner = {}};
  }
  std::string result = fmt::format("\"{}#{}\"", item.name, ++last_);
  runs.results.emplace(result, input);
  return model::Payload(std::move(result));
}

bool Bodies::gave_results_of(const model::TurnItem& turn) const {
  return std::ranges::all_of(turn.new_events, [&](const model::Event& event) {
    const auto* done = std::get_if<model::ActivityCompleted>(&event.body);
    if (done == nullptr) return true;
    const auto runs = runs_.find({turn.token.key, turn.token.execution, done->task});
    return runs != runs_.end() && done->result && runs->second.results.contains(*done->result);
  });
}

void Bodies::lost(const model::ActivityToken& token) {
  ++runs_[{token.key, token.execution, token.task}].losses;
}

}  // namespace perdure::sim

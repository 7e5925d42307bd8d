// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A World with hands: answers what is offered, and says in short what is there. What a test asks
// for must exist; if it does not, the process stops with a sentence. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "core/testing/build.h"
#include "core/testing/world.h"
#include "model/event.h"
#include "model/instance.h"

namespace perdure::core::testing {

class Story : public World {
 public:
  using World::World;

  // ---- answering ----

  [[nodiscard]] const model::TurnItem* offered_turn(const std::string& id) const {
    for (const auto& [token, item] : offers().turns) {
      if (token.key.id == id) return &item;
    }
    return nullptr;
  }

  /// The turn that is offered, counted first if need be.
  model::TurnItem take_turn(const std::string& id) {
    const model::TurnItem* item = offered_turn(id);
    PERDURE_CHECK(item != nullptr, "no turn is offered for '" + id + "'");
    if (item->uncounted_redelivery) {
      run(model::BeginAttempt{item->token});
      item = offered_turn(id);
      PERDURE_CHECK(item != nullptr, "no turn is offered for '" + id + "' after its attempt");
    }
    return *item;
  }

  void turn(const std::string& id, std::vector<model::Action> actions = {},
            model::Outcome outcome = model::Waiting{},
            std::optional<model::Payload> custom_status = std::nullopt) {
    run(model::CompleteTurn{take_turn(id).token,
                            {std::move(actions), std::move(outcome), std::move(custom_status)}});
  }

  [[nodiscard]] std::vector<model::ActivityItem> offered_activities(const std::string& id) const {
    std::vector<model::ActivityItem> items;
    for (const auto& [token, item] : offers().activities) {
      if (token.key.id == id) items.push_back(item);
    }
    return items;
  }

  [[nodiscard]] const model::ActivityItem* offered_activity(const std::string& id, int task) const {
    for (const auto& [token, item] : offers().activities) {
      if (token.key.id == id && token.task.value == task) return &item;
    }
    return nullptr;
  }

  [[nodiscard]] model::ActivityToken activity_token(const std::string& id, int task) const {
    const model::ActivityItem* item = offered_activity(id, task);
    PERDURE_CHECK(item != nullptr, "an activity of '" + id + "' is not offered");
    return item->token;
  }

  void done(const std::string& id, int task, model::Payload result = std::nullopt) {
    run(model::CompleteActivity{activity_token(id, task), std::move(result)});
  }

  void fails(const std::string& id, int task, std::string message = "no") {
    run(model::CompleteActivity{activity_token(id, task), failure(std::move(message))});
  }

  /// Answers the batch of an entity: one result for each operation that ran, from the first on.
  void batch(const std::string& id,
             std::vector<std::variant<model::Payload, model::Failure>> results,
             model::Payload state, std::vector<model::Action> actions = {}) {
    turn(id, std::move(actions), operated(std::move(results), std::move(state)));
  }

  // ---- looking ----

  /// "add 1", "told -": the operations in a list, in order.
  [[nodiscard]] static std::vector<std::string> operations_in(
      const std::vector<model::Event>& events) {
    std::vector<std::string> operations;
    for (const model::Event& event : events) {
      const auto* request = std::get_if<model::OperationRequested>(&event.body);
      if (request == nullptr) continue;
      const std::string what = request->failure ? request->failure->type : "-";
      operations.push_back(request->operation + " " + request->input.value_or(what));
    }
    return operations;
  }

  /// Of the batch that is offered; empty if none is.
  [[nodiscard]] std::vector<std::string> offered_operations(const std::string& id) const {
    const model::TurnItem* item = offered_turn(id);
    return item == nullptr ? std::vector<std::string>() : operations_in(item->new_events);
  }

  /// The instance that holds the entity; empty: nobody.
  [[nodiscard]] std::string holder_of(const std::string& id) const {
    const model::InstanceRecord head = record(id);
    return head.lock ? head.lock->owner.key.id : "";
  }

  [[nodiscard]] StoredInstance stored(const std::string& id) const {
    Broken problems;
    StoredInstance found = instance_in(rows(), key(id), problems).stored;
    PERDURE_CHECK(problems.empty(), "the rows of '" + id + "' can not be read");
    return found;
  }

  [[nodiscard]] bool exists(const std::string& id) const {
    Broken problems;
    return instance_in(rows(), key(id), problems).exists;
  }

  [[nodiscard]] model::InstanceRecord record(const std::string& id) const {
    return stored(id).record;
  }

  [[nodiscard]] std::string status(const std::string& id) const {
    return exists(id) ? std::string(model::status_name(record(id).status)) : "NONE";
  }

  /// "TurnStarted", "ActivityScheduled #0 'work'", ...
  [[nodiscard]] std::vector<std::string> history(const std::string& id) const {
    return describe_all(history_in(rows(), key(id)));
  }

  [[nodiscard]] static std::vector<std::string> describe_all(
      const std::vector<model::Event>& events) {
    std::vector<std::string> lines;
    for (const model::Event& event : events) lines.push_back(model::describe(event));
    return lines;
  }

  /// How often an event of this kind is in the history.
  [[nodiscard]] std::size_t count(const std::string& id, std::string_view kind) const {
    std::size_t found = 0;
    for (const model::Event& event : history_in(rows(), key(id))) {
      if (model::kind_name(event.body) == kind) ++found;
    }
    return found;
  }

  /// Payloads of the events "EventRaised" in a list, in order.
  [[nodiscard]] static std::vector<std::string> raised_in(const std::vector<model::Event>& events) {
    std::vector<std::string> payloads;
    for (const model::Event& event : events) {
      const auto* raised = std::get_if<model::EventRaised>(&event.body);
      if (raised != nullptr) payloads.push_back(raised->payload.value_or("-"));
    }
    return payloads;
  }

  /// Rows whose key names the instance, in every space.
  [[nodiscard]] std::size_t rows_about(const std::string& id) const {
    const std::string named = std::string("hub") + '\0' + id + '\0';
    std::size_t found = 0;
    for (const model::Space space : model::kSpaces) {
      for (const auto& [row_key, row] : rows().of(space)) {
        if (row_key.find(named) != std::string::npos) ++found;
      }
    }
    return found;
  }
};

/// For answers: what kind of body a reply has.
inline bool is_done(const model::ReplyBody& body) {
  return std::holds_alternative<model::Done>(body);
}

inline const model::Started* started(const model::ReplyBody& body) {
  return std::get_if<model::Started>(&body);
}

inline const model::InstanceSnapshot* snapshot(const model::ReplyBody& body) {
  return std::get_if<model::InstanceSnapshot>(&body);
}

inline const model::OperationOutcome* outcome(const model::ReplyBody& body) {
  return std::get_if<model::OperationOutcome>(&body);
}

inline const model::EntitySnapshot* entity(const model::ReplyBody& body) {
  return std::get_if<model::EntitySnapshot>(&body);
}

/// nullopt: no error.
inline std::optional<base::ErrorCode> error_of(const model::ReplyBody& body) {
  const auto* error = std::get_if<base::Error>(&body);
  if (error == nullptr) return std::nullopt;
  return error->code;
}

}  // namespace perdure::core::testing

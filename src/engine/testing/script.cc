// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/script.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "base/overloaded.h"
#include "model/limits.h"
#include "model/work_item.h"

namespace perdure::engine::testing {
namespace {

/// What the events so far amount to.
struct Seen {
  std::string name;
  std::string input;
  base::Timestamp now;
  int actions = 0;
  int scheduled = 0;
  int completed = 0;
  int timers = 0;
  int fired = 0;
  int children = 0;
  std::optional<std::string> child;
  std::string gathered;
  int events = 0;
};

Seen look_at(const std::vector<model::Event>& events) {
  Seen seen;
  for (const model::Event& event : events) {
    if (model::is_action(event)) ++seen.actions;
    std::visit(
        base::Overloaded{
            [&](const model::TurnStarted&) { seen.now = event.at; },
            [&](const model::ExecutionStarted& e) {
              seen.name = e.name;
              seen.input = e.input.value_or("");
            },
            [&](const model::ActivityScheduled&) { ++seen.scheduled; },
            [&](const model::ActivityCompleted&) { ++seen.completed; },
            [&](const model::ActivityFailed&) { ++seen.completed; },
            [&](const model::TimerCreated&) { ++seen.timers; },
            [&](const model::TimerFired&) { ++seen.fired; },
            [&](const model::ChildScheduled&) { ++seen.children; },
            [&](const model::ChildCompleted& e) { seen.child = e.result.value_or(""); },
            [&](const model::ChildFailed& e) { seen.child = "failed: " + e.failure.message; },
            [&](const model::EventRaised& e) {
              ++seen.events;
              seen.gathered += e.payload.value_or("");
            },
            [](const auto&) {},
        },
        event.body);
  }
  return seen;
}

model::Tags speculative() {
  return {{std::string(model::kSpeculativeTag), std::string(model::kSpeculativeValue)}};
}

class Decision {
 public:
  explicit Decision(const Seen& seen) : next_(seen.actions) {}

  void activity(model::Tags tags = {}) {
    result.actions.push_back(model::ActivityScheduled{.task = task(),
                                                      .name = "work",
                                                      .version = {},
                                                      .input = "in",
                                                      .tags = std::move(tags),
                                                      .trace_parent = {}});
  }
  void timer(base::Timestamp at) {
    result.actions.push_back(model::TimerCreated{.task = task(), .fire_at = at});
  }
  void child(std::string input) {
    result.actions.push_back(model::ChildScheduled{.task = task(),
                                                   .id = {},
                                                   .name = "chain",
                                                   .version = {},
                                                   .input = std::move(input),
                                                   .tags = {},
                                                   .trace_parent = {}});
  }
  void send(std::string target) {
    result.actions.push_back(model::EventSent{
        .task = task(), .target = std::move(target), .name = "go", .payload = "x"});
  }
  void complete(std::string output) { result.outcome = model::Completed{std::move(output)}; }

  model::TurnResult result;

 private:
  model::TaskId task() { return model::TaskId{next_++}; }
  int next_;
};

}  // namespace

model::TurnResult decide(const std::vector<model::Event>& events) {
  const Seen seen = look_at(events);
  const int count = seen.name == "tell" ? 0 : std::atoi(seen.input.c_str());
  Decision d(seen);
  if (seen.name == "chain" || seen.name == "dash") {
    if (seen.completed == count) {
      d.complete(std::to_string(count));
    } else if (seen.scheduled == seen.completed) {
      d.activity(seen.name == "dash" ? speculative() : model::Tags{});
    }
  } else if (seen.name == "fan") {
    for (int i = seen.scheduled; i < count; ++i) d.activity();
    if (seen.completed == count) d.complete(std::to_string(count));
  } else if (seen.name == "nap") {
    if (seen.timers == 0) d.timer(seen.now + base::milliseconds(count));
    if (seen.fired > 0) d.complete("rested");
  } else if (seen.name == "parent") {
    if (seen.children == 0) d.child(seen.input);
    if (seen.child) d.complete(*seen.child);
  } else if (seen.name == "gather") {
    if (seen.events >= count) d.complete(seen.gathered);
  } else if (seen.name == "again") {
    if (seen.scheduled == 0) {
      d.activity();
    } else if (seen.completed > 0 && count == 0) {
      d.complete("0");
    } else if (seen.completed > 0) {
      d.result.outcome = model::ContinuedAsNew{
          .input = std::to_string(count - 1), .version = {}, .tags = {}, .carried = {}};
    }
  } else if (seen.name == "tell") {
    d.send(seen.input);
    d.complete("told");
  } else if (seen.name == "greedy") {
    d.complete(std::string(model::kPayloadBytesMax + 1, 'x'));
  } else {
    d.result.outcome = model::Failed{{.type = "test",
                                      .message = "no such script",
                                      .stack = {},
                                      .retriable = false,
                                      .inner = {}}};
  }
  return std::move(d.result);
}

std::string expected_output(const std::string& name, const std::string& input) {
  if (name == "nap") return "rested";
  if (name == "again") return "0";
  if (name == "gather") return std::string(static_cast<std::size_t>(std::stoi(input)), 'x');
  if (name == "tell") return "told";
  return input;
}

std::string complaint_about(const std::vector<model::Event>& events) {
  if (events.size() < 3) return "it has fewer than three events";
  if (!std::holds_alternative<model::TurnStarted>(events[0].body)) return "it begins with no turn";
  if (!std::holds_alternative<model::ExecutionStarted>(events[1].body)) return "it has no start";
  if (!std::holds_alternative<model::ExecutionCompleted>(events.back().body)) {
    return "it has no end";
  }
  std::map<model::TaskId, base::Timestamp> open;  // fire_at, for timers
  std::set<model::TaskId> used;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const model::Event& event = events[i];
    if (i > 0 && event.at < events[i - 1].at && model::is_action(event)) {
      return fmt::format("event {} goes back in time", i);
    }
    const auto task = model::task_of(event);
    if (!task) continue;
    if (model::is_action(event)) {
      if (std::holds_alternative<model::EventSent>(event.body)) continue;
      if (!used.insert(*task).second) return fmt::format("task {} is used twice", task->value);
      const auto* timer = std::get_if<model::TimerCreated>(&event.body);
      open.emplace(*task, timer != nullptr ? timer->fire_at : base::Timestamp{});
      continue;
    }
    const auto found = open.find(*task);
    if (found == open.end()) {
      return fmt::format("event {} ({}) is an outcome of no open task", i, model::describe(event));
    }
    if (found->second > event.at) return fmt::format("timer {} fired early", task->value);
    open.erase(found);
  }
  return {};
}

}  // namespace perdure::engine::testing

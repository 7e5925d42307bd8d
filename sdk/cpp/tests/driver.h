// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Plays the engine for one orchestration, in memory: feeds events, records the history as the core
// does. Each turn runs three times: on the Run that is held, on a fresh one that replayed the whole
// history, and on one that replayed it in small pages; all must answer the same.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decisions.h"
#include "model/action.h"
#include "model/event.h"
#include "perdure/registry.h"
#include "runner.h"

namespace perdure::testing_internal {

using internal::Run;
using internal::Violation;
using Lines = std::vector<std::string>;

inline std::string describe(const model::Action& action) {
  return std::visit([](const auto& body) { return internal::describe_recorded(body); }, action);
}

class Driver {
 public:
  template <class F>
  explicit Driver(F orchestration)
      : function_(internal::make_orchestration(std::move(orchestration))), held_(fresh()) {}

  /// The first turn.
  template <class... Args>
  Lines start(const Args&... args) {
    started_.input = internal::encode_all(args...);
    return turn({started_});
  }

  /// One more turn: the decisions, one line each.
  Lines turn(std::vector<model::EventBody> bodies) {
    std::vector<model::Event> events{{now_, model::TurnStarted{}}};
    for (model::EventBody& body : bodies) events.push_back({now_, std::move(body)});
    auto answer = held_->turn(events);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {answer.error().message};
    expect_same_from_replay(events, *answer);
    result_ = *std::move(answer);
    history_.insert(history_.end(), events.begin(), events.end());
    Lines lines;
    for (const model::Action& action : result_.actions) {
      lines.push_back(describe(action));
      std::visit([&](const auto& body) { history_.push_back({now_, body}); }, action);
    }
    EXPECT_EQ(held_->events(), history_.size());
    return lines;
  }

  template <class T>
  Lines complete(std::int32_t task, const T& value) {
    return turn({completed(task, value)});
  }
  Lines complete(std::int32_t task) {
    return turn({model::ActivityCompleted{model::TaskId{task}, std::nullopt}});
  }
  Lines fail(std::int32_t task, std::string type = "Broken", std::string message = "it broke") {
    return turn({failed(task, std::move(type), std::move(message))});
  }
  Lines fire(std::int32_t task) { return turn({fired(task)}); }
  template <class T>
  Lines raise(std::string name, const T& value) {
    return turn({raised(std::move(name), value)});
  }

  template <class T>
  static model::EventBody completed(std::int32_t task, const T& value) {
    return model::ActivityCompleted{model::TaskId{task}, internal::encode_value(value)};
  }
  static model::EventBody failed(std::int32_t task, std::string type = "Broken",
                                 std::string message = "it broke") {
    return model::ActivityFailed{
        model::TaskId{task},
        {.type = std::move(type), .message = std::move(message), .stack = {}, .inner = {}}};
  }
  /// Due when the history says so.
  [[nodiscard]] model::EventBody fired(std::int32_t task) const {
    for (const model::Event& event : history_) {
      const auto* created = std::get_if<model::TimerCreated>(&event.body);
      if (created != nullptr && created->task.value == task) {
        return model::TimerFired{created->task, created->fire_at};
      }
    }
    ADD_FAILURE() << "there is no timer #" << task;
    return model::TimerFired{};
  }
  template <class T>
  static model::EventBody raised(std::string name, const T& value) {
    return model::EventRaised{std::move(name), internal::encode_value(value)};
  }

  void advance(std::chrono::microseconds span) { now_ = now_ + base::microseconds(span.count()); }

  [[nodiscard]] const model::TurnResult& result() const { return result_; }
  [[nodiscard]] bool waiting() const {
    return std::holds_alternative<model::Waiting>(result_.outcome);
  }
  /// The result, as encoded; or a line on what happened instead.
  [[nodiscard]] std::string output() const {
    if (const auto* done = std::get_if<model::Completed>(&result_.outcome)) {
      return done->output.value_or("nothing");
    }
    if (const auto* failed = std::get_if<model::Failed>(&result_.outcome)) {
      return "failed: " + failed->failure.type + ": " + failed->failure.message;
    }
    return waiting() ? "waiting" : "continued as new";
  }
  [[nodiscard]] const model::Failure& failure() const {
    return std::get<model::Failed>(result_.outcome).failure;
  }
  [[nodiscard]] const model::ContinuedAsNew& next() const {
    return std::get<model::ContinuedAsNew>(result_.outcome);
  }

  /// What a fresh Run says to this history; nothing: it agrees.
  [[nodiscard]] std::optional<Violation> replay(std::vector<model::Event> history) const {
    const std::unique_ptr<Run> run = fresh();
    const auto answer = run->replay(std::move(history));
    return answer ? std::nullopt : std::optional(answer.error());
  }

  [[nodiscard]] std::unique_ptr<Run> fresh() const {
    return std::make_unique<Run>(function_, model::InstanceKey{"hub", "instance-1"},
                                 model::Execution{7},
                                 [this](std::string_view line) { logged_.emplace_back(line); });
  }

  std::vector<model::Event>& history() { return history_; }
  model::ExecutionStarted& started() { return started_; }
  Lines& logged() { return logged_; }

 private:
  void expect_same_from_replay(const std::vector<model::Event>& events,
                               const model::TurnResult& expected) const {
    const Lines logged = logged_;
    for (const std::size_t page : {history_.size() + 1, std::size_t{2}}) {
      const std::unique_ptr<Run> run = fresh();
      for (std::size_t at = 0; at < history_.size(); at += page) {
        const auto first = history_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto size = std::min(page, history_.size() - at);
        const auto replayed = run->replay({first, first + static_cast<std::ptrdiff_t>(size)});
        ASSERT_TRUE(replayed) << replayed.error().message;
      }
      EXPECT_EQ(logged_, logged) << "a replay is silent";
      const auto answer = run->turn(events);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(*answer, expected);
      logged_ = logged;
    }
  }

  internal::OrchestrationFunction function_;
  base::Timestamp now_{1'700'000'000'000'000};
  model::ExecutionStarted started_{.name = "test",
                                   .version = "1",
                                   .input = {},
                                   .tags = {},
                                   .parent = {},
                                   .scheduled_start = {},
                                   .trace_parent = {}};
  mutable Lines logged_;
  std::vector<model::Event> history_;
  model::TurnResult result_;
  std::unique_ptr<Run> held_;
};

}  // namespace perdure::testing_internal

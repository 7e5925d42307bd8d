// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "checkers/aftermath.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/overloaded.h"
#include "core/testing/laws.h"
#include "model/key.h"

namespace perdure::sim {

using core::testing::Broken;

namespace {

/// What the bodies of activities answered, each with what it was asked.
using Results = std::map<std::string, Bodies::Input>;

/// One history, event by event.
class HistoryJudge {
 public:
  HistoryJudge(const std::string& id, const Results& results, Verdict& verdict)
      : id_(id), results_(results), verdict_(verdict) {}

  void judge(const std::vector<model::Event>& events) {
    for (const model::Event& event : events) take(event);
    end_turn();
  }

 private:
  void require(bool holds, Invariant invariant, std::string_view what, model::TaskId task) {
    if (holds) return;
    verdict_.breached(invariant, fmt::format("instance '{}', task {}: {}", id_, task.value, what));
  }

  void ends(model::TaskId task) {
    require(open_.erase(task) == 1, Invariant::kOutcome, "has an outcome but is not open", task);
  }

  void produced(model::TaskId task, const model::Payload& result) {
    ends(task);
    const auto known = result ? results_.find(*result) : results_.end();
    require(known != results_.end(), Invariant::kOutcome, "has a result that no worker produced",
            task);
    const bool of_this =
        known == results_.end() || !known->second || *known->second == inputs_[task];
    require(of_this, Invariant::kSpeculation, "has a result of what it was not asked", task);
    const bool is_first = result && seen_.insert(*result).second;
    require(is_first, Invariant::kOutcome, "has the result of another task", task);
  }

  void fired(const model::Event& event, const model::TimerFired& timer) {
    const auto created = due_.find(timer.task);
    require(created != due_.end(), Invariant::kTimers, "fired without having been set", timer.task);
    if (created == due_.end()) return;
    told_.emplace_back(timer.task, created->second);
    require(event.at >= created->second, Invariant::kTimers, "fired early", timer.task);
    due_.erase(created);
    ends(timer.task);
  }

  /// Without a turn it was ended before it began.
  void begins(const model::ExecutionStarted& started) {
    const bool early =
        started.scheduled_start && turn_.us != INT64_MIN && turn_ < *started.scheduled_start;
    if (early) verdict_.breached(Invariant::kTimers, fmt::format("'{}' began early", id_));
  }

  /// What the code was told in a turn was not before its time by the clock that the code sees.
  void end_turn() {
    for (const auto& [task, due] : told_) {
      require(turn_ >= due, Invariant::kTimers, "fired early for its code", task);
    }
    told_.clear();
  }

  void take(const model::Event& event) {
    std::visit(base::Overloaded{
                   [&](const model::TurnStarted&) {
                     end_turn();
                     if (event.at < turn_) {
                       verdict_.breached(Invariant::kHistory,
                                         fmt::format("the clock of '{}' went back", id_));
                     }
                     turn_ = event.at;
                   },
                   // What it had in its inbox then is recorded, but no code was told.
                   [&](const model::ExecutionTerminated&) { told_.clear(); },
                   [&](const model::ExecutionStarted& e) { begins(e); },
                   [&](const model::ActivityScheduled& e) {
                     open_.insert(e.task);
                     inputs_[e.task] = e.input;
                   },
                   [&](const model::ChildScheduled& e) { open_.insert(e.task); },
                   [&](const model::TimerCreated& e) {
                     open_.insert(e.task);
                     due_.emplace(e.task, e.fire_at);
                   },
                   [&](const model::ActivityCompleted& e) { produced(e.task, e.result); },
                   [&](const model::ActivityFailed& e) { ends(e.task); },
                   [&](const model::ChildCompleted& e) { ends(e.task); },
                   [&](const model::ChildFailed& e) { ends(e.task); },
                   [&](const model::TimerFired& e) { fired(event, e); },
                   [](const auto&) {},
               },
               event.body);
  }

  const std::string& id_;
  const Results& results_;
  Verdict& verdict_;
  base::Timestamp turn_{INT64_MIN};  // what the code is told that it is
  std::set<model::TaskId> open_;
  std::map<model::TaskId, model::Payload> inputs_;  // of activities
  std::map<model::TaskId, base::Timestamp> due_;
  std::vector<std::pair<model::TaskId, base::Timestamp>> told_;  // timers, in this turn
  std::set<std::string> seen_;
};

void judge_entity(const std::string& id, const Aftermath::Left& left, Verdict& verdict) {
  verdict.require(!left.record.lock, Invariant::kSections,
                  fmt::format("entity '{}' is still locked by '{}'", id,
                              left.record.lock ? left.record.lock->owner.key.id : std::string()));
  verdict.require(left.inbox == 0, Invariant::kLiveness,
                  fmt::format("{} messages of entity '{}' still wait", left.inbox, id));
  verdict.require(left.pending == 0, Invariant::kTimers,
                  fmt::format("{} signals of entity '{}' were never due", left.pending, id));
}

bool was_rewound(const Aftermath::Left& left) {
  return std::ranges::any_of(left.history, [](const model::Event& event) {
    return std::holds_alternative<model::ExecutionRewound>(event.body);
  });
}

/// The results that may be in a history.
class Produced {
 public:
  explicit Produced(const Bodies& bodies) {
    for (const auto& [task, runs] : bodies.runs()) {
      of_id_[task.key.id].insert(runs.results.begin(), runs.results.end());
      of_execution_[{task.key.id, task.execution}].insert(runs.results.begin(), runs.results.end());
    }
  }
  /// What may be in the history: results of its own execution, and if it was rewound, of those
  /// before.
  const Results& for_history_of(const std::string& id, const Aftermath::Left& left) {
    return was_rewound(left) ? of_id_[id] : of_execution_[{id, left.record.execution}];
  }

 private:
  std::map<std::string, Results> of_id_;
  std::map<std::pair<std::string, model::Execution>, Results> of_execution_;
};

void judge_attempts(const Bodies::Task& task, const Bodies::Runs& runs, std::uint64_t crashes,
                    Verdict& verdict) {
  // A speculative hand-out may be taken back by a crash, and its number with it.
  const std::uint64_t crashed = crashes - runs.crashes_before;
  const std::uint64_t taken_back = runs.speculative ? crashed : 0;
  verdict.require(runs.repeated <= taken_back, Invariant::kAttempts,
                  fmt::format("activity {} of '{}' ran again without counting as an attempt",
                              task.task.value, task.key.id));
  const std::uint64_t excuses = runs.losses + crashed;
  verdict.require(runs.count <= 1 + excuses, Invariant::kAttempts,
                  fmt::format("activity {} of '{}' ran {} times, with {} reasons to run again",
                              task.task.value, task.key.id, runs.count, excuses));
}

/// An ordinary activity ran: then its history says so for ever, with what it was asked.
void judge_scheduled(const Bodies::Task& task, const Bodies::Runs& runs,
                     const Aftermath::Left& left, Verdict& verdict) {
  if (runs.speculative || task.execution != left.record.execution || was_rewound(left)) return;
  const auto is_it = [&](const model::Event& event) {
    const auto* scheduled = std::get_if<model::ActivityScheduled>(&event.body);
    return scheduled != nullptr && scheduled->task == task.task &&
           std::ranges::all_of(runs.inputs, [&](const Bodies::Input& input) {
             return !input || *input == scheduled->input;
           });
  };
  verdict.require(
      std::ranges::any_of(left.history, is_it), Invariant::kSpeculation,
      fmt::format("activity {} of '{}' ran on what was taken back", task.task.value, task.key.id));
}

}  // namespace

Aftermath::Aftermath(const core::testing::RowMap& rows) {
  Broken ignored;
  for (const auto& [key, value] : rows.of(model::Space::kInstance)) {
    const auto row = model::parse_instance_row(key);
    if (!row || instances_.contains(row->instance.id)) continue;
    const core::Instance instance = core::testing::instance_in(rows, row->instance, ignored);
    Left left{.record = instance.stored.record,
              .inbox = instance.stored.inbox.size(),
              .pending = instance.stored.pending.size(),
              .state = instance.stored.state,
              .history = core::testing::history_in(rows, row->instance)};
    instances_.emplace(row->instance.id, std::move(left));
  }
  for (const auto& [key, value] : rows.of(model::Space::kAgenda)) {
    const auto row = model::parse_agenda_row(key);
    if (row && row->kind == model::AgendaKind::kOutbox) ++messages_;
    if (row && row->kind == model::AgendaKind::kGarbage) ++histories_;
  }
}

const Aftermath::Left* Aftermath::find(const std::string& id) const {
  const auto found = instances_.find(id);
  const bool there =
      found != instances_.end() && found->second.record.status != model::Status::kPurged;
  return there ? &found->second : nullptr;
}

void Aftermath::judge(const Bodies& bodies, std::uint64_t crashes, Verdict& verdict) const {
  verdict.require(messages_ == 0, Invariant::kMessages,
                  fmt::format("{} messages wait for their receiver", messages_));
  verdict.require(histories_ == 0, Invariant::kPurged,
                  fmt::format("{} histories wait to be deleted", histories_));
  Produced produced(bodies);
  for (const auto& [task, runs] : bodies.runs()) {
    judge_attempts(task, runs, crashes, verdict);
    if (const Left* left = find(task.key.id)) judge_scheduled(task, runs, *left, verdict);
  }
  for (const auto& [id, left] : instances_) {
    if (left.record.status == model::Status::kPurged) continue;
    if (model::is_entity_id(id)) {
      judge_entity(id, left, verdict);
      continue;
    }
    verdict.require(
        !model::is_live(left.record.status), Invariant::kLiveness,
        fmt::format("instance '{}' is still {}", id, model::status_name(left.record.status)));
    HistoryJudge(id, produced.for_history_of(id, left), verdict).judge(left.history);
  }
}

}  // namespace perdure::sim

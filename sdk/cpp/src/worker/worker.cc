// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include <fmt/format.h>

#include <exception>
#include <functional>
#include <utility>

#include "batch.h"
#include "exceptions.h"
#include "model/limits.h"
#include "worker/known.h"

namespace perdure::worker {
namespace {

constexpr const char* kFailureUnknownActivity = "perdure.UnknownActivity";
constexpr const char* kFailureInputLost = "perdure.InputLost";

/// Between two reports of one activity: each may be a row to write and a message to send.
constexpr base::Duration kReportPause = base::milliseconds(10);

static_assert(kProgressBytesMax == model::kProgressBytesMax, "what is refused is what is not kept");

internal::LogSink log_for(const InstanceLogSink& sink, const std::string& id) {
  if (!sink) return {};
  return [&sink, id](std::string_view line) { sink(id, line); };
}

}  // namespace

Worker::Worker(Port& port, const Registry& functions, WorkerSettings settings)
    : port_(port),
      functions_(functions),
      settings_(std::move(settings)),
      held_(settings_.held_max) {}

void Worker::run(model::WorkItem item) {
  if (auto* turn = std::get_if<model::TurnItem>(&item)) {
    if (model::is_entity_id(turn->name)) return run_batch(std::move(*turn));
    run_turn(std::move(*turn));
  } else {
    run_activity(std::get<model::ActivityItem>(std::move(item)));
  }
}

base::Result<std::unique_ptr<internal::Run>> Worker::rebuild(const model::TurnItem& item) {
  const model::TurnToken& token = item.token;
  const auto* function = functions_.find_orchestration(item.name);
  if (function == nullptr) {
    return base::fail(base::ErrorCode::kNotFound,
                      fmt::format("this program has no orchestration '{}'; it has {}", item.name,
                                  names_of(functions_.orchestrations())));
  }
  auto run = std::make_unique<internal::Run>(*function, token.key, token.execution,
                                             log_for(settings_.log, token.key.id));
  if (token.past_events > 0) replays_.fetch_add(1, std::memory_order_relaxed);
  while (run->events() < token.past_events) {
    PERDURE_ASSIGN_OR_RETURN(std::vector<model::Event> page,
                             port_.read_history(token, run->events()));
    if (page.empty()) {
      return base::fail(base::ErrorCode::kNotFound, "the history was replaced meanwhile");
    }
    if (const auto replayed = run->replay(std::move(page)); !replayed) {
      return base::fail(base::ErrorCode::kFailedPrecondition, replayed.error().message);
    }
  }
  return run;
}

void Worker::run_turn(model::TurnItem item) {
  std::unique_ptr<internal::Run> run =
      held_.take(item.token.key, item.token.execution, item.token.past_events);
  if (!run) {
    auto rebuilt = rebuild(item);
    if (!rebuilt) {
      port_.refuse_turn(std::move(item.token), std::move(rebuilt.error().message));
      return;
    }
    run = *std::move(rebuilt);
  }
  auto result = run->turn(std::move(item.new_events));
  if (!result) {
    port_.refuse_turn(std::move(item.token), std::move(result.error().message));
    return;
  }
  // Put back before the answer: the next turn may be on another thread at once. If the answer is
  // not taken, the run has seen what is not history; another turn of the same length may follow.
  const model::InstanceKey key = item.token.key;
  if (!run->ended()) held_.put(std::move(run));
  const Taken taken = port_.complete_turn(std::move(item.token), *std::move(result));
  if (taken == Taken::kNo) held_.forget(key);
}

void Worker::run_batch(model::TurnItem item) {
  const std::string_view name = std::string_view(item.name).substr(1);
  const auto* function = functions_.find_entity(name);
  if (function == nullptr) {
    port_.refuse_turn(std::move(item.token),
                      fmt::format("this program has no entity '{}'; it has {}", name,
                                  names_of(functions_.entities())));
    return;
  }
  model::TurnResult result = internal::run_batch(*function, item);
  port_.complete_turn(std::move(item.token), std::move(result));
}

void Worker::run_activity(model::ActivityItem item) {
  std::atomic<bool> cancelled = false;
  decltype(running_)::iterator running;
  {
    const runtime::Lock lock(mutex_);
    running = running_.emplace(item.token, &cancelled);
  }
  auto outcome = outcome_of(item, cancelled);
  {
    const runtime::Lock lock(mutex_);
    running_.erase(running);
  }
  port_.complete_activity(std::move(item.token), std::move(outcome));
}

std::variant<model::Payload, model::Failure> Worker::outcome_of(
    model::ActivityItem& item, const std::atomic<bool>& cancelled) {
  const auto* function = functions_.find_activity(item.name);
  if (function == nullptr) {
    return model::Failure{.type = kFailureUnknownActivity,
                          .message = fmt::format("this program has no activity '{}'; it has {}",
                                                 item.name, names_of(functions_.activities())),
                          .retriable = false};
  }
  if (auto resolved = port_.resolve(item); !resolved) {
    return model::Failure{.type = kFailureInputLost,
                          .message = std::move(resolved.error().message),
                          .retriable = false};
  }
  runtime::Condition::Deadline next;  // long ago
  const auto report = [&](model::Payload progress, std::chrono::microseconds next_within) {
    runtime::Signal().wait_for(runtime::Condition::until(next));
    next = runtime::Condition::deadline_after(kReportPause);
    port_.report_progress(item.token, std::move(progress), {next_within.count()});
  };
  Activity activity(item.token.key.id, item.name, item.token.execution.value, item.token.task.value,
                    item.token.attempt, &cancelled, std::move(item.progress), std::ref(report));
  try {
    return (*function)(activity, std::get<model::Payload>(item.input));
  } catch (...) {
    return internal::to_model(internal::details_of(std::current_exception()));
  }
}

void Worker::cancel_all() {
  const runtime::Lock lock(mutex_);
  for (const auto& [token, flag] : running_) flag->store(true, std::memory_order_relaxed);
}

void Worker::on_withdrawn(const model::WorkToken& token) {
  if (const auto* turn = std::get_if<model::TurnToken>(&token)) return held_.forget(turn->key);
  const auto* activity = std::get_if<model::ActivityToken>(&token);
  const runtime::Lock lock(mutex_);
  const auto [first, last] = running_.equal_range(*activity);
  for (auto one = first; one != last; ++one) one->second->store(true, std::memory_order_relaxed);
}

}  // namespace perdure::worker

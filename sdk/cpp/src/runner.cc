// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Following the history, and running the code. The life of operations is in run_operations.cc.
#include "runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "exceptions.h"

namespace perdure::internal {
namespace {

constexpr std::string_view kWayOut =
    "a running orchestration must decide as it did before: deploy the code that began it, and give "
    "changed code a new version or name";

std::string describe_end(const model::Outcome& outcome) {
  return std::visit(
      base::Overloaded{
          [](const model::Waiting&) { return std::string("waits"); },
          [](const model::Completed&) { return std::string("returns"); },
          [](const model::Failed& failed) {
            return fmt::format("fails with {}: {}", failed.failure.type, failed.failure.message);
          },
          [](const model::ContinuedAsNew&) { return std::string("continues as new"); },
          [](const model::Operated&) { return std::string("runs operations"); },
      },
      outcome);
}

/// Two independent hashes of what names this execution in its own history. Part of the promise that
/// a replay draws the same numbers: they never change.
std::uint64_t seed_of(std::uint64_t basis, std::uint64_t prime, const model::InstanceKey& key,
                      base::Timestamp started) {
  std::uint64_t hash = basis;
  const auto mix = [&](std::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * prime;
  };
  mix(key.hub);
  mix(std::string_view("\0", 1));
  mix(key.id);
  mix(std::string_view("\0", 1));
  for (int shift = 0; shift < 64; shift += 8) {
    hash = (hash ^ ((static_cast<std::uint64_t>(started.us) >> shift) & 0xFF)) * prime;
  }
  return Random(hash)();
}

/// The event begins the first turn after a rewind.
bool is_rewound(const std::vector<model::Event>& events, std::size_t number) {
  return number + 1 < events.size() &&
         std::holds_alternative<model::TurnStarted>(events[number].body) &&
         std::holds_alternative<model::ExecutionRewound>(events[number + 1].body);
}

}  // namespace

Run::Run(const OrchestrationFunction& function, model::InstanceKey key, model::Execution execution,
         LogSink log)
    : function_(&function),
      key_(std::move(key)),
      execution_(execution),
      log_(std::move(log)),
      context_(*this) {}

Run::~Run() {
  closing_ = true;
  replaying_ = true;  // destructors of the user's code log nothing
  free_operations();
}

// ---- Following the history ----------------------------------------------------------------------

std::expected<void, Violation> Run::replay(std::vector<model::Event> page) {
  if (violation_) return std::unexpected(*violation_);
  replaying_ = true;
  for (std::size_t i = 0; i < page.size(); ++i) {
    goes_on_rewound_ = is_rewound(page, i);
    if (!apply(page[i])) return std::unexpected(*violation_);
  }
  status_before_.reset();
  return {};
}

std::expected<void, Violation> Run::check_complete() {
  if (decisions_.open() > 0) {
    violate(
        fmt::format("the code now attempts {}, but the history ends with event {} and recorded "
                    "nothing of it; {}",
                    decisions_.describe_next(), events_ - 1, kWayOut));
  }
  if (violation_) return std::unexpected(*violation_);
  return {};
}

std::expected<model::TurnResult, Violation> Run::turn(std::vector<model::Event> new_events) {
  PERDURE_CHECK(
      !new_events.empty() && std::holds_alternative<model::TurnStarted>(new_events.front().body),
      "a turn begins with TurnStarted");
  if (violation_) return std::unexpected(*violation_);
  replaying_ = false;
  status_before_.reset();
  for (std::size_t i = 0; i < new_events.size(); ++i) {
    goes_on_rewound_ = is_rewound(new_events, i);
    if (!apply(new_events[i])) return std::unexpected(*violation_);
  }
  model::TurnResult result;
  result.actions = decisions_.take();
  events_ += result.actions.size();
  if (auto* next = outcome_ ? std::get_if<model::ContinuedAsNew>(&*outcome_) : nullptr) {
    next->carried = take_unconsumed_events();
  }
  if (outcome_) result.outcome = std::move(*outcome_);  // that there is one is still known
  if (status_before_ && *status_before_ != custom_status_) result.custom_status = custom_status_;
  return result;
}

bool Run::apply(model::Event& event) {
  dispatch(event);
  run_ready();
  if (violation_) return false;
  ++events_;
  return true;
}

void Run::dispatch(model::Event& event) {
  std::visit(base::Overloaded{
                 [&](model::ExecutionStarted& started) {
                   started_ = event.at;
                   start(started);
                 },
                 [&](const model::ExecutionCompleted& completed) { check_end(completed); },
                 [&](const model::TurnStarted&) { begin_turn(event.at); },
                 [&](model::ActivityCompleted& e) {
                   on_result(e.task, model::TaskKind::kActivity, std::move(e.result));
                 },
                 [&](model::ActivityFailed& e) {
                   on_failure(e.task, model::TaskKind::kActivity, from_model(std::move(e.failure)));
                 },
                 [&](const model::TimerFired& e) { on_timer(e.task); },
                 [&](model::ChildCompleted& e) {
                   on_result(e.task, model::TaskKind::kChild, std::move(e.result));
                 },
                 [&](model::ChildFailed& e) {
                   on_failure(e.task, model::TaskKind::kChild, from_model(std::move(e.failure)));
                 },
                 [&](model::EventRaised& e) { on_event({inbox_.next_sequence(), std::move(e)}); },
                 [&](const model::ActivityScheduled&) { check_recorded(event); },
                 [&](const model::TimerCreated&) { check_recorded(event); },
                 [&](const model::ChildScheduled&) { check_recorded(event); },
                 [&](const model::EventSent&) { check_recorded(event); },
                 [&](const model::TaskCancelled&) { check_recorded(event); },
                 [&](const model::OperationCalled&) { check_recorded(event); },
                 [&](const model::OperationSignaled&) { check_recorded(event); },
                 [&](const model::LockRequested&) { check_recorded(event); },
                 [&](const model::LockReleased&) { check_recorded(event); },
                 [&](model::OperationCompleted& e) {
                   on_result(e.task, model::TaskKind::kCall, std::move(e.result));
                 },
                 [&](model::OperationFailed& e) {
                   on_failure(e.task, model::TaskKind::kCall, from_model(std::move(e.failure)));
                 },
                 [&](const model::LockGranted& e) {
                   on_result(e.task, model::TaskKind::kSection, std::nullopt);
                 },
                 [&](const model::OperationRequested&) { violate_foreign(event); },
                 [&](const model::LockWanted&) { violate_foreign(event); },
                 // What operators do is not for the code to see.
                 [](const model::ExecutionSuspended&) {},
                 [](const model::ExecutionResumed&) {},
                 [](const model::ExecutionTerminated&) {},
                 [](const model::ExecutionRewound&) {},
             },
             event.body);
}

void Run::start(model::ExecutionStarted& started) {
  if (main_) {
    return violate(
        fmt::format("history event {} is a second ExecutionStarted: the history is not "
                    "of one execution",
                    events_));
  }
  name_ = std::move(started.name);
  version_ = std::move(started.version);
  if (started.parent) parent_ = std::move(started.parent->key.id);
  main_ = (*function_)(context_, std::move(started.input));
  ready_.push_back({TaskAccess::handle(*main_), nullptr});
}

void Run::begin_turn(base::Timestamp at) {
  if (decisions_.open() > 0) {
    return violate(fmt::format(
        "the code now attempts {}, but the history recorded nothing of it before event {}, "
        "TurnStarted; {}",
        decisions_.describe_next(), events_, kWayOut));
  }
  // A rewind does not undo a failure that the code reacted to: it fails the same way again.
  const bool fails_again =
      goes_on_rewound_ && outcome_ && std::holds_alternative<model::Failed>(*outcome_);
  if (outcome_ && !fails_again) {
    return violate(fmt::format("the code now {} before history event {}, TurnStarted; {}",
                               describe_end(*outcome_), events_, kWayOut));
  }
  now_ = at;
}

void Run::check_recorded(const model::Event& event) {
  if (decisions_.match(event.body)) return;
  const std::string attempted =
      decisions_.open() > 0 ? "attempts " + decisions_.describe_next() : describe_position();
  violate(fmt::format("history event {} is {}, but the code now {}; {}", events_,
                      describe_recorded(event.body), attempted, kWayOut));
}

void Run::check_end(const model::ExecutionCompleted& completed) {
  // The platform ended it, whatever the code wanted.
  if (completed.ending == model::Ending::kTerminated) return;
  if (completed.failure && completed.failure->type.starts_with("perdure.")) return;
  const bool failed = completed.ending == model::Ending::kFailed;
  if (decisions_.open() > 0) {
    return violate(
        fmt::format("history event {} is the end of the execution, but the code now "
                    "attempts {} before; {}",
                    events_, decisions_.describe_next(), kWayOut));
  }
  const bool same = outcome_ && (failed ? std::holds_alternative<model::Failed>(*outcome_)
                                        : std::holds_alternative<model::Completed>(*outcome_));
  if (same) return;
  violate(
      fmt::format("history event {} is the end of the execution, which {}, but the code now {}; "
                  "{}",
                  events_, failed ? "failed" : "completed", describe_position(), kWayOut));
}

void Run::violate_foreign(const model::Event& event) {
  violate(fmt::format("history event {} is {}, which belongs to an entity", events_,
                      describe_recorded(event.body)));
}

void Run::violate(std::string what) {
  if (!violation_) violation_ = Violation{events_, std::move(what)};
}

std::string Run::describe_position() const {
  if (outcome_) return describe_end(*outcome_);
  if (!main_) return "has not begun";
  for (const Operation* at = allocated_; at != nullptr; at = at->next_allocated) {
    if (at->references > 0 && !at->done() && at->waiter.coroutine) {
      return "only waits for " + label(*at);
    }
  }
  return "decides nothing";
}

// ---- Running the code ---------------------------------------------------------------------------

void Run::run_ready() {
  while (next_ready_ < ready_.size() && !outcome_ && !violation_) {
    const Waiter next = ready_[next_ready_++];
    running_ = next.routine;
    if (running_ != nullptr) running_->routine->waits_for = nullptr;
    next.coroutine.resume();
    running_ = nullptr;
    if (next.routine != nullptr) {
      if (next.routine->routine->routine.coroutine.done()) finish_routine(*next.routine);
    } else if (TaskAccess::handle(*main_).done()) {
      finish_main();
    }
  }
  ready_.clear();
  next_ready_ = 0;
}

void Run::finish_main() {
  if (outcome_) return;
  try {
    outcome_ = model::Completed{TaskAccess::handle(*main_).promise().take()};
  } catch (...) {
    outcome_ = model::Failed{to_model(details_of(std::current_exception()))};
  }
}

void Run::finish_routine(Operation& operation) {
  const OperationRef keep(operation);
  release(operation);  // what start_routine took
  const Routine& routine = operation.routine->routine;
  complete(operation,
           routine.failed(routine.coroutine) ? OperationState::kFailed : OperationState::kDone);
}

void Run::continue_as_new(Payload input, std::optional<std::string> version) {
  if (outcome_) return;
  outcome_ = model::ContinuedAsNew{
      .input = std::move(input), .version = std::move(version), .tags = {}, .carried = {}};
}

/// Events that are still waiting, and those that reached an operation but not the code.
std::vector<model::EventRaised> Run::take_unconsumed_events() {
  std::vector<ArrivedEvent> unconsumed = inbox_.take_all();
  for (Operation* at = allocated_; at != nullptr; at = at->next_allocated) {
    if (at->references == 0 || at->kind != OperationKind::kEvent) continue;
    const EventState& state = *at->event;
    if (state.arrived && !state.consumed) {
      unconsumed.push_back({state.sequence, {.name = state.sent_name, .payload = at->result}});
    }
  }
  std::ranges::sort(unconsumed, {}, &ArrivedEvent::sequence);
  std::vector<model::EventRaised> events;
  events.reserve(unconsumed.size());
  for (ArrivedEvent& arrived : unconsumed) events.push_back(std::move(arrived.event));
  return events;
}

// ---- What the context answers -------------------------------------------------------------------

void Run::set_custom_status(Payload status) {
  if (!status_before_) status_before_ = custom_status_;
  custom_status_ = std::move(status);
}

void Run::log(std::string_view line) const {
  if (!replaying_ && log_) log_(line);
}

// A rewind replays a history under a new execution number, so the seed is what the history itself
// holds: the recorded moment of the start. The engine records the number of the first execution
// there, so it is another one for each continue-as-new and restart, even if no time passes.
Run::Seeds& Run::seeds() {
  if (!seeds_) {
    const base::Timestamp started = started_.value_or(base::Timestamp{});
    const std::uint64_t first = seed_of(0xCBF29CE484222325ULL, 0x100000001B3ULL, key_, started);
    const std::uint64_t second =
        seed_of(0x6C62272E07BB0142ULL, 0x9E3779B97F4A7C15ULL, key_, started);
    seeds_ = std::make_unique<Seeds>(Seeds{Random(first ^ second), Random(first), Random(second)});
  }
  return *seeds_;
}

Random& Run::random() { return seeds().random; }

std::string Run::new_uuid() {
  Seeds& from = seeds();
  std::uint64_t high = from.uuid_high();
  std::uint64_t low = from.uuid_low();
  high = (high & ~0xF000ULL) | 0x8000ULL;      // version 8
  low = (low & ~(3ULL << 62)) | (2ULL << 62);  // the standard's variant
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFFULL);
}

}  // namespace perdure::internal

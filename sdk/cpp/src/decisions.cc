// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "decisions.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "base/overloaded.h"

namespace perdure::internal {
std::string utc(base::Timestamp at) {
  const std::chrono::microseconds since_epoch(at.us);
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (whole.count() < 0 || whole.count() >= kYear10000) return fmt::format("{} us", at.us);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(whole.count())),
                     (since_epoch - whole).count());
}

namespace {

bool same(const model::ActivityScheduled& recorded, const model::ActivityScheduled& attempted) {
  return recorded.task == attempted.task && recorded.name == attempted.name;
}
bool same(const model::TimerCreated& recorded, const model::TimerCreated& attempted) {
  return recorded.task == attempted.task && recorded.fire_at == attempted.fire_at;
}
/// The engine names a child that the code did not name.
bool same(const model::ChildScheduled& recorded, const model::ChildScheduled& attempted) {
  return recorded.task == attempted.task && recorded.name == attempted.name &&
         (attempted.id.empty() || recorded.id == attempted.id);
}
bool same(const model::EventSent& recorded, const model::EventSent& attempted) {
  return recorded.task == attempted.task && recorded.target == attempted.target &&
         recorded.name == attempted.name;
}
bool same(const model::TaskCancelled& recorded, const model::TaskCancelled& attempted) {
  return recorded.task == attempted.task && recorded.cancelled == attempted.cancelled;
}
bool same(const model::OperationCalled& recorded, const model::OperationCalled& attempted) {
  return recorded.task == attempted.task && recorded.target == attempted.target &&
         recorded.operation == attempted.operation;
}
bool same(const model::OperationSignaled& recorded, const model::OperationSignaled& attempted) {
  return recorded.task == attempted.task && recorded.target == attempted.target &&
         recorded.operation == attempted.operation && recorded.fire_at == attempted.fire_at;
}
bool same(const model::LockRequested& recorded, const model::LockRequested& attempted) {
  return recorded == attempted;
}
bool same(const model::LockReleased& recorded, const model::LockReleased& attempted) {
  return recorded == attempted;
}

}  // namespace

bool Decisions::match(const model::EventBody& recorded) {
  if (open() == 0) return false;
  const bool equal = std::visit(
      [&]<class Attempted>(const Attempted& attempted) {
        const auto* event = std::get_if<Attempted>(&recorded);
        return event != nullptr && same(*event, attempted);
      },
      actions_[matched_]);
  if (!equal) return false;
  ++matched_;
  if (open() == 0) {
    actions_.clear();
    matched_ = 0;
  }
  return true;
}

std::vector<model::Action> Decisions::take() {
  std::vector<model::Action> taken = std::exchange(actions_, {});
  taken.erase(taken.begin(),
              taken.begin() + static_cast<std::ptrdiff_t>(std::exchange(matched_, 0)));
  return taken;
}

std::string Decisions::describe_next() const {
  return std::visit([](const auto& action) { return describe_recorded(action); },
                    actions_[matched_]);
}

std::string describe_recorded(const model::EventBody& body) {
  std::string line = model::describe({.at = {}, .body = body});
  if (const auto* timer = std::get_if<model::TimerCreated>(&body)) {
    line += fmt::format(" due at {}", utc(timer->fire_at));
  }
  return line;
}

}  // namespace perdure::internal

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/search.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/prng.h"

namespace perdure::verify {
namespace {

using Fingerprint = Places::Fingerprint;

constexpr std::size_t kWordBits = 64;

/// Numbers that look random, the same in every run. `kind` keeps operations and states apart.
Fingerprint fingerprint_of(std::uint64_t kind, std::uint64_t number) {
  std::uint64_t seed = (kind << 62) + number * 2;
  const std::uint64_t low = base::split_mix(seed);
  seed ^= low;
  return {low, base::split_mix(seed)};
}

Fingerprint operator^(Fingerprint a, Fingerprint b) { return {a.low ^ b.low, a.high ^ b.high}; }

}  // namespace

bool Places::visit(Fingerprint fingerprint, std::span<const std::uint64_t> optionals) {
  if (used_ * 2 >= slots_.size()) grow();
  Slot& slot = slot_of(fingerprint);
  std::size_t compared = 0;
  for (std::uint32_t earlier = slot.latest; earlier != kNone && compared < kCompareMax;
       earlier = next_[earlier], ++compared) {
    if (is_covered(earlier, optionals)) return false;
  }
  if (slot.latest == kNone) {
    slot.fingerprint = fingerprint;
    ++used_;
  }
  next_.push_back(std::exchange(slot.latest, static_cast<std::uint32_t>(next_.size())));
  bits_.insert(bits_.end(), optionals.begin(), optionals.end());
  return true;
}

Places::Slot& Places::slot_of(Fingerprint fingerprint) {
  std::size_t at = fingerprint.low & (slots_.size() - 1);
  while (slots_[at].latest != kNone && slots_[at].fingerprint != fingerprint) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return slots_[at];
}

void Places::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.latest != kNone) slot_of(slot.fingerprint) = slot;
  }
}

/// The visit had taken nothing beyond these.
bool Places::is_covered(std::uint32_t visit, std::span<const std::uint64_t> optionals) const {
  const std::uint64_t* const bits = bits_.data() + visit * words_;
  for (std::size_t word = 0; word < words_; ++word) {
    if ((bits[word] & ~optionals[word]) != 0) return false;
  }
  return true;
}

Search::Search(std::span<const Operation* const> operations, std::span<const Role> roles,
               Specification& specification, std::size_t places_max)
    : operations_(operations),
      roles_(roles),
      specification_(specification),
      places_max_(places_max),
      event_of_(operations.size(), kNone),
      optional_at_(operations.size(), kNone),
      optionals_taken_(
          (static_cast<std::size_t>(std::ranges::count(roles, Role::kOptional)) + kWordBits - 1) /
          kWordBits),
      visited_(optionals_taken_.size()) {
  link_events();
}

void Search::link_events() {
  struct Moment {
    std::int64_t time;
    std::size_t operation;
    enum : std::uint8_t { kCall, kReturn } what;  // at equal times the calls come first
  };
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (roles_[i] == Role::kOptional) optionals_.push_back(i);
    if (roles_[i] != Role::kRequired) continue;
    moments.push_back({operations_[i]->call_ns, i, Moment::kCall});
    moments.push_back({operations_[i]->return_ns, i, Moment::kReturn});
  }
  std::ranges::sort(moments, [](const Moment& a, const Moment& b) {
    return std::tie(a.time, a.what, a.operation) < std::tie(b.time, b.what, b.operation);
  });
  events_.resize(moments.size() + 1);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const Moment& moment = moments[i];
    const std::size_t event = i + 1;
    events_[event] = {.operation = moment.operation, .time = moment.time, .previous = i};
    events_[i].next = event;
    if (moment.what == Moment::kCall) {
      event_of_[moment.operation] = event;
    } else {
      events_[event_of_[moment.operation]].partner = event;
    }
  }
  std::ranges::sort(optionals_, {}, [this](std::size_t i) { return operations_[i]->call_ns; });
  for (std::size_t at = 0; at < optionals_.size(); ++at) optional_at_[optionals_[at]] = at;
}

Search::End Search::run() {
  enter(specification_.initial(), 0);
  while (events_.front().next != kNone) {  // every required operation in the list has its return
    if (visited_.size() > places_max_) return End::kTooLarge;
    if (advance()) continue;
    if (frames_.size() == 1) return End::kStuck;
    leave();
  }
  return End::kFound;
}

void Search::enter(Specification::State state, std::size_t steps) {
  frames_.push_back({.nodes = {{.state = state}}, .event = events_.front().next, .steps = steps});
}

bool Search::advance() {
  for (;;) {
    Frame& frame = frames_.back();
    if (frame.node == frame.nodes.size()) return false;
    while (events_[frame.event].partner != kNone) {
      const std::size_t operation = events_[frame.event].operation;
      frame.event = events_[frame.event].next;
      if (take(frame.node, operation)) return true;
    }
    if (frame.node == 0) remember_if_furthest(frame.event);
    spread(frame.node, events_[frame.event].time);
    ++frame.node;
    frame.event = events_.front().next;
    if (visited_.size() > places_max_) return true;  // run() sees it
  }
}

bool Search::take(std::size_t node, std::size_t operation) {
  const Specification::State state = frames_.back().nodes[node].state;
  const auto next = specification_.step(state, operation);
  if (!next) return false;
  const std::size_t steps = steps_.size();
  take_path(frames_.back(), node);
  steps_.push_back({operation, state});
  toggle(operation);
  if (!visited_.visit(required_taken_ ^ fingerprint_of(1, *next), optionals_taken_)) {
    drop_steps(steps);
    return false;
  }
  const std::size_t call = event_of_[operation];
  unlink(call);
  unlink(events_[call].partner);
  enter(*next, steps);
  return true;
}

void Search::spread(std::size_t node, std::int64_t until) {
  const std::size_t steps = steps_.size();
  take_path(frames_.back(), node);
  const Specification::State state = frames_.back().nodes[node].state;
  for (std::size_t at = 0; at < optionals_.size(); ++at) {
    const std::size_t operation = optionals_[at];
    if (operations_[operation]->call_ns > until) break;
    if (is_taken(at)) continue;
    const auto next = specification_.step(state, operation);
    // Where nobody could tell whether it happened, there is no less freedom without it.
    if (!next || *next == state) continue;
    toggle(operation);
    if (visited_.visit(required_taken_ ^ fingerprint_of(1, *next), optionals_taken_)) {
      frames_.back().nodes.push_back({.state = *next, .from = node, .operation = operation});
    }
    toggle(operation);
  }
  drop_steps(steps);
}

/// Back to the place before the latest required operation, and the optional ones before it.
void Search::leave() {
  const std::size_t call = event_of_[steps_.back().operation];
  relink(events_[call].partner);
  relink(call);
  drop_steps(frames_.back().steps);
  frames_.pop_back();
}

void Search::drop_steps(std::size_t count) {
  for (; steps_.size() > count; steps_.pop_back()) toggle(steps_.back().operation);
}

/// Takes the optional operations that lead from the place to the node.
void Search::take_path(const Frame& frame, std::size_t node) {
  const std::size_t first = steps_.size();
  for (; frame.nodes[node].from != kNone; node = frame.nodes[node].from) {
    const Node& reached = frame.nodes[node];
    steps_.push_back({reached.operation, frame.nodes[reached.from].state});
    toggle(reached.operation);
  }
  std::reverse(steps_.begin() + static_cast<std::ptrdiff_t>(first), steps_.end());
}

void Search::remember_if_furthest(std::size_t blocked) {
  if (blocked <= furthest_event_) return;
  furthest_event_ = blocked;
  furthest_.blocked = events_[blocked].operation;
  furthest_.taken = steps_.size();
  furthest_.state = frames_.back().nodes.front().state;
  const std::size_t kept = std::min(kStepsKept, steps_.size());
  furthest_.last.assign(steps_.end() - static_cast<std::ptrdiff_t>(kept), steps_.end());
}

void Search::unlink(std::size_t event) {
  const Event& gone = events_[event];
  events_[gone.previous].next = gone.next;
  if (gone.next != kNone) events_[gone.next].previous = gone.previous;
}

/// Undoes the latest unlink that is not undone yet.
void Search::relink(std::size_t event) {
  const Event& back = events_[event];
  events_[back.previous].next = event;
  if (back.next != kNone) events_[back.next].previous = event;
}

bool Search::is_taken(std::size_t optional) const {
  return (optionals_taken_[optional / kWordBits] >> optional % kWordBits & 1U) != 0;
}

void Search::toggle(std::size_t operation) {
  const std::size_t optional = optional_at_[operation];
  if (optional == kNone) {
    required_taken_ = required_taken_ ^ fingerprint_of(0, operation);
  } else {
    optionals_taken_[optional / kWordBits] ^= std::uint64_t{1} << optional % kWordBits;
  }
}

}  // namespace perdure::verify

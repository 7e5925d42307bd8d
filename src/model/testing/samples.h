// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Random but valid nouns for tests and fuzzers: the same seed gives the same values. Every struct
// is filled by position, so that a field without a sample does not compile in developer builds.
// Values stay within the limits of limits.h. A value; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "model/action.h"
#include "model/entity.h"
#include "model/event.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/message.h"
#include "model/payload.h"

namespace perdure::model::testing {

class Samples {
 public:
  explicit Samples(std::uint64_t seed) : random_(seed) {}

  base::Prng& random() { return random_; }

  // ---- Words ------------------------------------------------------------------------------------

  /// Valid as a name; 1 to `characters_max` characters, some of them beyond ASCII.
  std::string name(std::size_t characters_max = 12) {
    static constexpr std::string_view kCharacters[] = {"a", "b", "z", "A", "0", "9",  "-", "_",
                                                       ".", " ", "/", "é", "ß", "漢", "🦀"};
    std::string text = "n";
    const std::uint64_t more = random_.below(characters_max);
    for (std::uint64_t i = 0; i < more; ++i)
      text += kCharacters[random_.below(std::size(kCharacters))];
    return text;
  }

  /// As a name, but sometimes empty.
  std::string label() { return random_.chance(30) ? std::string() : name(); }

  /// Any bytes.
  std::string bytes(std::size_t size_max = 40) {
    std::string some(random_.below(size_max + 1), '\0');
    for (char& byte : some) byte = static_cast<char>(random_.next());
    return some;
  }

  Payload payload() { return random_.chance(25) ? Payload() : Payload(bytes()); }

  Tags tags() {
    Tags tags;
    for (std::uint64_t i = random_.below(4); i > 0; --i) tags[name()] = label();
    return tags;
  }

  /// Numbers of every magnitude, not only large ones.
  std::uint64_t number() { return random_.next() >> random_.below(64); }
  std::uint32_t small_number() { return static_cast<std::uint32_t>(number()); }
  TaskId task() {
    return TaskId{static_cast<std::int32_t>((random_.next() & 0x7FFF'FFFF) >> random_.below(31))};
  }
  Execution execution() { return Execution{number()}; }
  base::Timestamp time() {
    const auto us = static_cast<std::int64_t>(number());
    return {random_.chance(20) ? -us : us};
  }
  bool flag() { return random_.chance(50); }

  InstanceKey key() { return {name(), name()}; }
  Parent parent() { return {key(), execution(), task(), name()}; }

  Caller caller() { return {key(), execution(), task(), label()}; }
  std::string entity() { return entity_id(name(), label()); }
  /// Ascending, each once.
  std::vector<std::string> entities() {
    std::set<std::string> some{entity()};
    for (std::uint64_t i = random_.below(3); i > 0; --i) some.insert(entity());
    return {some.begin(), some.end()};
  }

  Failure failure(int depth_max = 3) {
    std::vector<Failure> inner;
    if (depth_max > 1 && random_.chance(40)) inner.push_back(failure(depth_max - 1));
    return {name(), bytes(), bytes(), flag(), std::move(inner), label()};
  }

  // ---- One function for each struct -------------------------------------------------------------

  template <class T>
  T some() {
    T value{};
    fill(value);
    return value;
  }

  EventBody event_body(std::size_t alternative) { return pick<EventBody>(alternative); }
  EventBody event_body() { return event_body(random_.below(std::variant_size_v<EventBody>)); }
  Event event() { return {time(), event_body()}; }

  std::vector<Event> events(std::size_t count_max = 6) {
    std::vector<Event> events;
    for (std::uint64_t i = random_.below(count_max + 1); i > 0; --i) events.push_back(event());
    return events;
  }

  Message message(std::size_t alternative) { return pick<Message>(alternative); }
  Message message() { return message(random_.below(std::variant_size_v<Message>)); }

  Action action(std::size_t alternative) { return pick<Action>(alternative); }
  Action action() { return action(random_.below(std::variant_size_v<Action>)); }

  Outcome outcome(std::size_t alternative) { return pick<Outcome>(alternative); }
  Outcome outcome() { return outcome(random_.below(std::variant_size_v<Outcome>)); }

  TurnResult turn_result() {
    std::vector<Action> actions;
    for (std::uint64_t i = random_.below(5); i > 0; --i) actions.push_back(action());
    return {std::move(actions), outcome(), maybe([&] { return payload(); }),
            maybe([&] { return label(); })};
  }

  InstanceRecord record() { return some<InstanceRecord>(); }
  PendingTask pending_task() { return some<PendingTask>(); }

 private:
  template <class Make>
  auto maybe(Make make) -> std::optional<decltype(make())> {
    if (random_.chance(40)) return std::nullopt;
    return make();
  }

  template <class Variant, std::size_t Index = 0>
  Variant pick(std::size_t alternative) {
    if constexpr (Index < std::variant_size_v<Variant>) {
      if (alternative == Index)
        return Variant(std::in_place_index<Index>,
                       some<std::variant_alternative_t<Index, Variant>>());
      return pick<Variant, Index + 1>(alternative);
    } else {
      PERDURE_CHECK(false, "no such alternative");
    }
  }

  Status status() { return static_cast<Status>(1 + random_.below(7)); }

  void fill(ExecutionStarted& v) {
    v = {name(),
         label(),
         payload(),
         tags(),
         maybe([&] { return parent(); }),
         maybe([&] { return time(); }),
         label()};
  }
  void fill(ExecutionCompleted& v) {
    v = {static_cast<Ending>(1 + random_.below(3)), payload(), maybe([&] { return failure(); })};
  }
  void fill(TurnStarted&) {}
  void fill(ActivityScheduled& v) { v = {task(), name(), label(), payload(), tags(), label()}; }
  void fill(ActivityCompleted& v) { v = {task(), payload()}; }
  void fill(ActivityFailed& v) { v = {task(), failure()}; }
  void fill(TimerCreated& v) { v = {task(), time()}; }
  void fill(TimerFired& v) { v = {task(), time()}; }
  void fill(ChildScheduled& v) {
    v = {task(),    name(), name(),  label(),
         payload(), tags(), label(), maybe([&] { return time(); })};
  }
  void fill(ChildCompleted& v) { v = {task(), payload()}; }
  void fill(ChildFailed& v) { v = {task(), failure()}; }
  void fill(EventRaised& v) { v = {name(), payload()}; }
  void fill(EventSent& v) { v = {task(), name(), name(), payload()}; }
  void fill(TaskCancelled& v) { v = {task(), task()}; }
  void fill(ExecutionSuspended& v) { v = {label()}; }
  void fill(ExecutionResumed& v) { v = {label()}; }
  void fill(ExecutionTerminated& v) { v = {label(), flag()}; }
  void fill(ExecutionRewound& v) { v = {label()}; }
  void fill(OperationCalled& v) { v = {task(), entity(), name(), payload(), label(), label()}; }
  void fill(OperationSignaled& v) {
    v = {task(), entity(), name(), payload(), maybe([&] { return time(); }), label()};
  }
  void fill(OperationCompleted& v) { v = {task(), payload()}; }
  void fill(OperationFailed& v) { v = {task(), failure()}; }
  void fill(LockRequested& v) { v = {task(), entities(), label()}; }
  void fill(LockGranted& v) { v = {task()}; }
  void fill(LockReleased& v) { v = {task(), task(), label(), label()}; }
  void fill(OperationRequested& v) {
    v = {name(), payload(), maybe([&] { return caller(); }), maybe([&] { return failure(); })};
  }
  void fill(LockWanted& v) { v = {caller()}; }

  void fill(StartChild& v) { v = {key(), some<ExecutionStarted>()}; }
  void fill(ChildEnded& v) {
    v = {parent(), name(), payload(), maybe([&] { return failure(); })};
  }
  void fill(DeliverEvent& v) { v = {key(), some<EventRaised>()}; }
  void fill(TerminateChild& v) { v = {key(), key(), label(), flag(), execution(), task()}; }
  void fill(RewindChild& v) { v = {some<StartChild>(), label()}; }
  void fill(StartOrchestration& v) { v = {key(), some<ExecutionStarted>()}; }
  void fill(RunOperation& v) {
    v = {key(), some<OperationRequested>(), maybe([&] { return time(); })};
  }
  void fill(OperationEnded& v) {
    v = {caller(), payload(), maybe([&] { return failure(); })};
  }
  void fill(AcquireLock& v) { v = {key(), caller()}; }
  void fill(LockAcquired& v) { v = {caller()}; }
  void fill(ReleaseLock& v) { v = {key(), caller()}; }

  void fill(Waiting&) {}
  void fill(Completed& v) { v = {payload()}; }
  void fill(Failed& v) { v = {failure()}; }
  void fill(ContinuedAsNew& v) {
    v = {payload(), maybe([&] { return label(); }), maybe([&] { return tags(); }), {}};
    for (std::uint64_t i = random_.below(3); i > 0; --i) v.carried.push_back(some<EventRaised>());
  }
  void fill(Operated& v) {
    v = {{}, payload()};
    for (std::uint64_t i = random_.below(3); i > 0; --i) {
      if (flag()) {
        v.results.emplace_back(payload());
      } else {
        v.results.emplace_back(failure());
      }
    }
  }

  void fill(InstanceRecord& v) {
    v = {status(),
         execution(),
         name(),
         label(),
         tags(),
         maybe([&] { return parent(); }),
         label(),
         label(),
         time(),
         time(),
         maybe([&] { return time(); }),
         maybe([&] { return time(); }),
         status(),
         number(),
         small_number(),
         number(),
         small_number(),
         payload(),
         payload(),
         maybe([&] { return failure(); }),
         maybe([&] { return HeldLock{caller(), number()}; }),
         label()};
  }
  void fill(PendingTask& v) {
    v = {static_cast<TaskKind>(1 + random_.below(6)),
         label(),
         label(),
         number(),
         small_number(),
         small_number(),
         time(),
         label(),
         flag() ? entities() : std::vector<std::string>(),
         small_number(),
         maybe([&] { return some<OperationRequested>(); }),
         payload()};
  }

  base::Prng random_;
};

}  // namespace perdure::model::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What must hold in every run, whatever goes wrong. Each invariant has a number that never changes,
// a sentence, and an oracle in checkers/ or workloads/ that names it when it is broken.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::sim {

enum class Invariant : std::uint8_t {
  kAcknowledged = 1,
  kAtomic = 2,
  kHistory = 3,
  kReplay = 4,
  kOutcome = 5,
  kAttempts = 6,
  kFencing = 7,
  kTimers = 8,
  kEvents = 9,
  kMessages = 10,
  kEntities = 11,
  kSections = 12,
  kIsolation = 13,
  kLinearizable = 14,
  kStatus = 15,
  kTermination = 16,
  kIdempotent = 17,
  kLiveness = 18,
  kStreams = 19,
  kQueries = 20,
  kMemory = 22,
  kPurged = 23,
  kCorruption = 24,
  kSpeculation = 25,
};

struct InvariantText {
  Invariant invariant;
  std::string_view id;
  std::string_view sentence;
};

inline constexpr InvariantText kInvariants[] = {
    {Invariant::kAcknowledged, "I1", "what was acknowledged is there until it is purged"},
    {Invariant::kAtomic, "I2", "the effects of a step are durable together or not at all"},
    {Invariant::kHistory, "I3", "a history only grows, without gaps, the same for every reader"},
    {Invariant::kReplay, "I4", "what is read back is what was in memory; replays decide the same"},
    {Invariant::kOutcome, "I5", "a task has one outcome, and one that its worker produced"},
    {Invariant::kAttempts, "I6", "an activity runs at least once, again only after a loss"},
    {Invariant::kFencing, "I7", "no write of an epoch follows a write of a later one"},
    {Invariant::kTimers, "I8", "a timer fires once, never early, and has a row while it waits"},
    {Invariant::kEvents, "I9",
     "an event is taken once, in its sender's order, by whatever execution"},
    {Invariant::kMessages, "I10", "a message between instances is taken once, in order"},
    {Invariant::kEntities, "I11",
     "the operations of an entity run one at a time, once, each sender's in its order"},
    {Invariant::kSections, "I12",
     "a critical section is alone with its entities, and ends with its owner"},
    {Invariant::kIsolation, "I13", "sections could have been one at a time"},
    {Invariant::kLinearizable, "I14",
     "the calls of clients to one id could have been one at a time"},
    {Invariant::kStatus, "I15", "what has ended does not live again in the same execution"},
    {Invariant::kTermination, "I16", "a recursive terminate reaches every descendant"},
    {Invariant::kIdempotent, "I17", "a repeated start makes one instance and has one answer"},
    {Invariant::kLiveness, "I18", "after the faults everything ends or waits for what exists"},
    {Invariant::kStreams, "I19",
     "a reader that goes on from its cursor misses and repeats nothing"},
    {Invariant::kQueries, "I20", "a list holds what is there, each once, however it is paged"},
    {Invariant::kMemory, "I22", "what is held in memory stays within its budget"},
    {Invariant::kPurged, "I23", "of what was purged no row is left, and nothing follows"},
    {Invariant::kCorruption, "I24", "damage is reported, never answered as data"},
    {Invariant::kSpeculation, "I25",
     "only what is declared speculative runs on what a crash takes back, and nobody sees it"},
};

inline std::string_view id_of(Invariant invariant) {
  for (const InvariantText& text : kInvariants) {
    if (text.invariant == invariant) return text.id;
  }
  return "I?";
}

struct Breach {
  Invariant invariant;
  std::string what;
};

/// Collects what does not hold. Bounded: a broken run breaks often. Not thread-safe.
class Verdict final {
 public:
  void require(bool holds, Invariant invariant, std::string what) {
    if (!holds) breached(invariant, std::move(what));
  }
  void breached(Invariant invariant, std::string what) {
    if (breaches_.size() < kBreachesMax) breaches_.push_back({invariant, std::move(what)});
  }
  [[nodiscard]] const std::vector<Breach>& breaches() const { return breaches_; }
  [[nodiscard]] bool holds() const { return breaches_.empty(); }

 private:
  static constexpr std::size_t kBreachesMax = 20;

  std::vector<Breach> breaches_;
};

}  // namespace perdure::sim

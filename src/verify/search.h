// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The search behind linearizable.h, for the operations of one key. Pure; deterministic; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "verify/linearizable.h"

namespace perdure::verify {

/// Places of the search that were visited. A place is a fingerprint of the required operations that
/// were taken and of the state, and the set of optional ones that were taken. It is not worth a
/// visit if the same was visited with some of these optional operations only: what is not taken may
/// still be, so whatever leads on from here leads on from there.
class Places {
 public:
  struct Fingerprint {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };

  /// Earlier visits that one place is compared with, the latest first: a bound on the time.
  static constexpr std::size_t kCompareMax = 256;

  /// Sets of optional operations are bits in so many words.
  explicit Places(std::size_t words) : words_(words) {}

  /// False: not worth a visit.
  bool visit(Fingerprint fingerprint, std::span<const std::uint64_t> optionals);
  [[nodiscard]] std::size_t size() const { return next_.size(); }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  /// Open addressing, half empty. `latest` is a visit; those before it are linked behind it.
  struct Slot {
    Fingerprint fingerprint;
    std::uint32_t latest = kNone;
  };

  Slot& slot_of(Fingerprint fingerprint);
  void grow();
  [[nodiscard]] bool is_covered(std::uint32_t visit,
                                std::span<const std::uint64_t> optionals) const;

  std::size_t words_;
  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::size_t used_ = 0;
  std::vector<std::uint32_t> next_;  // of each visit
  std::vector<std::uint64_t> bits_;  // words_ of each visit
};

/// Operations, by the index that the specification knows them by.
class Search {
 public:
  enum class End : std::uint8_t { kFound, kStuck, kTooLarge };

  /// Something that was taken, and the state that it was taken in.
  struct Step {
    std::size_t operation = 0;
    Specification::State before = 0;
  };

  /// How far the search got: it never passed the return of `blocked`. Up to there the history has
  /// no explanation; up to the return before, it has one, which ends with `last` in `state`.
  struct Furthest {
    std::size_t blocked = 0;
    std::size_t taken = 0;   // operations, of which `last` are the last ones
    std::vector<Step> last;  //
    Specification::State state = 0;
  };

  /// Steps of the furthest order that are kept for the story.
  static constexpr std::size_t kStepsKept = 12;

  /// `roles` may say less than the specification: operations can be left out. All three outlive it.
  Search(std::span<const Operation* const> operations, std::span<const Role> roles,
         Specification& specification, std::size_t places_max);

  End run();

  [[nodiscard]] std::size_t places() const { return visited_.size(); }
  /// REQUIRES: run() answered kStuck.
  [[nodiscard]] const Furthest& furthest() const { return furthest_; }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// A call or a return in the list of what is not taken yet, in the order of time.
  struct Event {
    std::size_t operation = kNone;
    std::size_t partner = kNone;  // of a call: its return; of a return: none
    std::int64_t time = 0;
    std::size_t previous = 0;
    std::size_t next = kNone;
  };
  /// What optional operations alone can make of a place. The first of a frame is the place itself.
  struct Node {
    Specification::State state = 0;
    std::size_t from = kNone;       // the node before, in the frame
    std::size_t operation = kNone;  // that led from there to here
  };
  /// A place on the way. Its nodes come breadth first: those that took the fewest optional
  /// operations are tried first, and cover the others.
  struct Frame {
    std::vector<Node> nodes;
    std::size_t node = 0;       // that is being tried
    std::size_t event = kNone;  // whose call is to be tried next from there
    std::size_t steps = 0;      // that were taken when the place was reached
  };

  void link_events();
  void enter(Specification::State state, std::size_t steps);
  /// Takes the next required operation that fits, with the optional ones before it; false: there is
  /// none, from any node.
  bool advance();
  bool take(std::size_t node, std::size_t operation);
  /// Adds the nodes that one optional operation leads to.
  void spread(std::size_t node, std::int64_t until);
  void leave();
  void take_path(const Frame& frame, std::size_t node);
  /// Back to so many steps.
  void drop_steps(std::size_t count);
  void remember_if_furthest(std::size_t blocked);
  [[nodiscard]] bool is_taken(std::size_t optional) const;
  void unlink(std::size_t event);
  void relink(std::size_t event);
  /// Marks it as taken, or as not taken any more.
  void toggle(std::size_t operation);

  std::span<const Operation* const> operations_;
  std::span<const Role> roles_;
  Specification& specification_;
  std::size_t places_max_;

  std::vector<Event> events_;             // [0] is the head of the list
  std::vector<std::size_t> event_of_;     // operation -> its call
  std::vector<std::size_t> optionals_;    // by call
  std::vector<std::size_t> optional_at_;  // operation -> its place there

  Places::Fingerprint required_taken_;
  std::vector<std::uint64_t> optionals_taken_;  // bits, by their place in optionals_
  Places visited_;
  std::vector<Frame> frames_;
  std::vector<Step> steps_;
  Furthest furthest_;
  std::size_t furthest_event_ = 0;
};

}  // namespace perdure::verify

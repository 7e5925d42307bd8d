// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Linearizability: is there one order of the operations, each taking effect at one moment between
// its call and its return, in which every answer is right? Each key is judged alone.
//
// The search is the one of Wing and Gong with the memory of Lowe: take an operation that nothing
// unanswered precedes, ask the specification whether it may answer so here, go on; step back where
// no operation fits; never visit the same place (what was taken, and the state) twice. Of
// operations whose outcome is unknown, the fewest that help are taken, so that many of them do not
// make the search explode. Places are remembered by 128-bit fingerprints: two different ones are
// confused with a probability below 2^-80 in the largest search. Pure; deterministic; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

/// Places that the search for one key may visit before it gives up. Some 60 bytes each.
inline constexpr std::size_t kSearchPlacesMax = 4'000'000;
/// Searches on smaller histories that make a counterexample small; together they visit no more
/// places than one search may.
inline constexpr std::size_t kShrinkSearchesMax = 200;

/// What an operation of a history means to the search.
enum class Role : std::uint8_t {
  kRequired,  // it took effect between call and return, and its answer must fit
  kOptional,  // nobody knows whether it took effect: at any time after its call, or never
  kIgnored,   // it says nothing: refused without a reason that depends on the state, or a lost read
};

/// What one object is allowed to do, for the operations of one key: they are known by their index.
/// A state is a set of what may be the case, so that things may also happen by themselves; the
/// specification numbers the sets it meets.
class Specification {
 public:
  using State = std::uint32_t;

  virtual ~Specification() = default;

  [[nodiscard]] virtual Role role(std::size_t operation) const = 0;
  /// It changes nothing, whatever the state is: a history without it is no less legal.
  [[nodiscard]] virtual bool only_observes(std::size_t operation) const = 0;
  virtual State initial() = 0;
  /// What may be the case after the operation answered as it did; nothing: it could not have.
  virtual std::optional<State> step(State state, std::size_t operation) = 0;
  /// For a person: "x is 3", "RUNNING or COMPLETED".
  [[nodiscard]] virtual std::string describe(State state) const = 0;
};

/// Builds the specification of one key: `indices` are its operations in the history, and the
/// specification counts them from zero. kInvalidArgument, with the number of the line, if an
/// operation is none of the model.
using MakeSpecification = std::function<base::Result<std::unique_ptr<Specification>>(
    std::span<const Operation> history, std::span<const std::size_t> indices)>;

struct SearchLimits {
  std::size_t places_max = kSearchPlacesMax;
  std::size_t shrink_searches_max = kShrinkSearchesMax;
};

/// Judges every key of the history.
base::Result<Report> check_linearizable(std::span<const Operation> history,
                                        const MakeSpecification& make, std::string checker,
                                        SearchLimits limits = {});

/// A register: `read` (result), `write` (value), `cas` (value: [expected, new]). Without a write it
/// is null. A `cas` that fails with FAILED_PRECONDITION did not find `expected`.
base::Result<Report> check_register(std::span<const Operation> history, SearchLimits limits = {});

/// The client's calls about one instance id; see docs/reference/verify.md.
base::Result<Report> check_instances(std::span<const Operation> history, SearchLimits limits = {});

}  // namespace perdure::verify

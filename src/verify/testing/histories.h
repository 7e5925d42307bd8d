// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Histories to try the checkers on: recorded from small correct objects that concurrent clients
// use, and the same with one answer spoilt. The same seed gives the same history. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "verify/history.h"
#include "verify/models.h"

namespace perdure::verify::testing {

struct Shape {
  std::size_t processes = 8;
  std::size_t operations = 100;
  std::uint32_t unknown_percent = 4;
};

/// An object that clients use: it says what to ask, and does what it is asked at one moment.
class Object {
 public:
  virtual ~Object() = default;
  /// Something to ask, with op, key and value. `process` asks for one thing after the other.
  virtual Operation ask(base::Prng& prng, std::uint64_t process) = 0;
  /// Does it and fills in status and result. False: the answer is not ready; ask again later.
  virtual bool answer(base::Prng& prng, Operation& operation) = 0;
  /// Once, after everything: what is asked when nobody else is there any more.
  virtual std::vector<Operation> ask_at_last() { return {}; }
};

/// What the clients recorded, in the order of the calls. A part of the calls is given up: its
/// effect comes later or never, and its outcome is unknown.
std::vector<Operation> record(std::uint64_t seed, Shape shape, Object& object);

/// A history of a correct object of the model.
std::vector<Operation> correct_history(std::uint64_t seed, Shape shape, Model model);

/// Spoils one answer, so that it is most likely wrong; false if there is none to spoil.
bool spoil(std::uint64_t seed, Model model, std::vector<Operation>& history);

}  // namespace perdure::verify::testing

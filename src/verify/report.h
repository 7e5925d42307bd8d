// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a checker answers. Values; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verify/history.h"

namespace perdure::verify {

/// A report holds no more findings than this; `findings_left_out` counts the others.
inline constexpr std::size_t kFindingsMax = 20;

enum class Verdict : std::uint8_t {
  kHolds,
  kViolated,
  kUndecided,  // a limit was reached before there was an answer. Never to be taken for "holds"
};

/// One thing that a correct system does not do, and the operations that show it.
struct Finding {
  std::string key;
  std::string what;                     // one sentence
  std::vector<std::size_t> operations;  // indices into the history, in the order they are told
  std::vector<std::string> story;       // lines for a person: the operations, and why not
};

struct Report {
  std::string checker;  // "register", "instance", ...
  Verdict verdict = Verdict::kHolds;
  std::size_t operations = 0;      // of the history
  std::size_t keys = 0;            // judged
  std::size_t steps = 0;           // that a search took; 0 where none was needed
  std::vector<Finding> findings;   // what is violated
  std::vector<Finding> undecided;  // what reached a limit
  std::size_t findings_left_out = 0;

  void violated(Finding finding);
  void left_undecided(Finding finding);
};

/// "holds", "violated", "undecided".
std::string_view verdict_name(Verdict verdict);

/// When the first operation was called; 0 for an empty history.
std::int64_t origin_ns(std::span<const Operation> history);

/// A finding that tells these operations, one a line.
Finding tell(std::span<const Operation> history, std::string key, std::string what,
             std::vector<std::size_t> operations);

/// The whole report for a person, several lines.
std::string describe(const Report& report);

}  // namespace perdure::verify

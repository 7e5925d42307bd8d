// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A recorded history: what clients asked of a system, when, and what they were answered. The
// checkers of this module take one as a span and judge whether a correct system could have answered
// so. docs/reference/verify.md describes the operations of each model. Values; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/value.h"

namespace perdure::verify {

enum class Status : std::uint8_t {
  kOk,       // it was done, and `result` is the answer
  kFail,     // it was refused and surely had no effect; `result` may name the error
  kUnknown,  // nobody knows: it may take effect at any time after its call, or never. A timeout
};

struct Operation {
  std::uint64_t process = 0;   // the client; asks for one thing after the other
  std::string op;              // "start", "read", "append", ...: the model knows which
  std::string key;             // what it is about: models with keys judge each key alone
  Value value;                 // what was given
  Value result;                // what was answered
  std::int64_t call_ns = 0;    // by one clock for the whole history
  std::int64_t return_ns = 0;  // at least call_ns; means nothing if the status is kUnknown
  Status status = Status::kOk;
  std::optional<std::uint64_t> epoch;  // of the owner that answered, where it is known

  friend bool operator==(const Operation&, const Operation&) = default;
};

/// The first one had ended before the second began. Equal times are no order: clocks have steps.
inline bool precedes(const Operation& a, const Operation& b) {
  return a.status != Status::kUnknown && a.return_ns < b.call_ns;
}

/// "ok", "fail", "unknown".
std::string_view status_name(Status status);

/// One line for a person: "#12 process 3: write x 7 -> ok, 1.250 .. 1.900 ms". `number` counts from
/// one, like the lines of a file; times are relative to `origin_ns`.
std::string describe(const Operation& operation, std::size_t number, std::int64_t origin_ns);

}  // namespace perdure::verify

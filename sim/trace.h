// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What happened in one simulated run, as a hash: two runs of a seed that differ in one event differ
// in it, whatever compiler built them. With an output, also as lines that a person reads.
//
// A resource; not thread-safe; cannot fail.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/time.h"

namespace perdure::sim {

class Trace final {
 public:
  /// `lines`: where to write what happens, or nullptr. Outlives the trace.
  explicit Trace(std::FILE* lines) : lines_(lines) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// `who` did, or suffered, `what`; `subject` and `number` say more.
  void note(base::Timestamp at, std::string_view who, std::string_view what,
            std::string_view subject = {}, std::uint64_t number = 0);
  /// Only for whoever reads the lines.
  void tell(std::string_view line) {
    if (lines_ != nullptr)
      std::fprintf(lines_, "%.*s\n", static_cast<int>(line.size()), line.data());
  }
  /// Bytes that must be the same in every run, such as the rows at the end.
  void mix(std::string_view bytes);

  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] bool speaks() const { return lines_ != nullptr; }

 private:
  void mix(std::uint64_t number);

  std::FILE* lines_;
  std::uint64_t hash_ = 0x243F6A8885A308D3ULL;
};

}  // namespace perdure::sim

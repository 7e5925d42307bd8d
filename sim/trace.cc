// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <fmt/format.h>

#include <cstring>

#include "base/prng.h"

namespace perdure::sim {

void Trace::mix(std::uint64_t number) {
  std::uint64_t state = hash_ ^ number;
  hash_ = base::split_mix(state);
}

void Trace::mix(std::string_view bytes) {
  mix(static_cast<std::uint64_t>(bytes.size()));
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = bytes.size() < sizeof word ? bytes.size() : sizeof word;
    std::memcpy(&word, bytes.data(), count);
    mix(word);
    bytes.remove_prefix(count);
  }
}

void Trace::note(base::Timestamp at, std::string_view who, std::string_view what,
                 std::string_view subject, std::uint64_t number) {
  mix(static_cast<std::uint64_t>(at.us));
  mix(who);
  mix(what);
  mix(subject);
  mix(number);
  if (lines_ == nullptr) return;
  fmt::print(lines_, "{:>14.6f}  {:<10} {} {} {}\n", static_cast<double>(at.us) / 1e6, who, what,
             subject, number);
}

}  // namespace perdure::sim

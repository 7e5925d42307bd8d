// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a random story takes its decisions from: a seed, for property tests, or the bytes of a
// fuzzer, whose mutations then change the story where they are. A value; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/prng.h"

namespace perdure::core::testing {

class Choices {
 public:
  static Choices from_seed(std::uint64_t seed) { return Choices(seed, {}, SIZE_MAX); }
  static Choices from_bytes(std::string_view bytes) {
    return Choices(0, std::string(bytes), bytes.size());
  }

  /// One of 0 .. n - 1. REQUIRES: 0 < n <= 65,536. Without bytes left: 0.
  std::uint64_t below(std::uint64_t n) {
    if (left_ == SIZE_MAX) return random_.below(n);
    std::uint64_t number = byte();
    if (n > 256) number = number << 8 | byte();
    return number % n;
  }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

  /// True when the bytes are used up; never for a seed.
  [[nodiscard]] bool exhausted() const { return left_ == 0; }

 private:
  Choices(std::uint64_t seed, std::string bytes, std::size_t left)
      : random_(seed), bytes_(std::move(bytes)), left_(left) {}

  std::uint64_t byte() {
    if (left_ == 0) return 0;
    return static_cast<unsigned char>(bytes_[bytes_.size() - left_--]);
  }

  base::Prng random_;
  std::string bytes_;
  std::size_t left_;  // SIZE_MAX: the seed
};

}  // namespace perdure::core::testing

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How long to look again before going to sleep. A wake-up on another core costs some 17 us; looking
// costs a core. So: look for about that long where looking has paid lately, and hardly at all where
// it has not. Used by one thread at a time.
#pragma once

#include <cstdint>

namespace perdure::runtime {

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Spin final {
 public:
  /// True as soon as `ready()` is; false when the looking should end.
  template <class Ready>
  bool until(const Ready& ready) {
    for (std::uint32_t look = 0; look < looks_; ++look) {
      if (ready()) {
        if (looks_ < kLooksMax) looks_ *= 2;
        return true;
      }
      pause_briefly();
    }
    if (looks_ > kLooksMin) looks_ /= 2;
    return false;
  }

 private:
  // A pause takes 10 to 40 ns: about 20 us at most, and never so few that paying is not noticed.
  static constexpr std::uint32_t kLooksMax = 1024;
  static constexpr std::uint32_t kLooksMin = 32;

  std::uint32_t looks_ = kLooksMin;
};

}  // namespace perdure::runtime

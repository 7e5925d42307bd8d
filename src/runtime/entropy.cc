// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/entropy.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/check.h"

namespace perdure::runtime {

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  // Up to 256 bytes come whole, once the pool is initialised, which the call waits for.
  PERDURE_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
                "the operating system gave no random bytes");
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4U];
    id += kDigits[byte & 0xFU];
  }
  return id;
}

std::size_t processor_count() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace perdure::runtime

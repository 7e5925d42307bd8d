// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How long things took, as one line of JSON.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace bench {

inline double now_us() {
  return std::chrono::duration<double, std::micro>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// {"name":..,"ops":..,"rate":..,"lat_us":{..}}
void report(const std::string& name, std::vector<double> latencies_us, double elapsed_us);

}  // namespace bench

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace bench {

void report(const std::string& name, std::vector<double> latencies_us, double elapsed_us) {
  std::ranges::sort(latencies_us);
  const auto at = [&](double share) {
    if (latencies_us.empty()) return 0.0;
    return latencies_us[static_cast<std::size_t>(share *
                                                 static_cast<double>(latencies_us.size() - 1))];
  };
  fmt::print(
      "{{\"name\":\"{}\",\"ops\":{},\"rate\":{:.1f},\"lat_us\":{{\"p50\":{:.2f},\"p90\":{:.2f},"
      "\"p99\":{:.2f},\"p999\":{:.2f},\"max\":{:.2f}}}}}\n",
      name, latencies_us.size(), static_cast<double>(latencies_us.size()) / (elapsed_us / 1e6),
      at(0.5), at(0.9), at(0.99), at(0.999), at(1.0));
  std::fflush(stdout);
}

}  // namespace bench

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/fan_out [--data DIR]
#include "fan_out/fan_out.h"

#include "program.h"

int main(int count, char** values) {
  perdure::Host host(example::host_options(count, values));
  host.orchestration("count_all_primes", fan_out::count_all_primes)
      .activity("count_primes", fan_out::count_primes);
  return example::run_to_end(host, "count_all_primes", std::int64_t{10'000'000});
}

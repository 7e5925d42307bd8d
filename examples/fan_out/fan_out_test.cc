// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "fan_out/fan_out.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace fan_out {
namespace {

std::int64_t primes_below(std::int64_t bound) {
  perdure::TestHost host;
  host.orchestration("count_all_primes", count_all_primes).activity("count_primes", count_primes);
  perdure::Client client = host.client();
  const std::string id = client.start("count_all_primes", bound).value();
  return client.wait(id).value().output_as<std::int64_t>().value();
}

TEST(FanOut, SumsWhatTheActivitiesCounted) { EXPECT_EQ(primes_below(200'000), 17'984); }

TEST(FanOut, CountsALastRangeThatIsNotFull) { EXPECT_EQ(primes_below(100'010), 9'593); }

TEST(FanOut, IsDoneAtOnceWithoutAnyRange) { EXPECT_EQ(primes_below(0), 0); }

}  // namespace
}  // namespace fan_out

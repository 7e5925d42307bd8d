// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/token.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/prng.h"

namespace perdure::worker_service {
namespace {

using model::ActivityToken;
using model::TurnToken;
using model::WorkToken;

const std::vector<WorkToken> kTokens = {
    TurnToken{{"default", "order-1"}, {1}, 0, 1},
    TurnToken{{"", ""}, {0}, 0, 0},
    TurnToken{{"hub", "@counter@a"},
              {std::numeric_limits<std::uint64_t>::max()},
              std::numeric_limits<std::uint64_t>::max(),
              std::numeric_limits<std::uint32_t>::max()},
    ActivityToken{{"default", "order-1"}, {1}, {0}, 1},
    ActivityToken{{"hub", "x"}, {9}, {std::numeric_limits<std::int32_t>::max()}, 7},
    ActivityToken{{"hub", "x"}, {9}, {std::numeric_limits<std::int32_t>::min()}, 7},
};

TEST(Token, ComesBackAsItWas) {
  for (const WorkToken& token : kTokens) EXPECT_EQ(decode_token(encode_token(token)), token);
}

TEST(Token, CutOrLongerItIsNone) {
  for (const WorkToken& token : kTokens) {
    const std::string bytes = encode_token(token);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_token(bytes.substr(0, size)));
    }
    EXPECT_FALSE(decode_token(bytes + '\0'));
  }
}

TEST(Token, AnyBytesAreReadOrRefused) {
  base::Prng random(7);
  std::size_t read = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes = encode_token(kTokens[random.below(kTokens.size())]);
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    if (const auto token = decode_token(bytes)) ++read;
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace perdure::worker_service

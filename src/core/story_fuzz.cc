// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: the bytes are the decisions of a random story (testing/chaos.h), so that each
// mutation changes what clients, workers, clocks and disasters do at one place. Every law of the
// shard is asked after every step; a broken one stops the process, with the story.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "core/testing/chaos.h"

namespace {

constexpr std::size_t kBytesMax = 768;
constexpr int kStepsMax = 300;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using perdure::core::testing::Chaos;
  using perdure::core::testing::Choices;
  if (size > kBytesMax) return 0;
  const std::string input(data, data + size);
  Chaos chaos(Choices::from_bytes(input));
  for (int i = 0; i < kStepsMax && chaos.broken().empty() && chaos.step(); ++i) {
  }
  if (chaos.broken().empty()) chaos.finish();
  if (chaos.broken().empty()) return 0;
  for (const std::string& line : chaos.log()) std::fprintf(stderr, "  %s\n", line.c_str());
  PERDURE_CHECK(false, chaos.broken().front());
}

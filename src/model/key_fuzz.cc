// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: searches for bytes that break a law of testing/key_laws.h.
#include <cstddef>
#include <cstdint>
#include <string>

#include "model/testing/key_laws.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  perdure::model::testing::key_laws::check_key_laws(input);
  return 0;
}

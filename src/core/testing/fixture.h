// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The fixture of the core's tests: a world, whose laws held at every step when the test is over.
#pragma once

#include <gtest/gtest.h>

#include "core/testing/story.h"

namespace perdure::core::testing {

class CoreTest : public ::testing::Test {
 protected:
  explicit CoreTest(WorldOptions options = {}) : world(options) {}

  void TearDown() override {
    world.check_all();
    for (const std::string& law : world.broken()) ADD_FAILURE() << law;
  }

  Story world;
};

}  // namespace perdure::core::testing

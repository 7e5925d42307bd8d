// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/parts/instances.h"

#include <gtest/gtest.h>

#include <string>

namespace perdure::core {
namespace {

Instance& add_live(Instances& instances, const std::string& id) {
  Instance& instance = instances.add({"hub", id});
  const std::size_t before = memory_bytes(instance);
  instance.exists = true;
  instance.stored.record.status = model::Status::kRunning;
  instances.resized(instance, before);
  return instance;
}

TEST(Instances, ForgetsTheLeastRecentlyUsedFirst) {
  Instances instances;
  Instance& first = add_live(instances, "first");
  add_live(instances, "second");
  instances.touch(first);
  instances.evict(instances.bytes() - 1);
  EXPECT_EQ(instances.find({"hub", "second"}), nullptr);
  EXPECT_NE(instances.find({"hub", "first"}), nullptr);
}

TEST(Instances, BusyOnesDoNotHideTheIdleOnesBehindThem) {
  Instances instances;
  constexpr int kBusy = 2'000;
  for (int i = 0; i < kBusy; ++i) {
    add_live(instances, "busy" + std::to_string(i)).parked = "held";
  }
  add_live(instances, "idle");
  for (int i = 0; i < 10 && instances.size() > kBusy; ++i) instances.evict(0);
  EXPECT_EQ(instances.size(), std::size_t{kBusy});
  EXPECT_EQ(instances.find({"hub", "idle"}), nullptr);
}

TEST(Instances, ForgetsAnAbsentOneEvenWithinTheBudget) {
  Instances instances;
  instances.note_absent(instances.add({"hub", "nobody"}));
  Instance& begun = instances.add({"hub", "begun"});
  instances.note_absent(begun);
  begun.exists = true;
  instances.evict(std::size_t{1} << 30);
  EXPECT_EQ(instances.find({"hub", "nobody"}), nullptr);
  EXPECT_NE(instances.find({"hub", "begun"}), nullptr);
}

}  // namespace
}  // namespace perdure::core

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/instance.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/command.h"

namespace perdure::model {
namespace {

constexpr Status kAll[] = {Status::kPending,   Status::kRunning, Status::kSuspended,
                           Status::kCompleted, Status::kFailed,  Status::kTerminated,
                           Status::kPurged};

TEST(Instance, FindsEveryStatusByItsNameInAnyCase) {
  std::set<std::string> names;
  for (const Status status : kAll) {
    const std::string name(status_name(status));
    names.insert(name);
    EXPECT_EQ(status_from_name(name), status);
    std::string small = name;
    for (char& letter : small) letter = static_cast<char>(letter - 'A' + 'a');
    EXPECT_EQ(status_from_name(small), status);
  }
  EXPECT_EQ(names.size(), std::size(kAll));
}

TEST(Instance, FindsNothingByAnUnknownName) {
  for (const char* name : {"", "RUN", "RUNNING ", "UNKNOWN"})
    EXPECT_EQ(status_from_name(name), std::nullopt) << name;
}

TEST(Instance, IsEitherLiveOrEndedOrForgotten) {
  for (const Status status : kAll) {
    const int classes = (is_live(status) ? 1 : 0) + (is_terminal(status) ? 1 : 0) +
                        (status == Status::kPurged ? 1 : 0);
    EXPECT_EQ(classes, 1) << status_name(status);
  }
}

TEST(Instance, GathersStatusesInSets) {
  for (const Status status : kAll) {
    EXPECT_FALSE(kNoStatus.contains(status));
    EXPECT_TRUE(kNoStatus.with(status).contains(status));
    EXPECT_EQ(kEveryTerminal.contains(status), is_terminal(status)) << status_name(status);
    EXPECT_EQ(kEveryStatus.contains(status), status != Status::kPurged) << status_name(status);
  }
}

}  // namespace
}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/sequence.h"

#include <gtest/gtest.h>

namespace perdure::verify {
namespace {

using History = std::vector<Operation>;

Operation send(std::uint64_t sender, std::int64_t value, std::int64_t call,
               Status status = Status::kOk) {
  return {.process = sender,
          .op = "send",
          .key = "inbox",
          .value = value,
          .call_ns = call,
          .return_ns = call + 1,
          .status = status};
}
Operation receive(Value::List values, std::int64_t call = 1'000) {
  return {.process = 99,
          .op = "receive",
          .key = "inbox",
          .result = std::move(values),
          .call_ns = call,
          .return_ns = call + 1};
}

/// The first finding, or "holds".
std::string judge(const History& history) {
  const auto report = check_sequence(history);
  if (!report) return report.error().message;
  return report->verdict == Verdict::kHolds ? "holds" : report->findings.front().what;
}

TEST(Sequence, SendersMayMix) {
  EXPECT_EQ(judge({send(1, 1, 0), send(2, 2, 5), send(1, 3, 10), receive({2, 1, 3})}), "holds");
}

TEST(Sequence, WhatWasAcknowledgedArrives) {
  EXPECT_EQ(judge({send(1, 1, 0), receive({})}), "1 was acknowledged and never received");
  EXPECT_EQ(judge({send(1, 1, 0, Status::kUnknown), receive({})}), "holds");
  EXPECT_EQ(judge({send(1, 1, 2'000), receive({})}), "holds") << "sent after the last receive";
  EXPECT_EQ(judge({send(1, 1, 0)}), "holds") << "nobody looked";
}

TEST(Sequence, NothingArrivesTwice) {
  EXPECT_EQ(judge({send(1, 1, 0), receive({1}, 500), receive({1})}), "1 was received twice");
  EXPECT_EQ(judge({send(1, 1, 0, Status::kUnknown), receive({1, 1})}), "1 was received twice");
}

TEST(Sequence, NothingArrivesThatWasNotSent) {
  EXPECT_EQ(judge({receive({7})}), "7 was received and never sent");
  EXPECT_EQ(judge({send(1, 1, 0, Status::kFail), receive({1})}),
            "1 was received although it was refused");
  EXPECT_EQ(judge({receive({1}), send(1, 1, 2'000)}), "1 was received before it was sent");
}

TEST(Sequence, OneSenderKeepsItsOrder) {
  EXPECT_EQ(judge({send(1, 1, 0), send(1, 2, 10), receive({2, 1})}),
            "1 was received after 2, which the same sender sent later");
  EXPECT_EQ(
      judge({send(1, 1, 0), send(1, 2, 10), send(1, 3, 20), receive({1, 3}, 500), receive({2})}),
      "2 was received after 3, which the same sender sent later");
}

TEST(Sequence, AnUnknownSendMayComeLate) {
  EXPECT_EQ(judge({send(1, 1, 0, Status::kUnknown), send(1, 2, 10), receive({2, 1})}), "holds");
}

TEST(Sequence, SendsThatOverlapHaveNoOrder) {
  EXPECT_EQ(judge({send(1, 1, 0), send(1, 2, 1), receive({2, 1})}), "holds");
}

TEST(Sequence, ReceiversAreJudgedAlone) {
  History history{send(1, 1, 0), send(1, 2, 10), receive({2}), receive({1})};
  history[0].key = history[3].key = "other";
  EXPECT_EQ(judge(history), "holds");
}

TEST(Sequence, WhatCanNotBeJudgedIsAnError) {
  EXPECT_EQ(judge({send(1, 1, 0), send(2, 1, 5)}),
            "line 2: 1 was sent to 'inbox' before, in line 1; values must be unique to be judged");
  History lost{receive({})};
  lost[0].status = Status::kUnknown;
  EXPECT_EQ(judge(lost),
            "line 1: a receive whose answer is unknown may have taken values: nothing can be said");
}

}  // namespace
}  // namespace perdure::verify

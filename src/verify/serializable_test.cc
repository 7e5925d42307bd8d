// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/serializable.h"

#include <gtest/gtest.h>

#include "verify/graph.h"

namespace perdure::verify {
namespace {

using History = std::vector<Operation>;

struct Part {
  Value asked;
  Value answer;
};
Part append(const char* key, std::int64_t value) {
  return {Value::list({"append", key, value}), {}};
}
Part read(const char* key, Value::List seen) {
  return {Value::list({"read", key}), Value(std::move(seen))};
}

/// Everything overlaps, unless times are given.
Operation transaction(const std::vector<Part>& parts, std::int64_t call = 0,
                      std::int64_t end = 1'000) {
  Value::List asked;
  Value::List answers;
  for (const Part& part : parts) {
    asked.push_back(part.asked);
    answers.push_back(part.answer);
  }
  return {.op = "transaction",
          .value = std::move(asked),
          .result = std::move(answers),
          .call_ns = call,
          .return_ns = end};
}
Operation with(Operation operation, Status status) {
  operation.status = status;
  return operation;
}

/// The first finding, or "holds".
std::string judge(const History& history) {
  const auto report = check_serializable(history);
  if (!report) return report.error().message;
  return report->verdict == Verdict::kHolds ? "holds" : report->findings.front().what;
}

TEST(Serializable, OneAfterTheOther) {
  EXPECT_EQ(judge({transaction({append("x", 1), append("y", 2)}, 0, 1),
                   transaction({read("x", {1}), append("x", 3), read("x", {1, 3})}, 2, 3),
                   transaction({read("y", {2}), read("x", {1, 3})}, 4, 5)}),
            "holds");
}

TEST(Serializable, WritesInOppositeOrders) {
  EXPECT_EQ(judge({transaction({append("x", 1), append("y", 1)}),
                   transaction({append("x", 2), append("y", 2)}),
                   transaction({read("x", {1, 2}), read("y", {2, 1})})}),
            "a cycle of 2 transactions: ww, ww (G0)");
}

TEST(Serializable, EachReadsTheOther) {
  EXPECT_EQ(judge({transaction({append("x", 1), read("y", {2})}),
                   transaction({append("y", 2), read("x", {1})})}),
            "a cycle of 2 transactions: wr, wr (G1c)");
}

TEST(Serializable, AReadOfHalfATransaction) {
  EXPECT_EQ(judge({transaction({append("x", 1), append("y", 2)}),
                   transaction({read("x", {1}), read("y", {})}), transaction({read("y", {2})})}),
            "a cycle of 2 transactions: wr, rw (G-single)");
}

TEST(Serializable, WriteSkew) {
  const History history{transaction({read("x", {}), append("y", 1)}),
                        transaction({read("y", {}), append("x", 2)})};
  EXPECT_EQ(judge(history), "a cycle of 2 transactions: rw, rw (G2)") << "even if nobody looks";
}

TEST(Serializable, TwoThatReadTheSameAndAppend) {
  EXPECT_EQ(judge({transaction({read("x", {}), append("x", 1)}),
                   transaction({read("x", {}), append("x", 2)})}),
            "a cycle of 2 transactions: rw, rw (G2)");
  EXPECT_EQ(judge({transaction({append("x", 1), read("x", {1}), append("x", 2)})}), "holds");
}

TEST(Serializable, LaterReadsSeeWhatHadEnded) {
  const History stale{transaction({append("x", 1)}, 0, 1), transaction({read("x", {})}, 5, 6)};
  EXPECT_EQ(judge(stale), "a cycle of 2 transactions: realtime, rw (G-single-realtime)");
  const History overlapping{transaction({append("x", 1)}, 0, 5),
                            transaction({read("x", {})}, 5, 6)};
  EXPECT_EQ(judge(overlapping), "holds");
}

TEST(Serializable, AStaleReadIsSeenThroughOthers) {
  EXPECT_EQ(judge({transaction({append("x", 1)}, 0, 1), transaction({append("x", 2)}, 2, 3),
                   transaction({read("x", {1, 2})}, 4, 5), transaction({append("y", 3)}, 6, 7),
                   transaction({read("x", {1})}, 8, 9)}),
            "a cycle of 2 transactions: realtime, rw (G-single-realtime)");
}

TEST(Serializable, NothingThatWasRolledBackIsRead) {
  EXPECT_EQ(
      judge({with(transaction({append("x", 1)}), Status::kFail), transaction({read("x", {1})})}),
      "1 was read although its transaction was rolled back (G1a)");
}

TEST(Serializable, NoStateInTheMiddleOfATransactionIsRead) {
  EXPECT_EQ(judge({transaction({append("x", 1), append("x", 2)}), transaction({read("x", {1})})}),
            "1 was read without 2, which the same transaction appended after it (G1b)");
}

TEST(Serializable, AnUnknownOneIsCommittedOrNot) {
  const Operation lost = with(transaction({append("x", 1), append("y", 2)}), Status::kUnknown);
  EXPECT_EQ(judge({lost, transaction({read("x", {})}, 5'000, 5'001)}), "holds");
  EXPECT_EQ(judge({lost, transaction({read("x", {1}), read("y", {2})}, 5'000, 5'001)}), "holds");
  EXPECT_EQ(judge({lost, transaction({read("x", {1}), read("y", {})}, 5'000, 5'001),
                   transaction({read("y", {2})}, 5'000, 5'001)}),
            "a cycle of 2 transactions: wr, rw (G-single)");
}

TEST(Serializable, WhatNoOrderCanMend) {
  EXPECT_EQ(judge({transaction({read("x", {7})})}), "7 was read and never appended");
  EXPECT_EQ(judge({transaction({append("x", 1)}), transaction({read("x", {1, 1})})}),
            "1 was read twice");
  EXPECT_EQ(judge({transaction({append("x", 1)}), transaction({append("x", 2)}),
                   transaction({read("x", {1, 2})}), transaction({read("x", {2, 1})})}),
            "two reads saw the list grow in different orders");
  EXPECT_EQ(judge({transaction({append("x", 1), read("x", {})})}),
            "the read does not end with what its transaction had appended");
  EXPECT_EQ(judge({transaction({append("x", 1)}), transaction({read("x", {}), read("x", {1})})}),
            "two reads of the same transaction saw different states");
  EXPECT_EQ(judge({transaction({read("x", {1}), append("x", 1)})}),
            "1 was read before its own transaction appended it");
  EXPECT_EQ(judge({transaction({read("x", {1})}, 0, 1), transaction({append("x", 1)}, 5, 6)}),
            "1 was read before it was appended");
}

TEST(Serializable, TheCycleIsToldWithItsEdges) {
  const auto report =
      check_serializable(History{transaction({append("x", 1), append("y", 2)}, 0, 1'000'000),
                                 transaction({read("x", {1}), read("y", {})}, 0, 1'000'000),
                                 transaction({read("y", {2})}, 0, 1'000'000)});
  ASSERT_EQ(report->findings.size(), 1);
  EXPECT_EQ(report->findings[0].operations, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(report->findings[0].story,
            (std::vector<std::string>{
                R"(#1 process 0: transaction [["append","x",1],["append","y",2]] -> ok )"
                "[null,null], 0.000 .. 1.000 ms",
                "  wr: the next one read its 1 in x",
                R"(#2 process 0: transaction [["read","x"],["read","y"]] -> ok [[1],[]], )"
                "0.000 .. 1.000 ms",
                "  rw: read y without the 2 of the next one", "and so back to #1"}));
}

TEST(Serializable, WhatCanNotBeJudgedIsAnError) {
  EXPECT_EQ(judge({transaction({append("x", 1)}), transaction({append("x", 1)})}),
            "line 2: 1 was appended to x before, in line 1; values must be unique to be judged");
  EXPECT_EQ(judge({{.op = "transaction",
                    .value = Value::list({Value::list({"pop", "x"})}),
                    .result = Value::list({{}})}}),
            R"(line 1: ["pop","x"] is no access; it is ["append", KEY, NUMBER] or ["read", KEY])");
}

TEST(Graph, FindsTheShortestCycleOfAComponent) {
  Graph graph(6);
  for (std::size_t i = 0; i < 6; ++i) graph.add({i, (i + 1) % 6, Dependency::kWw});
  graph.add({3, 2, Dependency::kRw});
  constexpr Dependencies kWrites = Dependencies().with(Dependency::kWw);
  ASSERT_EQ(graph.cycles(kWrites).size(), 1);
  EXPECT_EQ(graph.cycles(kWrites)[0].size(), 6);
  ASSERT_EQ(graph.cycles(kWrites.with(Dependency::kRw)).size(), 1);
  EXPECT_EQ(graph.cycles(kWrites.with(Dependency::kRw))[0].size(), 2);
}

TEST(Graph, MomentsJoinTwoEdgesToOne) {
  Graph graph(2);
  const std::size_t moment = graph.add_moment();
  const std::size_t later = graph.add_moment();
  graph.add({0, moment, Dependency::kRealtime});
  graph.add({moment, later, Dependency::kRealtime});
  graph.add({later, 1, Dependency::kRealtime});
  graph.add({1, 0, Dependency::kWw, 0, 5});
  const auto cycles =
      graph.cycles(Dependencies().with(Dependency::kRealtime).with(Dependency::kWw));
  ASSERT_EQ(cycles.size(), 1);
  ASSERT_EQ(cycles[0].size(), 2);
  EXPECT_EQ(cycles[0][0].from, 0);
  EXPECT_EQ(cycles[0][0].to, 1);
  EXPECT_EQ(cycles[0][0].kind, Dependency::kRealtime);
}

}  // namespace
}  // namespace perdure::verify

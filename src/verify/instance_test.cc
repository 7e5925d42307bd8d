// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the client's calls about one instance may answer, case by case.
#include <gtest/gtest.h>

#include "verify/linearizable.h"

namespace perdure::verify {
namespace {

/// Calls one after the other, unless said otherwise.
class Story {
 public:
  Story& ok(std::string op, Value value = {}, Value result = {}) {
    return add({.op = std::move(op), .value = std::move(value), .result = std::move(result)});
  }
  Story& refused(std::string op, const char* reason, Value value = {}) {
    return add({.op = std::move(op),
                .value = std::move(value),
                .result = reason,
                .status = Status::kFail});
  }
  Story& lost(std::string op, Value value = {}) {
    return add({.op = std::move(op), .value = std::move(value), .status = Status::kUnknown});
  }
  /// The one before was still open when the one after it began, and ended after it.
  Story& and_meanwhile() {
    history_.back().return_ns = 1'000'000;
    return *this;
  }
  Story& sees(const char* status) { return ok("get", {}, status); }
  Story& sees(const char* status, const char* identity) {
    return ok("get", {}, Value::list({status, identity}));
  }

  [[nodiscard]] Verdict verdict() const {
    const auto report = check_instances(history_);
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->verdict : Verdict::kUndecided;
  }
  [[nodiscard]] std::string error() const { return check_instances(history_).error().message; }

 private:
  Story& add(Operation operation) {
    operation.key = "order-17";
    operation.call_ns = now_ += 10;
    operation.return_ns = now_ += 10;
    history_.push_back(std::move(operation));
    return *this;
  }

  std::vector<Operation> history_;
  std::int64_t now_ = 0;
};

void expect_legal(const Story& story) { EXPECT_EQ(story.verdict(), Verdict::kHolds); }
void expect_wrong(const Story& story) { EXPECT_EQ(story.verdict(), Verdict::kViolated); }

TEST(InstanceModel, RunsByItself) {
  expect_legal(Story().ok("start").sees("PENDING").sees("RUNNING").sees("COMPLETED"));
  expect_legal(Story().ok("start").sees("FAILED"));
}

TEST(InstanceModel, NeverGoesBackByItself) {
  expect_wrong(Story().ok("start").sees("RUNNING").sees("PENDING"));
  expect_wrong(Story().ok("start").sees("COMPLETED").sees("RUNNING"));
  expect_wrong(Story().ok("start").sees("COMPLETED").sees("FAILED"));
  expect_wrong(Story().ok("start").sees("TERMINATED"));
  expect_wrong(Story().ok("start").sees("SUSPENDED"));
}

TEST(InstanceModel, AnAcknowledgedStartIsThere) {
  expect_wrong(Story().ok("start").refused("get", "NOT_FOUND"));
  expect_legal(Story().refused("get", "NOT_FOUND").ok("start").sees("PENDING"));
  expect_legal(Story().lost("start").refused("get", "NOT_FOUND").sees("PENDING"));
  expect_wrong(Story().refused("start", "RESOURCE_EXHAUSTED").sees("PENDING"));
}

TEST(InstanceModel, ATakenIdIsRejected) {
  expect_legal(Story().ok("start").refused("start", "ALREADY_EXISTS"));
  expect_wrong(Story().refused("start", "ALREADY_EXISTS"));
  expect_wrong(Story().ok("start").ok("start"));
  expect_wrong(Story().ok("start").sees("COMPLETED").ok("start", "reject"));
}

TEST(InstanceModel, IgnoringKeepsTheOneThatIsThere) {
  const Value first = Value::list({"reject", "one"});
  const Value second = Value::list({"ignore", "two"});
  expect_legal(Story().ok("start", first).ok("start", second).sees("RUNNING", "one"));
  expect_wrong(Story().ok("start", first).ok("start", second).sees("RUNNING", "two"));
  expect_legal(Story().ok("start", second).sees("RUNNING", "two"));
  expect_wrong(Story().ok("start", first).ok("start", second, "created"));
  expect_legal(Story().ok("start", first).ok("start", second, "existing"));
  expect_wrong(Story().ok("start", first).refused("start", "ALREADY_EXISTS", second));
}

TEST(InstanceModel, ReplacingBeginsAnew) {
  const Value first = Value::list({"reject", "one"});
  const Value second = Value::list({"replace", "two"});
  expect_legal(Story().ok("start", first).ok("start", second).sees("PENDING", "two"));
  expect_wrong(Story().ok("start", first).ok("start", second).sees("PENDING", "one"));
  const Value ended = Value::list({"replace-ended", "three"});
  expect_wrong(Story()
                   .ok("start", first)
                   .ok("suspend")
                   .sees("SUSPENDED")
                   .lost("get")
                   .refused("start", "ALREADY_EXISTS", ended)
                   .sees("PENDING", "three"));
  expect_legal(
      Story().ok("start", first).ok("terminate").ok("start", ended).sees("PENDING", "three"));
  expect_wrong(
      Story().ok("start", first).ok("terminate").refused("start", "ALREADY_EXISTS", ended));
}

TEST(InstanceModel, WhoWaitedSeesTheReplacedOneTerminated) {
  const Value first = Value::list({"reject", "one"});
  const Value second = Value::list({"replace", "two"});
  const Value seen = Value::list({"TERMINATED", "one"});
  expect_legal(Story().ok("start", first).ok("wait", {}, seen).and_meanwhile().ok("start", second));
  expect_wrong(Story().ok("start", first).ok("get", {}, seen).and_meanwhile().ok("start", second));
  expect_wrong(Story()
                   .ok("start", first)
                   .ok("wait", {}, Value::list({"TERMINATED", "two"}))
                   .and_meanwhile()
                   .ok("start", second));
}

TEST(InstanceModel, ARepeatedKeyAnswersAsTheFirstStart) {
  const Value first = Value::list({"reject", "one", "key"});
  expect_legal(Story().ok("start", first).ok("start", first).sees("PENDING", "one"));
  expect_wrong(Story().ok("start", first).refused("start", "ALREADY_EXISTS", first));
  const Value again = Value::list({"replace", "two", "key"});
  expect_wrong(Story().ok("start", first).ok("start", again).sees("PENDING", "two"));
  expect_legal(Story().ok("start", first).ok("terminate").ok("restart").ok("start", first));
  expect_legal(Story()
                   .ok("start", first)
                   .ok("terminate")
                   .ok("purge")
                   .ok("start", again)
                   .sees("PENDING", "two"));
}

TEST(InstanceModel, SuspendAndResume) {
  expect_legal(Story().ok("start").ok("suspend").sees("SUSPENDED").ok("resume").sees("PENDING"));
  expect_legal(Story().ok("start").ok("suspend").ok("suspend").sees("SUSPENDED"));
  expect_wrong(Story().ok("start").ok("suspend").sees("RUNNING"));
  expect_wrong(Story().ok("start").sees("RUNNING").ok("suspend").ok("resume").sees("PENDING"));
  expect_legal(Story().ok("start").ok("suspend").sees("COMPLETED"));  // a turn was in hand
  expect_legal(Story().ok("start").ok("resume").sees("PENDING"));
  expect_wrong(Story().ok("start").sees("COMPLETED").ok("suspend"));
  expect_wrong(Story()
                   .ok("start")
                   .ok("suspend")
                   .sees("SUSPENDED")
                   .refused("resume", "FAILED_PRECONDITION")
                   .sees("SUSPENDED"));
}

TEST(InstanceModel, OnlyALiveOneTakesEvents) {
  expect_legal(Story().ok("start").ok("raise").sees("PENDING"));
  expect_wrong(Story().ok("raise"));
  expect_legal(Story().refused("raise", "NOT_FOUND"));
  expect_wrong(Story().ok("start").sees("COMPLETED").ok("raise"));
  expect_legal(Story().ok("start").sees("COMPLETED").refused("raise", "FAILED_PRECONDITION"));
  expect_wrong(Story().ok("start").refused("raise", "FAILED_PRECONDITION").sees("RUNNING"));
}

TEST(InstanceModel, TerminateEndsAtOnceAndOnce) {
  expect_legal(Story().ok("start").ok("terminate").sees("TERMINATED"));
  expect_wrong(Story().ok("start").ok("terminate").sees("RUNNING"));
  expect_wrong(Story().ok("start").ok("terminate").ok("terminate"));
  expect_legal(Story().ok("start").ok("terminate").ok("terminate", "tree"));
  expect_legal(Story().ok("start").ok("terminate").refused("terminate", "FAILED_PRECONDITION"));
}

TEST(InstanceModel, RestartRewindAndPurgeNeedAnEnd) {
  const Value first = Value::list({"reject", "one"});
  expect_legal(Story().ok("start", first).sees("FAILED").ok("rewind").sees("RUNNING", "one"));
  expect_wrong(Story().ok("start", first).sees("FAILED").ok("rewind").sees("PENDING"));
  expect_wrong(Story().ok("start", first).sees("COMPLETED").ok("rewind"));
  expect_legal(Story().ok("start", first).sees("COMPLETED").ok("restart").sees("PENDING", "one"));
  expect_wrong(Story()
                   .ok("start", first)
                   .ok("restart")
                   .sees("RUNNING")
                   .ok("purge")
                   .refused("get", "NOT_FOUND")
                   .sees("PENDING"));
  expect_legal(Story().ok("start").ok("terminate").ok("purge").refused("get", "NOT_FOUND"));
  expect_wrong(Story().ok("start").ok("terminate").ok("purge").sees("TERMINATED"));
  expect_legal(Story().ok("start").refused("purge", "FAILED_PRECONDITION").sees("PENDING"));
}

TEST(InstanceModel, AWaitAnswersWhenTheStateIsReached) {
  expect_legal(Story().ok("start").ok("wait", {}, "COMPLETED"));
  expect_wrong(Story().ok("start").ok("wait", {}, "RUNNING"));
  expect_legal(Story().ok("start").ok("wait", "started", "RUNNING").sees("RUNNING"));
  expect_wrong(Story().ok("start").ok("wait", "started", "PENDING"));
  expect_wrong(Story().ok("start").ok("wait", "started", "RUNNING").sees("PENDING"));
  expect_legal(Story().ok("start").refused("wait", "DEADLINE_EXCEEDED").sees("PENDING"));
  expect_wrong(Story().ok("start").ok("wait", {}, "COMPLETED").sees("RUNNING"));
}

TEST(InstanceModel, AnUnknownCallMayHaveHappened) {
  expect_legal(Story().ok("start").lost("terminate").sees("RUNNING").sees("TERMINATED"));
  expect_legal(Story().ok("start").lost("terminate").sees("COMPLETED"));
  expect_wrong(Story().ok("start").lost("terminate").sees("TERMINATED").sees("RUNNING"));
}

TEST(InstanceModel, MistakesOfTheHistoryAreNamed) {
  EXPECT_EQ(Story().ok("start").ok("get", {}, "DONE").error(),
            "line 2: the result is \"DONE\"; it is a status such as \"RUNNING\", or a list of a "
            "status and an identity");
  EXPECT_EQ(Story().ok("start", "never").error(),
            "line 1: the reuse policy is \"never\"; it is reject, ignore, replace or "
            "replace-ended");
  EXPECT_EQ(Story().ok("explode").error(), "line 1: an instance has no operation 'explode'");
}

}  // namespace
}  // namespace perdure::verify

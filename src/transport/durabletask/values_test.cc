// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/values.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "model/limits.h"

namespace perdure::durabletask {
namespace {

google::protobuf::Timestamp time_of(std::int64_t seconds, std::int32_t nanos) {
  google::protobuf::Timestamp wire;
  wire.set_seconds(seconds);
  wire.set_nanos(nanos);
  return wire;
}

TEST(Values, TimesComeBack) {
  for (const std::int64_t us :
       {0LL, 1LL, -1LL, 1'795'000'000'123'456LL, -999'999LL, -1'000'000LL}) {
    google::protobuf::Timestamp wire;
    set_time({us}, &wire);
    EXPECT_GE(wire.nanos(), 0);
    EXPECT_EQ(from_wire(wire).us, us);
  }
}

TEST(Values, PartsOfAMicrosecondAreRoundedUp) {
  EXPECT_EQ(from_wire(time_of(5, 1)).us, 5'000'001);
  EXPECT_EQ(from_wire(time_of(5, 999)).us, 5'000'001);
  EXPECT_EQ(from_wire(time_of(5, 1000)).us, 5'000'001);
}

TEST(Values, TimesOutOfAnyRangeAreCut) {
  constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int32_t kNanosMax = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(from_wire(time_of(kSecondsMax, kNanosMax)), base::kEndOfTime);
  EXPECT_EQ(from_wire(time_of(-kSecondsMax, 0)).us, -base::kEndOfTime.us);
  EXPECT_EQ(from_wire(time_of(1, kNanosMax)).us, 2'000'000);
  EXPECT_EQ(from_wire(time_of(1, -5)).us, 1'000'000);
}

TEST(Values, SpansAreNeverBelowZero) {
  google::protobuf::Duration wire;
  wire.set_seconds(2);
  wire.set_nanos(500'000'000);
  EXPECT_EQ(from_wire(wire).us, 2'500'000);
  wire.set_seconds(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(from_wire(wire).us, 0);
  wire.set_seconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(from_wire(wire).us, base::kEndOfTime.us);
}

TEST(Values, APayloadMayBeEmptyOrAbsent) {
  google::protobuf::StringValue value;
  EXPECT_EQ(from_wire(false, value), model::Payload());
  EXPECT_EQ(from_wire(true, value), model::Payload(""));
  ::OrchestrationState state;
  set_payload(model::Payload(), &state, &::OrchestrationState::mutable_input);
  EXPECT_FALSE(state.has_input());
  set_payload(model::Payload(""), &state, &::OrchestrationState::mutable_input);
  EXPECT_TRUE(state.has_input());
}

TEST(Values, FailuresComeBackWithTheirInnerOnesAndProperties) {
  ::TaskFailureDetails wire;
  wire.set_errortype("Outer");
  wire.set_errormessage("out");
  wire.mutable_stacktrace()->set_value("at 1");
  wire.set_isnonretriable(true);
  (*wire.mutable_properties())["n"].set_number_value(1.5);
  wire.mutable_innerfailure()->set_errormessage("in");
  (*wire.mutable_innerfailure()->mutable_properties())["s"].set_string_value("\xC3\xA9");
  ::TaskFailureDetails again;
  set_failure(from_wire(wire), &again);
  EXPECT_EQ(again.SerializeAsString(), wire.SerializeAsString());
}

TEST(Values, FailuresThatAreTooDeepAreCut) {
  ::TaskFailureDetails wire;
  ::TaskFailureDetails* at = &wire;
  for (int i = 0; i < 3 * model::kFailureDepthMax; ++i) at = at->mutable_innerfailure();
  int depth = 1;
  const model::Failure failure = from_wire(wire);
  for (const model::Failure* one = &failure; !one->inner.empty(); one = &one->inner.front())
    ++depth;
  EXPECT_EQ(depth, model::kFailureDepthMax);
}

TEST(Values, TracesComeBack) {
  ::TraceContext wire;
  EXPECT_EQ(from_wire(wire), "");
  wire.set_traceparent("00-a-b-01");
  EXPECT_EQ(from_wire(wire), "00-a-b-01");
  wire.mutable_tracestate()->set_value("x=1");
  ::ActivityRequest request;
  set_trace(from_wire(wire), &request, &::ActivityRequest::mutable_parenttracecontext);
  EXPECT_EQ(request.parenttracecontext().SerializeAsString(), wire.SerializeAsString());

  ::OrchestrationTraceContext span;
  span.mutable_spanid()->set_value("the span");
  *span.mutable_spanstarttime() = time_of(7, 8000);
  ::OrchestratorRequest turn;
  set_worker_trace(from_wire(span), &turn);
  EXPECT_EQ(turn.orchestrationtracecontext().SerializeAsString(), span.SerializeAsString());
}

TEST(Values, EveryStatusOfOursComesBackAndNoOther) {
  for (const model::Status status :
       {model::Status::kPending, model::Status::kRunning, model::Status::kSuspended,
        model::Status::kCompleted, model::Status::kFailed, model::Status::kTerminated}) {
    EXPECT_EQ(from_wire(to_wire(status)), status);
  }
  EXPECT_EQ(from_wire(ORCHESTRATION_STATUS_CANCELED), std::nullopt);
  EXPECT_EQ(from_wire(ORCHESTRATION_STATUS_CONTINUED_AS_NEW), std::nullopt);
  EXPECT_EQ(from_wire(static_cast<::OrchestrationStatus>(99)), std::nullopt);
}

TEST(Values, IdsAreCountedInCharacters) {
  EXPECT_TRUE(check_length(std::string(100, 'x')));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xC3\xA9";
  EXPECT_TRUE(check_length(wide));
  const auto refused = check_length(wide + "x");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("length"), std::string::npos);
}

TEST(Values, AnExecutionHasATextOfItsOwnInEveryInstance) {
  const model::InstanceKey one{"hub", "a"};
  const std::string text = execution_text(one, model::Execution{7});
  EXPECT_EQ(text.size(), 32U);
  EXPECT_EQ(text, execution_text(one, model::Execution{7}));
  EXPECT_NE(text, execution_text(one, model::Execution{8}));
  EXPECT_NE(text, execution_text({"hub", "b"}, model::Execution{7}));
  EXPECT_NE(text, execution_text({"other", "a"}, model::Execution{7}));
}

}  // namespace
}  // namespace perdure::durabletask

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/values.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>

#include "model/limits.h"

namespace perdure::durabletask {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int32_t kNanosecondsPerMicrosecond = 1'000;
constexpr std::int32_t kNanosecondsMax = 999'999'999;

std::string properties_text(
    const google::protobuf::Map<std::string, google::protobuf::Value>& map) {
  if (map.empty()) return {};
  google::protobuf::Struct all;
  *all.mutable_fields() = map;
  std::string text;
  // What JSON can not say (an infinite number) is dropped, never the failure.
  if (!google::protobuf::util::MessageToJsonString(all, &text).ok()) return {};
  return text;
}

}  // namespace

base::Result<> check_length(std::string_view id) {
  const auto characters = std::ranges::count_if(
      id, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (static_cast<std::size_t>(characters) <= kInstanceIdLengthMax) return {};
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("the length of the instance id is {} characters; at most {} are "
                                "allowed",
                                characters, kInstanceIdLengthMax));
}

std::string execution_text(const model::InstanceKey& key, model::Execution execution) {
  // Whoever provokes a collision of the hash in a hub has only itself to meet.
  return fmt::format("{:016x}{:016x}", execution.value, model::hash_of(key.hub, key.id));
}

model::Payload from_wire(bool present, const google::protobuf::StringValue& value) {
  if (!present) return std::nullopt;
  return value.value();
}

void set_time(base::Timestamp at, google::protobuf::Timestamp* wire) {
  std::int64_t seconds = at.us / kMicrosecondsPerSecond;
  std::int64_t rest = at.us % kMicrosecondsPerSecond;
  if (rest < 0) {
    rest += kMicrosecondsPerSecond;
    --seconds;
  }
  wire->set_seconds(seconds);
  wire->set_nanos(static_cast<std::int32_t>(rest) * kNanosecondsPerMicrosecond);
}

base::Timestamp from_wire(const google::protobuf::Timestamp& wire) {
  constexpr std::int64_t kSecondsMax = base::kEndOfTime.us / kMicrosecondsPerSecond;
  if (wire.seconds() >= kSecondsMax) return base::kEndOfTime;
  if (wire.seconds() <= -kSecondsMax) return {-base::kEndOfTime.us};
  // Upwards: what is due at a time is not due a part of a microsecond before it. A worker may send
  // any number here.
  const std::int32_t nanos = std::clamp(wire.nanos(), 0, kNanosecondsMax);
  const std::int64_t micros = (nanos + kNanosecondsPerMicrosecond - 1) / kNanosecondsPerMicrosecond;
  return {wire.seconds() * kMicrosecondsPerSecond + micros};
}

base::Duration from_wire(const google::protobuf::Duration& wire) {
  google::protobuf::Timestamp same;
  same.set_seconds(wire.seconds());
  same.set_nanos(wire.nanos());
  return {std::max<std::int64_t>(0, from_wire(same).us)};
}

model::Tags from_wire(const google::protobuf::Map<std::string, std::string>& tags) {
  return {tags.begin(), tags.end()};
}

void set_tags(const model::Tags& tags, google::protobuf::Map<std::string, std::string>* wire) {
  for (const auto& [key, value] : tags) (*wire)[key] = value;
}

model::Failure from_wire(const ::TaskFailureDetails& wire) {
  model::Failure first;
  model::Failure* failure = &first;
  const ::TaskFailureDetails* at = &wire;
  for (int depth = 1;; ++depth) {
    failure->type = at->errortype();
    failure->message = at->errormessage();
    failure->stack = at->stacktrace().value();
    failure->retriable = !at->isnonretriable();
    failure->properties = properties_text(at->properties());
    if (!at->has_innerfailure() || depth >= model::kFailureDepthMax) return first;
    at = &at->innerfailure();
    failure = &failure->inner.emplace_back();
  }
}

void set_failure(const model::Failure& failure, ::TaskFailureDetails* wire) {
  wire->set_errortype(failure.type);
  wire->set_errormessage(failure.message);
  if (!failure.stack.empty()) wire->mutable_stacktrace()->set_value(failure.stack);
  wire->set_isnonretriable(!failure.retriable);
  google::protobuf::Struct properties;
  if (!failure.properties.empty() &&
      google::protobuf::util::JsonStringToMessage(failure.properties, &properties).ok()) {
    *wire->mutable_properties() = std::move(*properties.mutable_fields());
  }
  if (!failure.inner.empty()) set_failure(failure.inner.front(), wire->mutable_innerfailure());
}

std::string from_wire(const ::TraceContext& wire) {
  if (wire.tracestate().value().empty()) return wire.traceparent();
  return fmt::format("{} {}", wire.traceparent(), wire.tracestate().value());
}

std::string from_wire(const ::OrchestrationTraceContext& wire) {
  return fmt::format("{} {}", wire.has_spanstarttime() ? from_wire(wire.spanstarttime()).us : 0,
                     wire.spanid().value());
}

void set_worker_trace(std::string_view text, ::OrchestratorRequest* request) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return;
  std::int64_t started = 0;
  std::from_chars(text.data(), text.data() + space, started);
  ::OrchestrationTraceContext* wire = request->mutable_orchestrationtracecontext();
  wire->mutable_spanid()->set_value(std::string(text.substr(space + 1)));
  if (started != 0) set_time({started}, wire->mutable_spanstarttime());
}

::OrchestrationStatus to_wire(model::Status status) {
  switch (status) {
    case model::Status::kPending: return ORCHESTRATION_STATUS_PENDING;
    case model::Status::kRunning: return ORCHESTRATION_STATUS_RUNNING;
    case model::Status::kSuspended: return ORCHESTRATION_STATUS_SUSPENDED;
    case model::Status::kCompleted: return ORCHESTRATION_STATUS_COMPLETED;
    case model::Status::kFailed: return ORCHESTRATION_STATUS_FAILED;
    case model::Status::kTerminated:
    case model::Status::kPurged: break;
  }
  return ORCHESTRATION_STATUS_TERMINATED;
}

std::optional<model::Status> from_wire(::OrchestrationStatus status) {
  switch (status) {
    case ORCHESTRATION_STATUS_PENDING: return model::Status::kPending;
    case ORCHESTRATION_STATUS_RUNNING: return model::Status::kRunning;
    case ORCHESTRATION_STATUS_SUSPENDED: return model::Status::kSuspended;
    case ORCHESTRATION_STATUS_COMPLETED: return model::Status::kCompleted;
    case ORCHESTRATION_STATUS_FAILED: return model::Status::kFailed;
    case ORCHESTRATION_STATUS_TERMINATED: return model::Status::kTerminated;
    default: return std::nullopt;
  }
}

}  // namespace perdure::durabletask

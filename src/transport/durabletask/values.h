// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The small things that every message of the protocol is made of, both ways. Pure; thread-safe.
#pragma once

#include <durabletask/orchestrator_service.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/command.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/payload.h"

namespace perdure::durabletask {

/// Ids that clients choose: what the hosted service takes, too.
inline constexpr std::size_t kInstanceIdLengthMax = 100;

/// kInvalidArgument for an id that is longer, in characters.
base::Result<> check_length(std::string_view id);

/// The SDKs know an execution by a text of 32 hexadecimal digits, and JavaScript makes the ids of
/// children of it alone: so the instance is part of it.
std::string execution_text(const model::InstanceKey& key, model::Execution execution);

// Absent and empty are different things on this wire.
model::Payload from_wire(bool present, const google::protobuf::StringValue& value);
template <class Message>
void set_payload(const model::Payload& payload, Message* message,
                 google::protobuf::StringValue* (Message::*field)()) {
  if (payload) (message->*field)()->set_value(*payload);
}
/// A text that is left out when it is empty.
template <class Message>
void set_text(std::string_view text, Message* message,
              google::protobuf::StringValue* (Message::*field)()) {
  if (!text.empty()) (message->*field)()->set_value(std::string(text));
}

void set_time(base::Timestamp at, google::protobuf::Timestamp* wire);
base::Timestamp from_wire(const google::protobuf::Timestamp& wire);
/// Nothing below zero.
base::Duration from_wire(const google::protobuf::Duration& wire);

model::Tags from_wire(const google::protobuf::Map<std::string, std::string>& tags);
void set_tags(const model::Tags& tags, google::protobuf::Map<std::string, std::string>* wire);

model::Failure from_wire(const ::TaskFailureDetails& wire);
void set_failure(const model::Failure& failure, ::TaskFailureDetails* wire);

/// "traceparent" or "traceparent tracestate", as the model keeps it.
std::string from_wire(const ::TraceContext& wire);
/// Nothing for an empty text.
template <class Message>
void set_trace(std::string_view trace, Message* message, ::TraceContext* (Message::*field)()) {
  if (trace.empty()) return;
  ::TraceContext* wire = (message->*field)();
  const std::size_t space = trace.find(' ');
  wire->set_traceparent(std::string(trace.substr(0, space)));
  if (space != std::string_view::npos) {
    wire->mutable_tracestate()->set_value(std::string(trace.substr(space + 1)));
  }
}

/// What a worker wants back with the next turn, as one text.
std::string from_wire(const ::OrchestrationTraceContext& wire);
void set_worker_trace(std::string_view text, ::OrchestratorRequest* request);

::OrchestrationStatus to_wire(model::Status status);
/// Nothing for what no instance of ours can be: CONTINUED_AS_NEW, CANCELED.
std::optional<model::Status> from_wire(::OrchestrationStatus status);

}  // namespace perdure::durabletask

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/client.h"

#include <fmt/format.h>

#include "model/instance.h"

namespace perdure {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kPending: return "PENDING";
    case Status::kRunning: return "RUNNING";
    case Status::kSuspended: return "SUSPENDED";
    case Status::kCompleted: return "COMPLETED";
    case Status::kFailed: return "FAILED";
    case Status::kTerminated: return "TERMINATED";
  }
  return "UNKNOWN";
}

std::optional<Status> status_from_string(std::string_view name) {
  const auto status = model::status_from_name(name);
  if (!status) return std::nullopt;
  switch (*status) {
    case model::Status::kPending: return Status::kPending;
    case model::Status::kRunning: return Status::kRunning;
    case model::Status::kSuspended: return Status::kSuspended;
    case model::Status::kCompleted: return Status::kCompleted;
    case model::Status::kFailed: return Status::kFailed;
    case model::Status::kTerminated: return Status::kTerminated;
    case model::Status::kPurged: return std::nullopt;
  }
  return std::nullopt;
}

Error Instance::not_completed() const {
  std::string message = fmt::format("instance '{}' is {}", id, to_string(status));
  if (failure) message += fmt::format(": {}: {}", failure->type, failure->message);
  return {ErrorCode::kFailedPrecondition, std::move(message)};
}

}  // namespace perdure

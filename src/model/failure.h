// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Why a task or an orchestration failed, kept whole.
#pragma once

#include <string>
#include <vector>

namespace perdure::model {

struct Failure {
  std::string type;     // the name of the error's class: "std::runtime_error"
  std::string message;  // for a person
  std::string stack;    // may be empty
  bool retriable = true;
  std::vector<Failure> inner;  // zero or one: the failure behind this one
  std::string properties{};    // a JSON object that the worker added, opaque; empty: none

  friend bool operator==(const Failure&, const Failure&) = default;
};

// The types that the platform itself reports.
inline constexpr const char* kFailurePoisoned = "perdure.PoisonedWorkItem";
inline constexpr const char* kFailureTerminated = "perdure.Terminated";
inline constexpr const char* kFailureLimit = "perdure.LimitExceeded";
inline constexpr const char* kFailureInvalidTurn = "perdure.InvalidTurn";
inline constexpr const char* kFailureChildRejected = "perdure.ChildRejected";
inline constexpr const char* kFailurePurged = "perdure.EntityPurged";
inline constexpr const char* kFailureInboxFull = "perdure.InboxFull";

}  // namespace perdure::model

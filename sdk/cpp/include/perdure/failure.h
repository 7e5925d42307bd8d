// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How user code says that it failed, and how it learns that something it waited for failed.
//
//   throw perdure::Failure("card declined").type("CardDeclined").non_retriable();
//
//   try {
//     co_await ctx.call("charge", order);
//   } catch (const perdure::TaskFailed& failed) {
//     declined = failed.details().type == "CardDeclined";   // and react after the catch: a catch
//   }                                                       // block can not contain a co_await
//
// Any other exception is recorded too: its class name as the type, what() as the message, and what
// std::throw_with_nested wrapped as the inner failure. Values; free to copy.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace perdure {

/// Why something failed, kept whole across processes.
struct FailureDetails {
  std::string type;     // of the error: a class name, or what Failure::type() said
  std::string message;  // for a person
  std::string stack;    // may be empty
  bool retriable = true;
  std::vector<FailureDetails> inner;  // zero or one: the failure behind this one

  /// The failure at the very bottom: the one that began it.
  [[nodiscard]] const FailureDetails& root() const {
    const FailureDetails* at = this;
    while (!at->inner.empty()) at = &at->inner.front();
    return *at;
  }

  friend bool operator==(const FailureDetails&, const FailureDetails&) = default;
};

/// Types that the platform itself reports in FailureDetails::type.
inline constexpr const char* kFailureTypeCancelled = "perdure.Cancelled";
inline constexpr const char* kFailureTypePoisoned = "perdure.PoisonedWorkItem";
inline constexpr const char* kFailureTypeTerminated = "perdure.Terminated";
inline constexpr const char* kFailureTypeLimit = "perdure.LimitExceeded";
inline constexpr const char* kFailureTypeInvalidTurn = "perdure.InvalidTurn";
inline constexpr const char* kFailureTypeChildRejected = "perdure.ChildRejected";
inline constexpr const char* kFailureTypeInboxFull = "perdure.InboxFull";
inline constexpr const char* kFailureTypeUnknownOperation = "perdure.UnknownOperation";

/// Thrown by user code, in activities and orchestrations, to fail with full control over what is
/// recorded.
class Failure : public std::exception {
 public:
  explicit Failure(std::string message) {
    details_.type = "perdure::Failure";
    details_.message = std::move(message);
  }
  explicit Failure(FailureDetails details) : details_(std::move(details)) {}

  /// What callers recognise the failure by. Default: "perdure::Failure".
  Failure& type(std::string name) {
    details_.type = std::move(name);
    return *this;
  }
  /// Trying again can not help: every Retry gives up at once.
  Failure& non_retriable() {
    details_.retriable = false;
    return *this;
  }
  /// The failure behind this one.
  Failure& because(FailureDetails cause) {
    details_.inner.clear();
    details_.inner.push_back(std::move(cause));
    return *this;
  }

  [[nodiscard]] const FailureDetails& details() const { return details_; }
  [[nodiscard]] const char* what() const noexcept override { return details_.message.c_str(); }

 private:
  FailureDetails details_;
};

/// Thrown by co_await: the activity or child orchestration failed for good (after its retries), or
/// was cancelled.
class TaskFailed : public std::exception {
 public:
  /// `task` names what failed, for a person: "activity 'charge'".
  TaskFailed(std::string task, FailureDetails details)
      : task_(std::move(task)),
        details_(std::move(details)),
        text_(task_ + " failed: " + details_.type + ": " + details_.message) {}

  [[nodiscard]] const std::string& task() const { return task_; }
  [[nodiscard]] const FailureDetails& details() const { return details_; }
  /// True if the code itself gave the task up: cancel(), or a race that another one won.
  [[nodiscard]] bool cancelled() const { return details_.type == kFailureTypeCancelled; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string task_;
  FailureDetails details_;
  std::string text_;
};

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Future<T>: a durable operation that is already under way: an activity, a timer, a child, an event
// that is waited for, or several of them together.
//
//   perdure::Future<Quote> a = ctx.call<Quote>("quote", "north");   // both are scheduled
//   perdure::Future<Quote> b = ctx.call<Quote>("quote", "south");
//   Quote north = co_await a;                                       // only now is one waited for
//
// A handle: copies name the same operation, and it may be awaited more than once. Letting go of it
// does not stop the operation; Orchestration::cancel does. A Future belongs to the orchestration
// that made it: it must not outlive it, nor be awaited by another one. co_await throws TaskFailed
// if the operation failed or was cancelled, and DecodeError if its result is no T.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include "perdure/codec.h"
#include "perdure/task.h"

namespace perdure {

class Orchestration;

namespace internal {

/// The state of an operation; owned by the run of the orchestration, counted by its handles.
class Operation;
/// A handle's function that knows the type: Getter<T> without the T.
using ErasedGetter = void (*)();
template <class T>
using Getter = T (*)(Operation&);

void retain(Operation& operation) noexcept;
void release(Operation& operation) noexcept;
[[nodiscard]] bool is_done(const Operation& operation) noexcept;
void resume_when_done(Operation& operation, std::coroutine_handle<> waiter);
/// The result of a single operation; throws TaskFailed. An event counts as consumed. REQUIRES:
/// is_done().
const Payload& result_of(Operation& operation);
/// True: a wait for an event that its deadline ended.
[[nodiscard]] bool timed_out(const Operation& operation);
/// Adds to the error whose result it was.
void explain(const Operation& operation, DecodeError& error);

/// Counts one handle.
class OperationRef {
 public:
  OperationRef() = default;
  explicit OperationRef(Operation& operation) noexcept : operation_(&operation) {
    retain(operation);
  }
  OperationRef(const OperationRef& other) noexcept : operation_(other.operation_) {
    if (operation_ != nullptr) retain(*operation_);
  }
  OperationRef(OperationRef&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)) {}
  OperationRef& operator=(OperationRef other) noexcept {
    std::swap(operation_, other.operation_);
    return *this;
  }
  ~OperationRef() {
    if (operation_ != nullptr) release(*operation_);
  }

  [[nodiscard]] Operation* get() const noexcept { return operation_; }
  Operation& operator*() const noexcept { return *operation_; }

 private:
  Operation* operation_ = nullptr;
};

template <class T>
T get_result(Operation& operation) {
  if constexpr (std::is_void_v<T>) {
    result_of(operation);
  } else {
    const Payload& result = result_of(operation);
    try {
      return decode_payload<T>(result);
    } catch (DecodeError& error) {
      explain(operation, error);
      throw;
    }
  }
}

template <class T>
class FutureAwaiter {
 public:
  FutureAwaiter(OperationRef operation, Getter<T> getter)
      : operation_(std::move(operation)), getter_(getter) {}

  [[nodiscard]] bool await_ready() const noexcept { return is_done(*operation_); }
  void await_suspend(std::coroutine_handle<> waiter) const {
    resume_when_done(*operation_, waiter);
  }
  T await_resume() const { return getter_(*operation_); }

 private:
  OperationRef operation_;
  Getter<T> getter_;
};

}  // namespace internal

/// See the top of this file. REQUIRES for everything but destruction: not moved from.
template <class T = void>
class [[nodiscard("await the Future, or say (void) to let the operation run on its own")]] Future {
 public:
  using value_type = T;

  /// True once it is known how the operation ended: co_await does not suspend then.
  [[nodiscard]] bool ready() const noexcept { return internal::is_done(*operation_); }

  internal::FutureAwaiter<T> make_awaiter() const& { return {operation_, getter_}; }
  internal::FutureAwaiter<T> make_awaiter() && { return {std::move(operation_), getter_}; }

 private:
  friend class Orchestration;

  Future(internal::OperationRef operation, internal::Getter<T> getter)
      : operation_(std::move(operation)), getter_(getter) {}

  internal::OperationRef operation_;
  internal::Getter<T> getter_;
};

}  // namespace perdure

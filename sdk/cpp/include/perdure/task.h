// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Task<T>: what an orchestration returns, and how its code is split into several coroutines.
//
//   perdure::Task<Receipt> pay(perdure::Orchestration& ctx, Order order) {
//     co_return co_await ctx.call<Receipt>("charge", order);
//   }
//   perdure::Task<void> checkout(perdure::Orchestration& ctx, Order order) {
//     Receipt receipt = co_await pay(ctx, order);
//     ...
//   }
//
// A Task is lazy: it runs when it is awaited, and it is awaited once. It is move-only and owns its
// coroutine. An exception inside comes out of the co_await. To run several at the same time, see
// Orchestration::spawn. Coroutines take their parameters by value: a reference must outlive every
// co_await. One thread at a time.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "perdure/version.h"

namespace perdure {

template <class T = void>
class Task;
template <class T>
class Future;
class ContinueAsNew;

namespace internal {

template <class>
inline constexpr bool kAwaitable = false;
template <class T>
inline constexpr bool kAwaitable<Task<T>> = true;
template <class T>
inline constexpr bool kAwaitable<Future<T>> = true;
template <>
inline constexpr bool kAwaitable<ContinueAsNew> = true;

/// What is the same for every result type.
class PromiseBase {
 public:
  PromiseBase() = default;
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Anything else that can be awaited would resume at a moment the history knows nothing of.
  template <class A>
  auto await_transform(A&& awaitable) {
    if constexpr (kAwaitable<std::remove_cvref_t<A>>) {
      return std::forward<A>(awaitable).make_awaiter();
    } else {
      static_assert(kAwaitable<std::remove_cvref_t<A>>,
                    "perdure: an orchestration awaits perdure::Task and perdure::Future only: "
                    "everything else belongs into an activity");
      return std::suspend_never();
    }
  }

  void continue_with(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr failure_;
};

template <class T>
class Promise final : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_constructible_v<T, U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    if (failure()) std::rethrow_exception(failure());
    return *std::move(value_);
  }
  const T& share() const {
    if (failure()) std::rethrow_exception(failure());
    return *value_;
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (failure()) std::rethrow_exception(failure());
  }
};

/// Borrows the coroutine: the awaited Task lives until the end of the co_await expression.
template <class T>
class TaskAwaiter {
 public:
  using Handle = std::coroutine_handle<Promise<T>>;
  explicit TaskAwaiter(Handle child) : child_(child) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }

#if defined(__clang__)
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) const noexcept {
    child_.promise().continue_with(parent);
    return child_;
  }
#else
  // GCC turns a symmetric transfer into a jump only when it optimises: a loop of children that
  // finish at once would overflow the stack. So the child runs inside this call, and takes the
  // parent as its continuation only if it did not finish. Sound because one thread runs both.
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> parent) const {
    child_.resume();
    if (child_.done()) return false;
    child_.promise().continue_with(parent);
    return true;
  }
#endif

  T await_resume() const { return child_.promise().take(); }

 private:
  Handle child_;
};

struct TaskAccess;

}  // namespace internal

/// See the top of this file. REQUIRES for co_await: valid(), and not awaited before.
template <class T>
class [[nodiscard("a Task does nothing until it is awaited")]] Task {
  static_assert(!std::is_reference_v<T>, "perdure: a Task returns a value, not a reference");

 public:
  using promise_type = internal::Promise<T>;
  using value_type = T;

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  /// False once moved from.
  [[nodiscard]] bool valid() const noexcept { return coroutine_ != nullptr; }

  internal::TaskAwaiter<T> make_awaiter() && { return internal::TaskAwaiter<T>(coroutine_); }
  template <bool kOnce = false>
  internal::TaskAwaiter<T> make_awaiter() & {
    static_assert(kOnce, "perdure: a Task is awaited once: co_await std::move(task)");
    return internal::TaskAwaiter<T>(coroutine_);
  }

 private:
  friend class internal::Promise<T>;
  friend struct internal::TaskAccess;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle coroutine) noexcept : coroutine_(coroutine) {}
  void reset() noexcept {
    if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
  }

  Handle coroutine_;
};

namespace internal {

/// For the library: the coroutine inside.
struct TaskAccess {
  template <class T>
  static std::coroutine_handle<Promise<T>> handle(const Task<T>& task) {
    return task.coroutine_;
  }
  template <class T>
  static std::coroutine_handle<Promise<T>> release(Task<T>&& task) {
    return std::exchange(task.coroutine_, nullptr);
  }
};

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace internal
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The functions of a program, by name.
//
//   perdure::Registry functions;
//   functions.orchestration("checkout", checkout)          // Task<R> checkout(Orchestration&,
//   A...)
//            .activity("charge", charge)                   // R charge(A...), or with Activity&
//            .activity("pack", [&](Line line) { return warehouse.pack(line); });
//
// An orchestration is a function or a lambda without captures: a coroutine outlives the lambda it
// came from, and captures would dangle. An activity may capture; it is called from many threads at
// once. Filled by one thread, then only read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/activity.h"
#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/internal/signature.h"
#include "perdure/orchestration.h"
#include "perdure/task.h"

namespace perdure {
namespace internal {

using OrchestrationFunction = std::function<Task<Payload>(Orchestration&, Payload)>;
using ActivityFunction = std::function<Payload(Activity&, const Payload&)>;

/// The frame of this coroutine keeps function and arguments alive for as long as the user's
/// coroutine runs.
template <class F, class R, class... Args, std::size_t... I>
Task<Payload> run_orchestration(F function, Orchestration& ctx, Payload input, TypeList<Args...>,
                                std::index_sequence<I...>, std::type_identity<R>) {
  [[maybe_unused]] auto arguments = [&] {
    try {
      return decode_all<std::remove_cvref_t<Args>...>(input);
    } catch (DecodeError& error) {
      error.of("the input of orchestration '" + ctx.name() + "'");
      throw;
    }
  }();
  input.reset();
  Task<R> task = function(ctx, pass<Args>(std::get<I>(arguments))...);
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    co_return std::nullopt;
  } else {
    R result = co_await std::move(task);
    co_return Payload(encode_value(result));
  }
}

template <class F>
OrchestrationFunction make_orchestration(F function) {
  static_assert(std::is_pointer_v<F> || std::is_empty_v<F>,
                "perdure: an orchestration is a function or a lambda without captures: its "
                "coroutine outlives the lambda, and the captures would dangle; pass what it needs "
                "as parameters, and do the work in activities");
  if constexpr (std::is_pointer_v<F> || std::is_empty_v<F>) {
    static_assert(HasOneSignature<F>, "perdure: an orchestration has one signature, without auto");
    using Split = WithoutContext<Orchestration, typename Signature<F>::Parameters>;
    using Result = typename Signature<F>::Result;
    static_assert(Split::kHasContext,
                  "perdure: the first parameter of an orchestration is perdure::Orchestration&");
    static_assert(kIsTask<Result>, "perdure: an orchestration returns perdure::Task<R>");
    return [function](Orchestration& ctx, Payload input) {
      return [&]<class... Args>(TypeList<Args...> list) {
        return run_orchestration(function, ctx, std::move(input), list,
                                 std::index_sequence_for<Args...>(),
                                 std::type_identity<typename Result::value_type>());
      }(typename Split::Rest());
    };
  }
}

template <class F, class... Args>
Payload run_activity(F& function, [[maybe_unused]] Activity& activity, const Payload& input,
                     TypeList<Args...>) {
  auto arguments = [&] {
    try {
      return decode_all<std::remove_cvref_t<Args>...>(input);
    } catch (DecodeError& error) {
      error.of("the input of activity '" + activity.name() + "'");
      throw;
    }
  }();
  const auto invoke = [&](auto&... values) -> decltype(auto) {
    if constexpr (WithoutContext<Activity, typename Signature<F>::Parameters>::kHasContext) {
      return function(activity, pass<Args>(values)...);
    } else {
      return function(pass<Args>(values)...);
    }
  };
  if constexpr (std::is_void_v<typename Signature<F>::Result>) {
    std::apply(invoke, arguments);
    return std::nullopt;
  } else {
    return encode_value(std::apply(invoke, arguments));
  }
}

template <class F>
ActivityFunction make_activity(F function) {
  static_assert(HasOneSignature<F>, "perdure: an activity has one signature, without auto");
  static_assert(!kIsTask<typename Signature<F>::Result>,
                "perdure: an activity is an ordinary function: it returns its result, no Task");
  return [function = std::move(function)](Activity& activity, const Payload& input) mutable {
    using Parameters = typename Signature<F>::Parameters;
    return run_activity(function, activity, input,
                        typename WithoutContext<Activity, Parameters>::Rest());
  };
}

}  // namespace internal

/// See the top of this file.
class Registry {
 public:
  /// Throws std::invalid_argument if the name is empty or taken.
  template <class F>
  Registry& orchestration(std::string name, F function) {
    add(std::move(name), internal::make_orchestration(std::move(function)));
    return *this;
  }
  template <class F>
  Registry& activity(std::string name, F function) {
    add(std::move(name), internal::make_activity(std::move(function)));
    return *this;
  }

  /// A class with PERDURE_OPERATIONS, under its name in lower case.
  template <internal::EntityClass T>
  Registry& entity() {
    add_entity(T::perdure_entity_name(), internal::make_entity<T>());
    return *this;
  }
  /// A function `void f(EntityContext&)` that is called for every operation.
  template <class F>
  Registry& entity(std::string_view name, F function) {
    add_entity(name, internal::make_entity(std::move(function)));
    return *this;
  }

  /// nullptr: there is none of this name. Valid as long as the registry.
  [[nodiscard]] const internal::OrchestrationFunction* find_orchestration(
      std::string_view name) const;
  [[nodiscard]] const internal::ActivityFunction* find_activity(std::string_view name) const;
  [[nodiscard]] const internal::EntityFunction* find_entity(std::string_view name) const;

  using Orchestrations = std::map<std::string, internal::OrchestrationFunction, std::less<>>;
  using Activities = std::map<std::string, internal::ActivityFunction, std::less<>>;
  [[nodiscard]] const Orchestrations& orchestrations() const { return orchestrations_; }
  [[nodiscard]] const Activities& activities() const { return activities_; }
  using Entities = std::map<std::string, internal::EntityFunction, std::less<>>;
  [[nodiscard]] const Entities& entities() const { return entities_; }

 private:
  void add(std::string name, internal::OrchestrationFunction function);
  void add(std::string name, internal::ActivityFunction function);
  void add_entity(std::string_view name, internal::EntityFunction function);

  Orchestrations orchestrations_;
  Activities activities_;
  Entities entities_;
};

}  // namespace perdure

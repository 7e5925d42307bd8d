// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the SDK knows about the functions that users register: result, parameters, and how decoded
// arguments are passed on. Everything happens when the program is compiled.
#pragma once

#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/codec.h"
#include "perdure/task.h"

namespace perdure::internal {

template <class... Ts>
struct TypeList {};

/// The result and the parameters of anything with one signature.
template <class F>
struct Signature;
template <class R, class... Args>
struct Signature<R (*)(Args...)> {
  using Result = R;
  using Parameters = TypeList<Args...>;
};
template <class R, class... Args>
struct Signature<R (*)(Args...) noexcept> : Signature<R (*)(Args...)> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...)> : Signature<R (*)(Args...)> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) const> : Signature<R (*)(Args...)> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) noexcept> : Signature<R (*)(Args...)> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) const noexcept> : Signature<R (*)(Args...)> {};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};

template <class F>
concept HasOneSignature = requires { typename Signature<F>::Result; };

template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<Task<T>> = true;

/// Without the context parameter at the front.
template <class Context, class Parameters>
struct WithoutContext {
  static constexpr bool kHasContext = false;
  using Rest = Parameters;
};
template <class Context, class... Args>
struct WithoutContext<Context, TypeList<Context&, Args...>> {
  static constexpr bool kHasContext = true;
  using Rest = TypeList<Args...>;
};

/// Passes a decoded argument on: by value it is moved, by reference it is lent.
template <class Parameter, class Value>
decltype(auto) pass(Value& value) {
  static_assert(
      !std::is_lvalue_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>,
      "perdure: a parameter is a value or a const reference");
  if constexpr (std::is_lvalue_reference_v<Parameter>) {
    return static_cast<const Value&>(value);
  } else {
    return std::move(value);
  }
}

// ---- Members that are the operations of an entity -----------------------------------------------

[[noreturn]] void throw_no_operation(const char* entity);

/// The name that PERDURE_OPERATIONS gives this member of T. Throws std::logic_error if it names it
/// not.
template <class T, class Method>
const char* operation_name(Method method) {
  const char* name = nullptr;
  std::apply(
      [&](const auto&... operation) {
        const auto look = [&](const auto& one) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(one.member)>, Method>) {
            if (one.member == method) name = one.name;
          }
        };
        (look(operation), ...);
      },
      T::perdure_operations().all);
  if (name == nullptr) throw_no_operation(T::perdure_entity_name());
  return name;
}

template <class... Params, class... Args>
Payload encode_as(TypeList<Params...>, const Args&... args) {
  static_assert(sizeof...(Params) == sizeof...(Args),
                "perdure: the operation takes another number of arguments");
  return encode_all(
      static_cast<const std::remove_cvref_t<Params>&>(std::remove_cvref_t<Params>(args))...);
}

/// Encodes arguments as the parameters of the method, after its context.
template <class Context, class Method, class... Args>
Payload encode_parameters(const Args&... args) {
  using Split = WithoutContext<Context, typename Signature<Method>::Parameters>;
  return encode_as(typename Split::Rest(), args...);
}

}  // namespace perdure::internal

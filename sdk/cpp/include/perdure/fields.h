// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// PERDURE_FIELDS(Type, a, b, ...) tells the default codec which members of a struct are its data.
//
//   struct Account {
//     long cents = 0;
//     std::optional<std::string> note;
//     PERDURE_FIELDS(Account, cents, note);        // inside: private members work too
//   };
//
//   PERDURE_FIELDS(legacy::Point, x, y);           // or outside, in the namespace of the type
//
// As JSON the struct is an object: {"cents": 0, "note": null}. On decoding, a field that is missing
// keeps the value its default constructor gave it and an unknown field is ignored, so that fields
// can be added and removed while orchestrations run. The struct stays an aggregate.
#pragma once

#include <tuple>

namespace perdure::internal {

template <class Owner, class Member>
struct Field {
  const char* name;
  Member Owner::* member;
};

template <class OwnerType, class... Members>
struct Fields {
  using Owner = OwnerType;
  std::tuple<Field<OwnerType, Members>...> all;
};

template <class Owner, class... Members>
constexpr Fields<Owner, Members...> make_fields(Field<Owner, Members>... fields) {
  return {{fields...}};
}

/// `member` may be one of a base class.
template <class Owner, class Base, class Member>
constexpr Field<Owner, Member> make_field(const char* name, Member Base::* member) {
  return {name, member};
}

}  // namespace perdure::internal

// The same text declares a member function inside a struct and a free function outside of it. It
// only names members and touches no object.
#define PERDURE_FIELDS(Type, ...)                                                   \
  [[maybe_unused]] constexpr auto perdure_fields(const Type*) {                     \
    return ::perdure::internal::make_fields<Type>(                                  \
        __VA_OPT__(PERDURE_FIELDS_EXPAND(PERDURE_FIELDS_NEXT(Type, __VA_ARGS__)))); \
  }                                                                                 \
  static_assert(true, "a semicolon follows")

// One rescan of the preprocessor per level: enough for 256 fields.
#define PERDURE_FIELDS_EXPAND(...) \
  PERDURE_FIELDS_EXPAND3(          \
      PERDURE_FIELDS_EXPAND3(PERDURE_FIELDS_EXPAND3(PERDURE_FIELDS_EXPAND3(__VA_ARGS__))))
#define PERDURE_FIELDS_EXPAND3(...) \
  PERDURE_FIELDS_EXPAND2(           \
      PERDURE_FIELDS_EXPAND2(PERDURE_FIELDS_EXPAND2(PERDURE_FIELDS_EXPAND2(__VA_ARGS__))))
#define PERDURE_FIELDS_EXPAND2(...) \
  PERDURE_FIELDS_EXPAND1(           \
      PERDURE_FIELDS_EXPAND1(PERDURE_FIELDS_EXPAND1(PERDURE_FIELDS_EXPAND1(__VA_ARGS__))))
#define PERDURE_FIELDS_EXPAND1(...) __VA_ARGS__
#define PERDURE_FIELDS_PAREN ()
#define PERDURE_FIELDS_NEXT(Type, name, ...)                \
  ::perdure::internal::make_field<Type>(#name, &Type::name) \
      __VA_OPT__(, PERDURE_FIELDS_AGAIN PERDURE_FIELDS_PAREN(Type, __VA_ARGS__))
#define PERDURE_FIELDS_AGAIN() PERDURE_FIELDS_NEXT

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The version of these headers, and the compilers they may be used with.
#pragma once

#include <string_view>

// GCC 12 compiles some ordinary coroutine code wrongly, without a warning: it destroys temporaries
// of a co_await expression twice. sdk/cpp/tests/patterns_test.cc lists the forms that are affected
// and the safe form of each. Define PERDURE_ACCEPT_GCC12_COROUTINES to say that your code keeps to
// the safe forms; or use Clang (19 is what we test with) or a newer GCC.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13 && \
    !defined(PERDURE_ACCEPT_GCC12_COROUTINES)
#error "GCC 12 miscompiles coroutines: use Clang, or see perdure/version.h for the way to accept it"
#endif

namespace perdure {

inline constexpr int kVersionMajor = 0;
inline constexpr int kVersionMinor = 1;
inline constexpr int kVersionPatch = 0;
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace perdure

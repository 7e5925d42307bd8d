// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The one assertion. On in every build: a broken invariant stops the process before a wrong state
// is durable.
#pragma once

#include <string_view>

namespace perdure::base {

/// Prints "file:line: CHECK failed: condition: message" to stderr and aborts.
[[noreturn]] void check_failed(std::string_view condition, std::string_view message,
                               const char* file, int line);

}  // namespace perdure::base

#define PERDURE_CHECK(condition, message)                                       \
  do {                                                                          \
    if (!(condition)) [[unlikely]]                                              \
      ::perdure::base::check_failed(#condition, (message), __FILE__, __LINE__); \
  } while (false)

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Randomness from the operating system, for names that must not meet. Thread-safe; cannot fail.
#pragma once

#include <cstddef>
#include <string>

namespace perdure::runtime {

/// 32 hexadecimal digits: 128 random bits.
std::string random_id();

/// Processors this process may use; at least 1.
std::size_t processor_count();

}  // namespace perdure::runtime

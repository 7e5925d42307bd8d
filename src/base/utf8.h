// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is well-formed UTF-8: no overlong form, no surrogate, nothing behind U+10FFFF. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace perdure::base {

/// The length of the character that `text` begins with; 0 if it begins with none.
std::size_t character_bytes(std::string_view text);

/// Where `text` stops being UTF-8; nothing if it is all of it.
std::optional<std::size_t> first_bad_utf8(std::string_view text);

}  // namespace perdure::base

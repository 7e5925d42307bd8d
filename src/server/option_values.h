// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The texts of numbers, sizes and choices, as they are typed and as they are shown. What is shown
// can be typed. Pure functions; a refusal is kInvalidArgument and says what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/options.h"

namespace perdure::server {

struct Bounds {
  std::uint64_t min = 0;
  std::uint64_t max = 0;  // included
};

/// Digits, nothing else.
base::Result<std::uint64_t> parse_number(std::string_view text, Bounds bounds);

/// Bytes, or with one of B, KiB, MiB, GiB, TiB: "512MiB".
base::Result<std::uint64_t> parse_bytes(std::string_view text, Bounds bounds);
/// With the largest unit that needs no fraction.
std::string bytes_text(std::uint64_t bytes);

/// "true" or "false".
base::Result<bool> parse_switch(std::string_view text);

base::Result<LogLevel> parse_log_level(std::string_view text);

/// A text of one line, as long as a path may be.
base::Result<std::string> parse_text(std::string_view text);
/// In double quotes, for TOML and JSON alike. REQUIRES: no control characters.
std::string quoted(std::string_view text);

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/utf8.h"

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kTextBytesMax = 4096;

struct Unit {
  std::string_view name;
  int shift;
};
constexpr std::array<Unit, 5> kUnits{
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

/// The digits at the front, and what is behind them.
struct Split {
  std::uint64_t number = 0;
  std::string_view rest;
  bool good = false;
};

Split split(std::string_view text) {
  Split found;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), found.number);
  found.good = problem == std::errc();
  found.rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return found;
}

}  // namespace

base::Result<std::uint64_t> parse_number(std::string_view text, Bounds bounds) {
  const Split found = split(text);
  if (!found.good || !found.rest.empty() || found.number < bounds.min ||
      found.number > bounds.max) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no number from {} to {}", text, bounds.min, bounds.max));
  }
  return found.number;
}

base::Result<std::uint64_t> parse_bytes(std::string_view text, Bounds bounds) {
  const Split found = split(text);
  const std::string_view name = found.rest.empty() ? "B" : found.rest;
  const auto* const unit = std::ranges::find(kUnits, name, &Unit::name);
  const bool fits = found.good && unit != kUnits.end() &&
                    found.number <= (bounds.max >> unit->shift) &&
                    (found.number << unit->shift) >= bounds.min;
  if (!fits) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no size from {} to {}; bytes, or with KiB, MiB, GiB, TiB",
                            text, bytes_text(bounds.min), bytes_text(bounds.max)));
  }
  return found.number << unit->shift;
}

std::string bytes_text(std::uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    const std::uint64_t one = std::uint64_t{1} << unit.shift;
    if (unit.shift > 0 && bytes >= one && bytes % one == 0) {
      return fmt::format("{}{}", bytes / one, unit.name);
    }
  }
  return fmt::format("{}", bytes);
}

base::Result<bool> parse_switch(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is neither true nor false", text));
}

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kError: return "error";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kInfo: return "info";
    case LogLevel::kDebug: return "debug";
  }
  return "unknown";
}

base::Result<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::kError, LogLevel::kWarning, LogLevel::kInfo, LogLevel::kDebug}) {
    if (text == log_level_name(level)) return level;
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is none of error, warning, info, debug", text));
}

base::Result<std::string> parse_text(std::string_view text) {
  const bool controls = std::ranges::any_of(
      text, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; });
  if (controls) return fail(ErrorCode::kInvalidArgument, "the text has control characters");
  // It is printed as TOML and as JSON, which are UTF-8.
  if (base::first_bad_utf8(text)) return fail(ErrorCode::kInvalidArgument, "the text is no UTF-8");
  if (text.size() > kTextBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the text is longer than {} bytes", kTextBytesMax));
  }
  return std::string(text);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    result += letter;
  }
  return result + '"';
}

}  // namespace perdure::server

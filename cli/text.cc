// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See text.h.
#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace perdure::cli {
namespace {

namespace chrono = std::chrono;

/// Whole years that a TimePoint can hold: it counts nanoseconds.
constexpr unsigned kYearMin = 1678;
constexpr unsigned kYearMax = 2261;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

/// Takes a number of exactly `digits` digits from the front.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits) {
  unsigned value = 0;
  const std::string_view front = text.substr(0, digits);
  const auto [end, error] = std::from_chars(front.data(), front.data() + front.size(), value);
  if (front.size() != digits || error != std::errc() || end != front.data() + digits) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// ":15.5" as 15.5 s; nothing at the front is 0.
std::optional<chrono::milliseconds> take_seconds(std::string_view& text) {
  if (!take(text, ':')) return chrono::milliseconds(0);
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  chrono::milliseconds result = chrono::seconds(*seconds);
  if (!take(text, '.')) return result;
  unsigned place = 100;
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  if (digits.empty()) return std::nullopt;
  for (const char digit : digits.substr(0, 3)) {
    result += chrono::milliseconds(place * static_cast<unsigned>(digit - '0'));
    place /= 10;
  }
  text.remove_prefix(digits.size());
  return result;
}

std::optional<TimePoint> parse_date(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  if (*year < kYearMin || *year > kYearMax) return std::nullopt;
  const chrono::year_month_day date{chrono::year(static_cast<int>(*year)), chrono::month(*month),
                                    chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  TimePoint time = chrono::sys_days(date);
  if (take(text, 'T') || take(text, ' ')) {
    const auto hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const auto seconds = take_seconds(text);
    if (!seconds) return std::nullopt;
    time += chrono::hours(*hours) + chrono::minutes(*minutes) + *seconds;
    take(text, 'Z');
  }
  if (!text.empty()) return std::nullopt;
  return time;
}

}  // namespace

std::string show_time(TimePoint time) {
  const auto days = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{days};
  const chrono::hh_mm_ss clock{chrono::floor<chrono::milliseconds>(time - days)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string show_duration(chrono::microseconds duration) {
  const std::int64_t micros = duration.count();
  if (micros < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(micros) / 1e3);
  if (micros < 60'000'000) return fmt::format("{:.2f} s", static_cast<double>(micros) / 1e6);
  const std::int64_t seconds = micros / 1'000'000;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

Result<chrono::seconds> parse_duration(std::string_view text) {
  const std::string_view whole = text;
  const auto refuse = [&] {
    return invalid(fmt::format("'{}' is no duration; write it like 90s, 15m, 2h, 7d or 1h30m",
                               printable(whole)));
  };
  constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}};
  constexpr std::int64_t kAmountMax = 1'000'000'000;
  std::int64_t seconds = 0;
  if (text.empty()) return refuse();
  while (!text.empty()) {
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (error != std::errc() || amount < 0 || amount > kAmountMax || text.empty()) return refuse();
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const auto& known) { return known.first == text.front(); });
    if (unit == kUnits.end()) return refuse();
    seconds += amount * unit->second;
    text.remove_prefix(1);
  }
  return chrono::seconds(std::min(seconds, kAmountMax));
}

Result<TimePoint> parse_time(std::string_view text, TimePoint now, Direction direction) {
  if (const auto date = parse_date(text)) return *date;
  if (const auto span = parse_duration(text)) {
    return direction == Direction::kPast ? now - *span : now + *span;
  }
  return invalid(
      fmt::format("'{}' is no time; write it like 2026-11-21, 2026-11-21T04:17:15Z (UTC, years {} "
                  "to {}), or as a duration from now, like 90s, 15m, 2h or 7d",
                  printable(text), kYearMin, kYearMax));
}

Result<Status> parse_status(std::string_view text) {
  if (const auto status = status_from_string(text)) return *status;
  return invalid(
      fmt::format("'{}' is no status; the valid ones are PENDING, RUNNING, SUSPENDED, COMPLETED, "
                  "FAILED, TERMINATED",
                  printable(text)));
}

Result<std::pair<std::string, std::string>> parse_tag(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return invalid(fmt::format("'{}' is no tag; write it like key=value", printable(text)));
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

Result<std::string> from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    const std::string_view digits = text.substr(i, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) {
      return invalid("--next is not what an earlier list printed");
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t columns(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  return widths;
}

}  // namespace perdure::cli

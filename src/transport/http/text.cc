// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace perdure::transport::http {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kDigitsMax = 18;  // fit into 64 bits

constexpr char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char letter = lower_letter(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Takes exactly `count` digits from the front; -1: they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || !std::all_of(text.begin(), text.begin() + count, is_digit)) return -1;
  int value = 0;
  for (const char c : text.substr(0, count)) value = value * 10 + (c - '0');
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456789": microseconds, the rest is cut; -1: a point without digits.
std::int64_t take_fraction(std::string_view& text) {
  if (!take(text, '.') && !take(text, ',')) return 0;
  std::int64_t micros = 0;
  std::int64_t unit = kMicrosPerSecond;
  if (text.empty() || !is_digit(text.front())) return -1;
  while (!text.empty() && is_digit(text.front())) {
    unit /= 10;
    micros += (text.front() - '0') * unit;
    text.remove_prefix(1);
  }
  return micros;
}

/// Seconds east of UTC, and nothing left of the text.
std::optional<std::int64_t> take_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  // A "+" in a query that its writer did not encode arrives as a blank.
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '+') && !take(text, '-') && !take(text, ' ')) return std::nullopt;
  const int hours = take_digits(text, 2);
  take(text, ':');
  const int minutes = text.empty() ? 0 : take_digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

struct Calendar {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::microseconds> time;
};

Calendar calendar_of(base::Timestamp at) {
  const std::chrono::sys_time<std::chrono::microseconds> moment{std::chrono::microseconds(at.us)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(moment - day)};
}

std::string show_up_to_second(const Calendar& at) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(at.date.year()),
                     static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()),
                     at.time.hours().count(), at.time.minutes().count(), at.time.seconds().count());
}

}  // namespace

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower_letter, lower_letter);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower_letter);
  return result;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '+' && plus == Plus::kBlank) {
      decoded.push_back(' ');
    } else if (text[index] != '%') {
      decoded.push_back(text[index]);
    } else {
      const int high = index + 1 < text.size() ? hex_value(text[index + 1]) : -1;
      const int low = index + 2 < text.size() ? hex_value(text[index + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      index += 2;
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const char letter = lower_letter(c);
    if (is_digit(c) || (letter >= 'a' && letter <= 'z') || kPlain.contains(c)) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<base::Timestamp> parse_moment(std::string_view text) {
  const int year = take_digits(text, 4);
  const bool first_dash = take(text, '-');
  const int month = take_digits(text, 2);
  const bool second_dash = take(text, '-');
  const int day = take_digits(text, 2);
  if (year < 1 || month < 1 || day < 1 || !first_dash || !second_dash) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL;
  std::int64_t micros = 0;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
    const int hour = take_digits(text, 2);
    const bool colon = take(text, ':');
    const int minute = take_digits(text, 2);
    const int second = take(text, ':') ? take_digits(text, 2) : 0;
    micros = take_fraction(text);
    const auto zone = take_zone(text);
    if (hour < 0 || hour > 23 || !colon || minute < 0 || minute > 59 || second < 0 || second > 60 ||
        micros < 0 || !zone) {
      return std::nullopt;
    }
    seconds += hour * 3600 + minute * 60 + second - *zone;
  }
  return base::Timestamp{seconds * kMicrosPerSecond + micros};
}

std::string show_moment(base::Timestamp at) {
  const Calendar calendar = calendar_of(at);
  const auto micros = calendar.time.subseconds().count();
  return show_up_to_second(calendar) + (micros == 0 ? "Z" : fmt::format(".{:06}Z", micros));
}

std::string show_second(base::Timestamp at) { return show_up_to_second(calendar_of(at)) + "Z"; }

std::string show_http_date(base::Timestamp at) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Calendar calendar = calendar_of(at);
  const std::chrono::weekday weekday{std::chrono::sys_days(calendar.date)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday.c_encoding()],
                     static_cast<unsigned>(calendar.date.day()),
                     kMonths[static_cast<unsigned>(calendar.date.month()) - 1],
                     static_cast<int>(calendar.date.year()), calendar.time.hours().count(),
                     calendar.time.minutes().count(), calendar.time.seconds().count());
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > kDigitsMax || !std::ranges::all_of(text, is_digit)) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

std::optional<base::Duration> parse_seconds(std::string_view text) {
  constexpr std::uint64_t kSecondsMax = 10ULL * 366 * 86'400;
  const std::size_t whole = std::min(text.find('.'), text.size());
  const auto seconds = parse_number(text.substr(0, whole));
  text.remove_prefix(whole);
  const std::int64_t micros = take_fraction(text);
  if (!seconds || *seconds > kSecondsMax || micros < 0 || !text.empty()) return std::nullopt;
  return base::microseconds(static_cast<std::int64_t>(*seconds) * kMicrosPerSecond + micros);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_list(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace perdure::transport::http

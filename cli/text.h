// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Values for people, and what people type: times, durations, statuses, tags. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "perdure/client.h"
#include "perdure/result.h"

namespace perdure::cli {

/// "2026-11-21T04:17:15.123Z".
std::string show_time(TimePoint time);
/// "1.23 s", "4 min 10 s", "3 d 2 h".
std::string show_duration(std::chrono::microseconds duration);

/// "90s", "15m", "2h", "7d", "1h30m".
Result<std::chrono::seconds> parse_duration(std::string_view text);
/// A day, or a day and a time of UTC: "2026-11-21", "2026-11-21T04:17", "2026-11-21T04:17:15.5Z";
/// or a duration: that long before now, or after it.
enum class Direction : std::uint8_t { kPast, kFuture };
Result<TimePoint> parse_time(std::string_view text, TimePoint now, Direction direction);

/// "running" or "RUNNING"; the error lists the valid ones.
Result<Status> parse_status(std::string_view text);
/// "key=value".
Result<std::pair<std::string, std::string>> parse_tag(std::string_view text);

/// Any bytes as hexadecimal digits, and back.
std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

/// Control characters as \xNN: what an instance holds must not steer a terminal.
std::string printable(std::string_view text);

/// Columns, aligned; the last one is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// `paint(row, column, cell)` may add what takes no room.
  template <class Paint>
  [[nodiscard]] std::string render(Paint paint) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that a terminal shows for the text.
std::size_t columns(std::string_view utf8);

template <class Paint>
std::string Table::render(Paint paint) const {
  const std::vector<std::size_t> width = widths();
  std::string out;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    for (std::size_t column = 0; column < rows_[row].size(); ++column) {
      const std::string& cell = rows_[row][column];
      out += paint(row, column, cell);
      if (column + 1 < rows_[row].size()) out.append(width[column] - columns(cell) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace perdure::cli

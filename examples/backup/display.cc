// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See display.h.
#include "backup/display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace backup {
namespace {

constexpr std::size_t kBarWidth = 24;

std::size_t terminal_width() {
  struct winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string show_count(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string show_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string show_duration(std::chrono::duration<double> time) {
  const double seconds = time.count();
  if (seconds < 10) return fmt::format("{:.2f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(seconds / 60);
  if (minutes < 120) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

ProgressDisplay::ProgressDisplay() : terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressDisplay::~ProgressDisplay() {
  if (bar_shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressDisplay::show(std::string_view phase, const Counts& done, const Counts& total) {
  const Clock::time_point now = Clock::now();
  if (phase != phase_) {
    phase_ = phase;
    first_ = done;
    phase_start_ = now;
    shown_at_ = terminal_ ? Clock::time_point() : now;
  }
  if (now - shown_at_ <
      (terminal_ ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval))) {
    return;
  }
  shown_at_ = now;

  const double seconds = std::chrono::duration<double>(now - phase_start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done.files - first_.files) / seconds : 0;
  std::string line =
      fmt::format("{} of {} files, {} of {}", show_count(done.files), show_count(total.files),
                  show_bytes(done.bytes), show_bytes(total.bytes));
  if (total.files == 0) line = "...";
  if (rate > 0 && done.files < total.files) {
    const double left = static_cast<double>(total.files - done.files) / rate;
    line += fmt::format(", {:.0f} files/s, {} left", rate,
                        show_duration(std::chrono::duration<double>(left)));
  }
  if (!terminal_) {
    fmt::print(stderr, "{}: {}\n", phase_, line);
    return;
  }
  const double share =
      total.files == 0 ? 0 : static_cast<double>(done.files) / static_cast<double>(total.files);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  std::string bar = fmt::format("{} [{}{}] {:3.0f}% {}", phase_, std::string(filled, '='),
                                std::string(kBarWidth - filled, ' '), share * 100, line);
  bar.resize(std::min(bar.size(), terminal_width() - 1));
  fmt::print(stderr, "\r{}\x1b[K", bar);
  bar_shown_ = true;
}

}  // namespace backup

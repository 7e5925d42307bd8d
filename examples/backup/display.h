// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the backup shows: numbers for people, and progress on stderr: a bar on a terminal, otherwise
// a line now and then. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "backup/records.h"

namespace backup {

std::string show_count(std::uint64_t count);  // 4,623
std::string show_bytes(std::uint64_t bytes);  // 111.0 MB
std::string show_duration(std::chrono::duration<double> time);

class ProgressDisplay {
 public:
  using Clock = std::chrono::steady_clock;

  ProgressDisplay();
  /// Leaves the line.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// May be called often; shows as much as is good.
  void show(std::string_view phase, const Counts& done, const Counts& total);

  static constexpr std::chrono::milliseconds kBarInterval{100};
  static constexpr std::chrono::seconds kLineInterval{2};

 private:
  bool terminal_;
  bool bar_shown_ = false;
  std::string phase_;
  Counts first_;  // at the beginning of the phase: the rate is that of this process
  Clock::time_point phase_start_;
  Clock::time_point shown_at_;
};

}  // namespace backup

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Lines for the operator, on stderr: "perdure: warning: ...". Thread-safe: a line is one write.
// What is written is bounded by what happens, not by what clients send: nothing here is called once
// for each call of a client.
#pragma once

#include <string_view>

#include "server/options.h"

namespace perdure::server {

class Log final {
 public:
  /// Lines that matter less than `least` are dropped.
  explicit Log(LogLevel least) : least_(least) {}

  void error(std::string_view line) const { write(LogLevel::kError, line); }
  void warning(std::string_view line) const { write(LogLevel::kWarning, line); }
  void info(std::string_view line) const { write(LogLevel::kInfo, line); }
  void debug(std::string_view line) const { write(LogLevel::kDebug, line); }

 private:
  void write(LogLevel level, std::string_view line) const;

  LogLevel least_;
};

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace perdure::server {

void Log::write(LogLevel level, std::string_view line) const {
  if (level > least_) return;
  std::string text = fmt::format("perdure: {}: {}", log_level_name(level), line);
  // What somebody else wrote must not steer the terminal, nor look like a line of ours.
  std::ranges::replace_if(
      text, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }, ' ');
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the system tells the process: SIGTERM and SIGINT to end, SIGHUP to read its files again. One
// for each process, made before the first thread (threads inherit that these signals are blocked);
// used by the thread that made it.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace perdure::server {

enum class Told : std::uint8_t { kNothing, kEnd, kReload };

class Signals final {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next one, or kNothing when the span is over.
  [[nodiscard]] Told wait_for(base::Duration span) const;

  /// From now on SIGTERM and SIGINT end the process where it stands, as they do by default.
  void next_one_ends_at_once() const;
};

}  // namespace perdure::server

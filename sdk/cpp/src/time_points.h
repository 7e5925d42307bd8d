// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Between the platform's moments, whole microseconds, and those of the standard library. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace perdure::internal {

/// The nearest that the type can hold.
inline std::chrono::system_clock::time_point to_time_point(base::Timestamp at) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  using TimePoint = std::chrono::system_clock::time_point;
  const microseconds least = duration_cast<microseconds>(TimePoint::min().time_since_epoch());
  const microseconds most = duration_cast<microseconds>(TimePoint::max().time_since_epoch());
  return TimePoint(
      duration_cast<TimePoint::duration>(std::clamp(microseconds(at.us), least, most)));
}

/// Rounded up: what is due then is never early.
inline base::Timestamp to_timestamp(std::chrono::system_clock::time_point at) {
  return {std::chrono::ceil<std::chrono::microseconds>(at.time_since_epoch()).count()};
}

}  // namespace perdure::internal

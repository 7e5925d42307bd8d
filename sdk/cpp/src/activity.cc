// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/activity.h"

#include <fmt/format.h>

#include <stdexcept>

namespace perdure {

void Activity::send(Payload progress, std::chrono::microseconds next_within) {
  if (progress && progress->size() > kProgressBytesMax) {
    throw std::length_error(
        fmt::format("the progress of activity '{}' is {} bytes; at most {} are kept: report a "
                    "place in data that is kept elsewhere",
                    name_, progress->size(), kProgressBytesMax));
  }
  if (report_) report_(std::move(progress), next_within);
}

}  // namespace perdure

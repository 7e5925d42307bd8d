// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Proves a backup: restores it into a scratch folder and compares every byte with the source. Not
// durable, and need not be: it is repeated from the start. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backup/records.h"
#include "perdure/result.h"

namespace backup {

struct Verdict {
  std::uint64_t files = 0;  // restored and equal
  std::uint64_t bytes = 0;
  std::uint64_t links = 0;
  std::uint64_t folders = 0;
  std::uint64_t differences = 0;
  std::vector<std::string> first;  // of the differences, at most kDifferencesShownMax
};

inline constexpr std::size_t kDifferencesShownMax = 20;

/// Tells `watch` the number of files and bytes done, now and then. The scratch folder is work/ of
/// the target; it is removed at the end.
perdure::Result<Verdict> verify(const Job& job, const std::function<void(const Counts&)>& watch);

}  // namespace backup

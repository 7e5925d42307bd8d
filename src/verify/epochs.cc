// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/epochs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::verify {
namespace {

/// Reads the answers in the order of their calls, and beside them in the order of their returns:
/// whatever had returned before a call sets the least epoch that may answer it.
void judge(std::span<const Operation> history, std::string_view key,
           const std::vector<std::size_t>& answers, Report& report) {
  std::vector<std::size_t> by_call = answers;
  std::vector<std::size_t> by_return = answers;
  std::ranges::sort(by_call, {}, [&](std::size_t i) { return std::pair(history[i].call_ns, i); });
  std::ranges::sort(by_return, {},
                    [&](std::size_t i) { return std::pair(history[i].return_ns, i); });
  std::optional<std::size_t> newest;
  std::size_t returned = 0;
  for (const std::size_t i : by_call) {
    for (; returned < by_return.size() && precedes(history[by_return[returned]], history[i]);
         ++returned) {
      const std::size_t other = by_return[returned];
      if (!newest || *history[other].epoch > *history[*newest].epoch) newest = other;
    }
    if (newest && *history[i].epoch < *history[*newest].epoch) {
      report.violated(tell(history, std::string(key),
                           fmt::format("an owner of epoch {} answered after one of epoch {} had",
                                       *history[i].epoch, *history[*newest].epoch),
                           {*newest, i}));
    }
  }
}

}  // namespace

Report check_epochs(std::span<const Operation> history) {
  Report report{.checker = "epochs"};
  std::map<std::string_view, std::vector<std::size_t>> answers;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (!history[i].epoch || history[i].status == Status::kUnknown) continue;
    answers[history[i].key].push_back(i);
    ++report.operations;
  }
  report.keys = answers.size();
  for (const auto& [key, indices] : answers) judge(history, key, indices, report);
  return report;
}

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/serializable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/dependencies.h"
#include "verify/graph.h"
#include "verify/transactions.h"

namespace perdure::verify {
namespace {

/// What each edge of a cycle says about the transaction above it and the one below it.
std::string explain(const Edge& edge, const Transactions& transactions) {
  if (edge.kind == Dependency::kRealtime) return "realtime: ended before the next one began";
  const std::string& key = transactions.keys[edge.key];
  switch (edge.kind) {
    case Dependency::kWw:
      return fmt::format("ww: the next one appended {} to {} behind it", edge.value, key);
    case Dependency::kWr: return fmt::format("wr: the next one read its {} in {}", edge.value, key);
    default: return fmt::format("rw: read {} without the {} of the next one", key, edge.value);
  }
}

/// The name that the literature has for a cycle of these edges.
std::string class_of(const Cycle& cycle) {
  const auto count = [&](Dependency kind) { return std::ranges::count(cycle, kind, &Edge::kind); };
  const auto rw = count(Dependency::kRw);
  std::string name = rw > 1                       ? "G2"
                     : rw == 1                    ? "G-single"
                     : count(Dependency::kWr) > 0 ? "G1c"
                                                  : "G0";
  if (count(Dependency::kRealtime) > 0) name += "-realtime";
  return name;
}

Finding tell_cycle(std::span<const Operation> history, const Transactions& transactions,
                   const Cycle& cycle) {
  std::string names;
  Finding finding;
  for (const Edge& edge : cycle) {
    const std::size_t index = transactions.all[edge.from].index;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", dependency_name(edge.kind));
    finding.operations.push_back(index);
    finding.story.push_back(describe(history[index], index + 1, origin_ns(history)));
    finding.story.push_back("  " + explain(edge, transactions));
  }
  finding.story.push_back(fmt::format("and so back to #{}", finding.operations.front() + 1));
  finding.what =
      fmt::format("a cycle of {} transactions: {} ({})", cycle.size(), names, class_of(cycle));
  return finding;
}

/// The fewest kinds of dependency that have a cycle name the worst of what went wrong.
void report_cycles(std::span<const Operation> history, const Transactions& transactions,
                   const Graph& graph, Report& report) {
  constexpr Dependencies kWrites = Dependencies().with(Dependency::kWw);
  constexpr Dependencies kReads = kWrites.with(Dependency::kWr);
  constexpr Dependencies kAll = kReads.with(Dependency::kRw);
  constexpr std::array kSearches{kWrites,
                                 kReads,
                                 kAll,
                                 kWrites.with(Dependency::kRealtime),
                                 kReads.with(Dependency::kRealtime),
                                 kAll.with(Dependency::kRealtime)};
  for (const Dependencies kinds : kSearches) {
    const std::vector<Cycle> cycles = graph.cycles(kinds);
    for (const Cycle& cycle : cycles) report.violated(tell_cycle(history, transactions, cycle));
    if (!cycles.empty()) return;
  }
}

}  // namespace

base::Result<Report> check_serializable(std::span<const Operation> history) {
  Report report{.checker = "transactions", .operations = history.size()};
  PERDURE_ASSIGN_OR_RETURN(const Transactions transactions, read_transactions(history));
  report.keys = transactions.keys.size();
  check_reads(history, transactions, report);
  const std::vector<VersionOrder> orders = version_orders(history, transactions, report);
  report_cycles(history, transactions, dependencies(history, transactions, orders), report);
  return report;
}

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace perdure::verify {
namespace {

/// What the history holds does not look like a line of the report.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; }, '?');
  return text;
}

void append(std::string& out, const Finding& finding) {
  const std::string about = finding.key.empty() ? "" : fmt::format("key {}: ", finding.key);
  out += fmt::format("\n{}\n", one_line(about + finding.what));
  for (const std::string& line : finding.story) out += fmt::format("  {}\n", one_line(line));
}

}  // namespace

void Report::violated(Finding finding) {
  verdict = Verdict::kViolated;
  if (findings.size() == kFindingsMax) {
    ++findings_left_out;
  } else {
    findings.push_back(std::move(finding));
  }
}

void Report::left_undecided(Finding finding) {
  if (verdict == Verdict::kHolds) verdict = Verdict::kUndecided;
  if (undecided.size() < kFindingsMax) undecided.push_back(std::move(finding));
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds: return "holds";
    case Verdict::kViolated: return "violated";
    case Verdict::kUndecided: return "undecided";
  }
  PERDURE_CHECK(false, "a verdict without a name");
}

std::int64_t origin_ns(std::span<const Operation> history) {
  const auto first = std::ranges::min_element(history, {}, &Operation::call_ns);
  return first == history.end() ? 0 : first->call_ns;
}

Finding tell(std::span<const Operation> history, std::string key, std::string what,
             std::vector<std::size_t> operations) {
  Finding finding{.key = std::move(key), .what = std::move(what), .operations = {}, .story = {}};
  const std::int64_t origin = origin_ns(history);
  for (const std::size_t index : operations) {
    finding.story.push_back(describe(history[index], index + 1, origin));
  }
  finding.operations = std::move(operations);
  return finding;
}

std::string describe(const Report& report) {
  std::string out = fmt::format("{}: {} ({} operations, {} keys)\n", report.checker,
                                verdict_name(report.verdict), report.operations, report.keys);
  for (const Finding& finding : report.findings) append(out, finding);
  for (const Finding& finding : report.undecided) append(out, finding);
  if (report.findings_left_out > 0) {
    out += fmt::format("\nand {} more\n", report.findings_left_out);
  }
  return out;
}

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "verify/epochs.h"
#include "verify/linearizable.h"
#include "verify/sequence.h"
#include "verify/serializable.h"
#include "verify/set.h"

namespace perdure::verify {
namespace {

struct Entry {
  Model model;
  std::string_view name;
  std::array<std::string_view, 10> operations;  // as docs/reference/verify.md lists them
};

constexpr std::array<Entry, 5> kEntries{{
    {Model::kRegister, "register", {"read", "write", "cas"}},
    {Model::kInstance,
     "instance",
     {"start", "get", "raise", "suspend", "resume", "terminate", "rewind", "restart", "purge",
      "wait"}},
    {Model::kSequence, "sequence", {"send", "receive"}},
    {Model::kSet, "set", {"add", "read"}},
    {Model::kTransactions, "transactions", {"transaction"}},
}};

base::Result<Report> check_alone(std::span<const Operation> history, Model model) {
  switch (model) {
    case Model::kRegister: return check_register(history);
    case Model::kInstance: return check_instances(history);
    case Model::kSequence: return check_sequence(history);
    case Model::kSet: return check_set(history);
    case Model::kTransactions: return check_serializable(history);
  }
  PERDURE_CHECK(false, "a model without a checker");
}

}  // namespace

std::string_view model_name(Model model) {
  for (const Entry& entry : kEntries) {
    if (entry.model == model) return entry.name;
  }
  PERDURE_CHECK(false, "a model without a name");
}

std::optional<Model> model_from_name(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.model;
  }
  return std::nullopt;
}

base::Result<Model> infer_model(std::span<const Operation> history) {
  std::set<std::string_view> used;
  for (const Operation& operation : history) used.insert(operation.op);
  std::vector<const Entry*> fitting;
  for (const Entry& entry : kEntries) {
    const auto knows = [&](std::string_view op) {
      return !op.empty() && std::ranges::find(entry.operations, op) != entry.operations.end();
    };
    if (std::ranges::all_of(used, knows)) fitting.push_back(&entry);
  }
  if (fitting.size() == 1) return fitting.front()->model;
  return base::fail(
      base::ErrorCode::kInvalidArgument,
      fmt::format(
          "the operations ({}) fit {}; name the model: register, instance, sequence, set or "
          "transactions",
          fmt::join(used, ", "), fitting.empty() ? "no model as a whole" : "more than one model"));
}

base::Result<Report> check(std::span<const Operation> history, Model model) {
  PERDURE_ASSIGN_OR_RETURN(Report report, check_alone(history, model));
  Report epochs = check_epochs(history);
  for (Finding& finding : epochs.findings) report.violated(std::move(finding));
  report.findings_left_out += epochs.findings_left_out;
  return report;
}

}  // namespace perdure::verify

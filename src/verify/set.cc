// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/set.h"

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

/// Operations of one set, by their index in the history.
struct Members {
  std::vector<std::size_t> adds;
  std::vector<std::size_t> reads;
};

/// What is known of one element.
struct Element {
  std::optional<std::size_t> first_asked;   // of the adds that may have had an effect
  std::optional<std::size_t> refused;       // an add that had none
  std::optional<std::size_t> acknowledged;  // the first to return
  std::optional<std::size_t> seen;          // the latest read that shows it
};

class Judge {
 public:
  Judge(std::span<const Operation> history, std::string_view key, Report& report)
      : history_(history), key_(key), report_(report) {}

  void run(const Members& members) {
    for (const std::size_t add : members.adds) note(add);
    for (const std::size_t read : members.reads) {
      for (const Value& value : *history_[read].result.list()) see(value, read);
    }
    if (members.reads.empty()) return;
    find_losses(*std::ranges::max_element(
        members.reads, {}, [&](std::size_t i) { return std::pair(history_[i].call_ns, i); }));
  }

 private:
  void note(std::size_t add) {
    const Operation& operation = history_[add];
    Element& element = elements_[operation.value];
    if (operation.status == Status::kFail) {
      element.refused = add;
      return;
    }
    const auto earliest = [&](std::optional<std::size_t>& kept, std::int64_t Operation::* time) {
      if (!kept || operation.*time < history_[*kept].*time) kept = add;
    };
    earliest(element.first_asked, &Operation::call_ns);
    if (operation.status == Status::kOk) earliest(element.acknowledged, &Operation::return_ns);
  }

  void see(const Value& value, std::size_t read) {
    const auto found = elements_.find(value);
    if (found == elements_.end()) {
      return report(fmt::format("{} is in the set and was never added", to_json(value)), {read});
    }
    Element& element = found->second;
    if (!element.first_asked) {
      report(fmt::format("{} is in the set although it was refused", to_json(value)),
             {*element.refused, read});
    } else if (precedes(history_[read], history_[*element.first_asked])) {
      report(fmt::format("{} was in the set before it was added", to_json(value)),
             {read, *element.first_asked});
    }
    if (element.seen == read) {
      report(fmt::format("{} is in the set twice", to_json(value)), {read});
    }
    element.seen = read;
  }

  void find_losses(std::size_t last) {
    // The final read need not be the last line of the history, so what is seen is asked anew.
    std::vector<Value> final_elements = *history_[last].result.list();
    std::ranges::sort(final_elements);
    for (const auto& [value, element] : elements_) {
      if (!element.acknowledged || !precedes(history_[*element.acknowledged], history_[last]) ||
          std::ranges::binary_search(final_elements, value)) {
        continue;
      }
      report(fmt::format("{} was acknowledged and is not in the set", to_json(value)),
             {*element.acknowledged, last});
    }
  }

  void report(std::string what, std::vector<std::size_t> operations) {
    report_.violated(tell(history_, std::string(key_), std::move(what), std::move(operations)));
  }

  std::span<const Operation> history_;
  std::string_view key_;
  Report& report_;
  std::map<Value, Element> elements_;
};

base::Result<std::map<std::string_view, Members>> split(std::span<const Operation> history) {
  std::map<std::string_view, Members> sets;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& operation = history[i];
    const auto wrong = [&](std::string_view what) {
      return base::fail(base::ErrorCode::kInvalidArgument, fmt::format("line {}: {}", i + 1, what));
    };
    Members& members = sets[operation.key];
    if (operation.op == "add") {
      if (operation.value.is_null()) return wrong("an add needs a value");
      members.adds.push_back(i);
    } else if (operation.op != "read") {
      return wrong(fmt::format("a set has no operation '{}'; it has add, read", operation.op));
    } else if (operation.status == Status::kOk) {
      if (operation.result.list() == nullptr) return wrong("the result of a read is a list");
      members.reads.push_back(i);
    }
  }
  return sets;
}

}  // namespace

base::Result<Report> check_set(std::span<const Operation> history) {
  Report report{.checker = "set", .operations = history.size()};
  PERDURE_ASSIGN_OR_RETURN(const auto sets, split(history));
  report.keys = sets.size();
  for (const auto& [key, members] : sets) Judge(history, key, report).run(members);
  return report;
}

}  // namespace perdure::verify

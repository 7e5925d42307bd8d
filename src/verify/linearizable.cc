// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Judges a history key by key, and turns a failed search into a counterexample that a person can
// read: the history up to the first answer that nothing explains, without the observations that do
// not matter. See linearizable.h.
#include "verify/linearizable.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "verify/search.h"

namespace perdure::verify {
namespace {

/// Pending operations that a story mentions.
constexpr std::size_t kPendingToldMax = 6;

/// One key: its operations, their places in the history, and the specification they obey.
struct Subject {
  std::vector<const Operation*> operations;
  std::vector<std::size_t> indices;
  std::unique_ptr<Specification> specification;
};

/// The roles in the history that ends with the return of `blocked`: what was called later is not
/// there, and what was pending then may have happened or not.
std::vector<Role> roles_until(const Subject& subject, std::vector<Role> roles,
                              std::size_t blocked) {
  const auto end = std::pair(subject.operations[blocked]->return_ns, blocked);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const Operation& operation = *subject.operations[i];
    if (i == blocked || roles[i] == Role::kIgnored) continue;
    if (operation.call_ns > end.first) {
      roles[i] = Role::kIgnored;
    } else if (roles[i] == Role::kRequired && std::pair(operation.return_ns, i) > end) {
      roles[i] = subject.specification->only_observes(i) ? Role::kIgnored : Role::kOptional;
    }
  }
  return roles;
}

/// Leaves out observations, in ever smaller groups, as long as the history stays inexplicable.
class Shrink {
 public:
  Shrink(Subject& subject, SearchLimits limits)
      : subject_(subject),
        searches_left_(limits.shrink_searches_max),
        places_left_(limits.places_max) {}

  std::vector<Role> run(std::vector<Role> roles, std::size_t keep) {
    std::vector<std::size_t> observations;
    for (std::size_t i = 0; i < roles.size(); ++i) {
      if (i != keep && roles[i] == Role::kRequired && subject_.specification->only_observes(i)) {
        observations.push_back(i);
      }
    }
    for (std::size_t group = observations.size(); group > 0; group /= 2) {
      std::vector<std::size_t> needed;
      for (std::size_t at = 0; at < observations.size(); at += group) {
        const std::span<const std::size_t> some =
            std::span(observations).subspan(at, std::min(group, observations.size() - at));
        if (!is_stuck_without(roles, some)) needed.insert(needed.end(), some.begin(), some.end());
      }
      observations = std::move(needed);
    }
    return roles;
  }

 private:
  /// Leaves the roles without them if so; else as they were.
  bool is_stuck_without(std::vector<Role>& roles, std::span<const std::size_t> observations) {
    if (searches_left_ == 0 || places_left_ == 0) return false;
    --searches_left_;
    for (const std::size_t i : observations) roles[i] = Role::kIgnored;
    Search search(subject_.operations, roles, *subject_.specification, places_left_);
    const Search::End end = search.run();
    places_left_ -= std::min(places_left_, search.places());
    if (end == Search::End::kStuck) return true;
    for (const std::size_t i : observations) roles[i] = Role::kRequired;
    return false;
  }

  Subject& subject_;
  std::size_t searches_left_;
  std::size_t places_left_;  // of all searches together
};

class Storyteller {
 public:
  Storyteller(std::span<const Operation> history, const Subject& subject,
              std::span<const Role> roles, const Search::Furthest& furthest)
      : history_(history), subject_(subject), roles_(roles), furthest_(furthest) {}

  Finding tell(std::string key) {
    finding_.key = std::move(key);
    const Specification& specification = *subject_.specification;
    finding_.what =
        fmt::format("no order of the operations explains #{}", number(furthest_.blocked));
    const std::size_t before = furthest_.taken - furthest_.last.size();
    if (before > 0) finding_.story.push_back(fmt::format("after {} others that fit:", before));
    for (std::size_t i = 0; i < furthest_.last.size(); ++i) {
      const bool is_last = i + 1 == furthest_.last.size();
      const auto after = is_last ? furthest_.state : furthest_.last[i + 1].before;
      add(furthest_.last[i].operation, fmt::format("  => {}", specification.describe(after)));
    }
    add_pending();
    if (furthest_.taken == 0) {
      finding_.story.push_back(
          fmt::format("at first: {}", specification.describe(furthest_.state)));
    }
    add(furthest_.blocked, "  <= does not fit, here or anywhere earlier");
    return std::move(finding_);
  }

 private:
  [[nodiscard]] std::size_t number(std::size_t operation) const {
    return subject_.indices[operation] + 1;
  }

  void add(std::size_t operation, std::string_view remark) {
    finding_.operations.push_back(subject_.indices[operation]);
    finding_.story.push_back(
        describe(*subject_.operations[operation], number(operation), origin_ns(history_)) +
        std::string(remark));
  }

  /// What might have happened as well, and does not help.
  void add_pending() {
    std::size_t told = 0;
    for (std::size_t i = 0; i < roles_.size() && told < kPendingToldMax; ++i) {
      const bool was_taken = std::ranges::any_of(
          furthest_.last, [&](const auto& step) { return step.operation == i; });
      if (roles_[i] != Role::kOptional || was_taken) continue;
      add(i, "  (open at that time)");
      ++told;
    }
  }

  std::span<const Operation> history_;
  const Subject& subject_;
  std::span<const Role> roles_;
  const Search::Furthest& furthest_;
  Finding finding_;
};

Finding counterexample(std::span<const Operation> history, Subject& subject, std::string key,
                       const Search::Furthest& furthest, std::vector<Role> roles,
                       SearchLimits limits) {
  const std::vector<Role> whole = roles_until(subject, std::move(roles), furthest.blocked);
  const std::vector<Role> small = Shrink(subject, limits).run(whole, furthest.blocked);
  Search search(subject.operations, small, *subject.specification, limits.places_max);
  if (search.run() != Search::End::kStuck) {  // a limit: tell what the first search saw
    return Storyteller(history, subject, whole, furthest).tell(std::move(key));
  }
  return Storyteller(history, subject, small, search.furthest()).tell(std::move(key));
}

void judge(std::span<const Operation> history, Subject& subject, const std::string& key,
           SearchLimits limits, Report& report) {
  std::vector<Role> roles;
  roles.reserve(subject.operations.size());
  for (std::size_t i = 0; i < subject.operations.size(); ++i) {
    roles.push_back(subject.specification->role(i));
  }
  Search search(subject.operations, roles, *subject.specification, limits.places_max);
  const Search::End end = search.run();
  report.steps += search.places();
  if (end == Search::End::kStuck) {
    report.violated(counterexample(history, subject, key, search.furthest(), roles, limits));
  } else if (end == Search::End::kTooLarge) {
    report.left_undecided(
        {.key = key,
         .what = fmt::format("undecided: the search visited {} places, its limit; record fewer "
                             "unknown or concurrent operations on one key",
                             limits.places_max),
         .operations = {},
         .story = {}});
  }
}

}  // namespace

base::Result<Report> check_linearizable(std::span<const Operation> history,
                                        const MakeSpecification& make, std::string checker,
                                        SearchLimits limits) {
  Report report{.checker = std::move(checker), .operations = history.size()};
  std::map<std::string_view, Subject> subjects;
  for (std::size_t i = 0; i < history.size(); ++i) {
    Subject& subject = subjects[history[i].key];
    subject.operations.push_back(&history[i]);
    subject.indices.push_back(i);
  }
  report.keys = subjects.size();
  for (auto& [key, subject] : subjects) {
    PERDURE_ASSIGN_OR_RETURN(subject.specification, make(history, subject.indices));
    judge(history, subject, std::string(key), limits, report);
    subject.specification.reset();  // its states are of no use any more
  }
  return report;
}

}  // namespace perdure::verify

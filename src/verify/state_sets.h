// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A Specification out of a model that may answer in more than one way: the state is the set of all
// that may be the case. Sets are numbered, so that equal ones are one place of the search. Pure;
// one thread.
//
// A model is a class with
//
//   State, Call                                      values; a State is ordered
//   Result<Call> parse(const Operation&)             kInvalidArgument: it is none of the model
//   Role role(const Operation&, const Call&) const
//   bool only_observes(const Call&) const
//   State initial() const
//   void step(const State&, const Call&, vector<State>&) const   adds what may be the case after it
//   void let_be(vector<State>&) const                adds what may come by itself from those there
//   string describe(span<const State>) const
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "verify/linearizable.h"

namespace perdure::verify {

template <class Model>
class StateSets final : public Specification {
 public:
  static base::Result<std::unique_ptr<Specification>> make(std::span<const Operation> history,
                                                           std::span<const std::size_t> indices) {
    auto sets = std::make_unique<StateSets>();
    for (const std::size_t index : indices) {
      auto call = sets->model_.parse(history[index]);
      if (!call) {
        return base::fail(call.error().code,
                          "line " + std::to_string(index + 1) + ": " + call.error().message);
      }
      sets->roles_.push_back(sets->model_.role(history[index], *call));
      sets->calls_.push_back(*std::move(call));
    }
    return sets;
  }

  [[nodiscard]] Role role(std::size_t operation) const override { return roles_[operation]; }
  [[nodiscard]] bool only_observes(std::size_t operation) const override {
    return model_.only_observes(calls_[operation]);
  }
  State initial() override {
    std::vector<ModelState> states{model_.initial()};
    return number_of(states);
  }
  std::optional<State> step(State state, std::size_t operation) override {
    next_.clear();
    for (const ModelState& one : *sets_[state]) model_.step(one, calls_[operation], next_);
    if (next_.empty()) return std::nullopt;
    return number_of(next_);
  }
  [[nodiscard]] std::string describe(State state) const override {
    return model_.describe(*sets_[state]);
  }

 private:
  using ModelState = typename Model::State;
  using Set = std::vector<ModelState>;

  State number_of(Set& states) {
    model_.let_be(states);
    std::ranges::sort(states);
    states.erase(std::unique(states.begin(), states.end()), states.end());
    const auto [found, is_new] = numbers_.try_emplace(states, static_cast<State>(sets_.size()));
    if (is_new) sets_.push_back(&found->first);
    return found->second;
  }

  Model model_;
  std::vector<typename Model::Call> calls_;
  std::vector<Role> roles_;
  std::map<Set, State> numbers_;
  std::vector<const Set*> sets_;  // into numbers_, whose keys never move
  Set next_;                      // room for a step
};

}  // namespace perdure::verify

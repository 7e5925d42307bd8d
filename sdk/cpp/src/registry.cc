// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/registry.h"

#include <stdexcept>

namespace perdure {
namespace {

template <class Functions, class Function>
void insert(Functions& functions, const char* kind, std::string name, Function function) {
  if (name.empty()) throw std::invalid_argument(std::string("an ") + kind + " needs a name");
  const auto [place, inserted] = functions.try_emplace(std::move(name), std::move(function));
  if (!inserted) {
    throw std::invalid_argument(std::string("there is an ") + kind + " '" + place->first +
                                "' already");
  }
}

template <class Functions>
const typename Functions::mapped_type* find(const Functions& functions, std::string_view name) {
  const auto found = functions.find(name);
  return found == functions.end() ? nullptr : &found->second;
}

}  // namespace

const internal::OrchestrationFunction* Registry::find_orchestration(std::string_view name) const {
  return find(orchestrations_, name);
}

const internal::ActivityFunction* Registry::find_activity(std::string_view name) const {
  return find(activities_, name);
}

const internal::EntityFunction* Registry::find_entity(std::string_view name) const {
  return find(entities_, name);
}

void Registry::add_entity(std::string_view name, internal::EntityFunction function) {
  insert(entities_, "entity", std::string(EntityId(name, {}).name()), std::move(function));
}

void Registry::add(std::string name, internal::OrchestrationFunction function) {
  insert(orchestrations_, "orchestration", std::move(name), std::move(function));
}

void Registry::add(std::string name, internal::ActivityFunction function) {
  insert(activities_, "activity", std::move(name), std::move(function));
}

}  // namespace perdure

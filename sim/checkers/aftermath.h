// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is left when everything has come to rest: the rows of the store, read as instances and
// histories; and what must be true of every instance, whatever workload it belongs to. A value over
// rows that outlive it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/testing/rows.h"
#include "invariants.h"
#include "model/event.h"
#include "model/instance.h"
#include "world/bodies.h"

namespace perdure::sim {

class Aftermath final {
 public:
  explicit Aftermath(const core::testing::RowMap& rows);

  struct Left {
    model::InstanceRecord record;
    std::size_t inbox = 0;
    std::size_t pending = 0;
    model::Payload state;               // of an entity
    std::vector<model::Event> history;  // of its last execution
  };

  [[nodiscard]] const std::map<std::string, Left>& instances() const { return instances_; }
  /// nullptr: there is none, or only a tombstone.
  [[nodiscard]] const Left* find(const std::string& id) const;

  /// Everything has ended, or is an entity that owes nothing; every history is one that may be.
  void judge(const Bodies& bodies, std::uint64_t crashes, Verdict& verdict) const;

 private:
  std::map<std::string, Left> instances_;
  std::size_t messages_ = 0;   // that nobody acknowledged
  std::size_t histories_ = 0;  // that wait to be deleted
};

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker: pulls what it may hold, runs turns with the SDK's own runner over real coroutines and
// activities in the outside world (Bodies), and answers after a while. It dies with work in its
// hands, answers twice, too late, or nonsense, forgets coroutines, as the faults of the scene say.
//
// Owned by the simulation; scene, node, functions and bodies outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "dispatch/dispatcher.h"
#include "perdure/registry.h"
#include "runner.h"
#include "scene.h"
#include "world/bodies.h"
#include "world/node.h"

namespace perdure::sim {

class Worker final {
 public:
  Worker(Scene& scene, Node& node, const Registry& functions, Bodies& bodies, int number);

  /// The node is there, and not any more.
  void attach();
  void lose_node();
  /// There may be something to pull.
  void look();

 private:
  void plan_pull();
  void pull();
  void work(model::WorkItem item);
  void finish(model::WorkItem item);
  void run_turn(model::TurnItem& item);
  void run_batch(model::TurnItem& item);
  bool refuses(const model::TurnToken& token);
  void run_activity(model::ActivityItem& item);
  std::unique_ptr<internal::Run> run_for(const model::TurnItem& item, std::string& why_not);
  void answer(const model::TurnToken& token, model::TurnResult result);
  void disagree(const model::TurnToken& token, const std::string& why);
  void spoil(model::TurnResult& result);
  void die();
  [[nodiscard]] bool is_here(std::uint64_t life) const;

  Scene& scene_;
  Node& node_;
  const Registry& functions_;
  Bodies& bodies_;
  const std::string name_;
  dispatch::WorkerId id_;
  std::uint64_t life_ = 0;  // grows when it dies or loses its node
  bool attached_ = false;
  bool pull_planned_ = false;
  std::size_t turns_max_;
  std::size_t activities_max_;
  std::map<model::InstanceKey, std::unique_ptr<internal::Run>> held_;
};

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "simulation.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "checkers/aftermath.h"
#include "cluster/cluster.h"
#include "scene.h"
#include "workloads/workload.h"
#include "world/bodies.h"
#include "world/client.h"
#include "world/network.h"
#include "world/node.h"
#include "world/worker.h"

namespace perdure::sim {
namespace {

/// How long faults go on, in virtual time.
constexpr base::Duration kFaultsLeast = base::milliseconds(300);
constexpr base::Duration kFaultsMost = base::seconds(8);
/// After the faults, what was still on its way arrives: longer than any delay of the network and
/// any pause of a node together.
constexpr base::Duration kCalm = base::seconds(185);

class Simulation {
 public:
  explicit Simulation(const RunOptions& options)
      : scene_(options.seed, options.lines),
        functions_(all_functions()),
        platform_(make_platform(options)),
        network_(scene_),
        calls_(scene_, network_, *platform_) {
    make_workloads(options.workload);
  }

  Outcome run(std::uint64_t seed) {
    platform_->boot();
    network_.boot();
    for (const auto& workload : workloads_) workload->begin();
    plan_end_of_faults();
    while (scene_.agenda.events() < kEventsMax && scene_.agenda.run_next()) {
    }
    const bool rests = scene_.agenda.empty();
    scene_.verdict.require(rests, Invariant::kLiveness, "it never comes to rest");
    if (rests) judge();
    return {.seed = seed,
            .hash = scene_.trace.hash(),
            .events = scene_.agenda.events(),
            .virtual_time = scene_.agenda.now() - base::Timestamp{},
            .tally = scene_.tally,
            .breaches = scene_.verdict.breaches()};
  }

 private:
  /// One node with the engine, or several with the core alone.
  std::unique_ptr<Platform> make_platform(const RunOptions& options) {
    const bool several = scene_.random.chance(25);
    if (options.world.value_or(several ? World::kCluster : World::kNode) == World::kCluster) {
      return std::make_unique<Cluster>(scene_, functions_, bodies_);
    }
    auto node = std::make_unique<Node>(scene_, draw_node_options(scene_.random));
    make_workers(*node);
    return node;
  }

  void make_workers(Node& node) {
    const auto count = static_cast<int>(1 + scene_.random.below(3));
    for (int i = 1; i <= count; ++i) {
      workers_.push_back(std::make_unique<Worker>(scene_, node, functions_, bodies_, i));
    }
    node.listen({.up =
                     [this](engine::Engine&) {
                       for (const auto& worker : workers_) worker->attach();
                     },
                 .down =
                     [this] {
                       for (const auto& worker : workers_) worker->lose_node();
                     },
                 .look =
                     [this] {
                       for (const auto& worker : workers_) worker->look();
                     }});
  }

  void make_workloads(const std::optional<std::string>& only) {
    const Stage stage{scene_, calls_, bodies_, *platform_};
    for (const WorkloadKind* kind : all_workloads()) {
      const bool drawn = scene_.random.chance(45);
      if (only ? kind->name == *only : drawn) workloads_.push_back(kind->make(stage));
    }
    if (!workloads_.empty()) return;
    const auto kinds = all_workloads();
    workloads_.push_back(kinds[scene_.random.below(kinds.size())]->make(stage));
  }

  void plan_end_of_faults() {
    const base::Duration spread = base::microseconds(kFaultsMost.us - kFaultsLeast.us);
    const base::Duration lasts = base::microseconds(kFaultsLeast.us + scene_.some(spread).us);
    scene_.agenda.after(lasts, [this] {
      scene_.note("world", "heals");
      scene_.healed = true;
      platform_->heal();
      scene_.agenda.after(kCalm, [this] {
        scene_.note("world", "asks all to end");
        for (const auto& workload : workloads_) workload->finish();
      });
    });
  }

  void judge() {
    const core::testing::RowMap rows = platform_->inspect();
    for (const model::Space space : model::kSpaces) {
      for (const auto& [key, value] : rows.of(space)) {
        scene_.trace.mix(key);
        scene_.trace.mix(value);
      }
    }
    const Aftermath aftermath(rows);
    if (scene_.trace.speaks()) tell(aftermath);
    aftermath.judge(bodies_, platform_->crashes(), scene_.verdict);
    for (const auto& workload : workloads_) workload->check(aftermath);
  }

  /// The last history of every instance, for whoever reads the lines.
  void tell(const Aftermath& aftermath) {
    for (const auto& [id, left] : aftermath.instances()) {
      scene_.trace.tell(fmt::format("left '{}': {}, execution {}", id,
                                    model::status_name(left.record.status),
                                    left.record.execution.value));
      for (const model::Event& event : left.history) {
        scene_.trace.tell(fmt::format("  {:>20}  {}", event.at.us, model::describe(event)));
      }
    }
  }

  Scene scene_;
  const Registry functions_;
  Bodies bodies_;
  std::vector<std::unique_ptr<Worker>> workers_;
  const std::unique_ptr<Platform> platform_;
  Network network_;
  Calls calls_;
  std::vector<std::unique_ptr<Workload>> workloads_;
};

}  // namespace

Outcome run_seed(const RunOptions& options) {
  Simulation simulation(options);
  return simulation.run(options.seed);
}

}  // namespace perdure::sim

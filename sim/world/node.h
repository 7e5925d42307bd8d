// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One process of the platform: the real engine, core, dispatcher and store, driven by hand over
// disks in memory that outlive it, with a clock that lies. It crashes, comes back, pauses, and
// finds its disk full or failing, as the faults of the scene say.
//
// A step is planned when something reached the engine; a commit begins after a step and takes the
// time of a sync, in which further steps happen; timers wake it when its own clock says so.
//
// After each restart, before the engine is there, the rows of the store are judged
// (checkers/rows.h). Owned by the simulation; the scene outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkers/rows.h"
#include "engine/engine.h"
#include "runtime/clock.h"
#include "scene.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"
#include "world/platform.h"

namespace perdure::sim {

struct NodeOptions {
  std::uint32_t shards = 4;
  engine::EngineOptions engine;
  store::StoreOptions store;
};

/// Draws the size of everything, small ones too: limits are reached in practice only then.
NodeOptions draw_node_options(base::Prng& random);

class Node final : public Platform {
 public:
  /// Called at the events of its life. Workers attach in `up` and are gone after `down`.
  struct Listener {
    std::function<void(engine::Engine&)> up;
    std::function<void()> down;
    /// There may be something to pull.
    std::function<void()> look;
  };

  Node(Scene& scene, NodeOptions options);
  void listen(Listener listener) { listener_ = std::move(listener); }

  /// Opens the store for the first time and begins to suffer the scene's faults.
  void boot() override;
  /// No faults from here on; starts once more.
  void heal() override;
  /// The end: crashes once more, which must lose nothing now, and answers the rows that are left.
  core::testing::RowMap inspect() override;

  [[nodiscard]] bool up() const { return engine_ != nullptr; }
  /// True while it runs and is not paused.
  [[nodiscard]] bool responsive() const { return up() && scene_.agenda.now() >= paused_until_; }
  /// REQUIRES: up.
  [[nodiscard]] engine::Engine& engine() { return *engine_; }
  /// Grows with each start: what belongs to an earlier life is nobody's business now.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] std::uint64_t crashes() const override { return crashes_; }
  [[nodiscard]] base::Timestamp wall() const override { return clock_.now(); }

  /// A command arrives. Lost if the node is down; late if it pauses. The reply may never come.
  void request(model::Command command, std::function<void(model::ReplyBody)> reply) override;
  std::vector<model::Event> read_history(const model::InstanceKey& key, model::EventNumber from,
                                         std::size_t bytes_max) override;
  /// Something was given to the engine from outside: it will step.
  void poke();

 private:
  void tell_time();
  void step();
  void judge_memory();
  void plan_commit();
  void commit();
  void break_disk();
  void plan_wake();
  void plan_crash();
  void plan_pause();
  void plan_clock_jump();
  void crash();
  void come_back_later();
  void open();
  base::Result<> open_once();
  void leave_tail();
  void check_alive();
  /// Now; or, if the process pauses, when that is over, unless it dies before.
  void when_awake(Agenda::Event event);
  void wake();

  Scene& scene_;
  NodeOptions options_;
  Listener listener_;
  runtime::ManualClock clock_;
  base::Timestamp told_;  // the true time that the clock was last moved at
  std::shared_ptr<store::log::memory::LogDisk> log_;
  std::shared_ptr<store::table::memory::TableDisk> table_;
  std::unique_ptr<engine::Engine> engine_;
  std::optional<base::Error> fatal_;
  RowsOracle rows_;

  std::uint64_t life_ = 0;
  std::uint64_t crashes_ = 0;
  base::Timestamp paused_until_;
  std::vector<Agenda::Event> asleep_;  // what waits until then, in order
  bool step_planned_ = false;
  bool commit_planned_ = false;
  bool interrupted_ = false;   // the machine stops in the middle of this commit
  bool started_anew_ = false;  // after the faults
  base::Timestamp wake_at_ = base::kEndOfTime;
};

}  // namespace perdure::sim

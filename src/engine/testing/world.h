// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An engine over a disk in memory that outlives it, driven by hand in virtual time, and a worker
// that runs the scripts. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "runtime/clock.h"
#include "store/log/memory/memory_log.h"
#include "store/table/memory/memory_table.h"

namespace perdure::engine::testing {

struct WorldOptions {
  std::uint32_t shards = 8;
  EngineOptions engine;
  store::StoreOptions store;
};

class World final {
 public:
  explicit World(WorldOptions options = {});

  /// A crash: whatever is not durable is gone. Then the engine is opened again.
  void crash(store::log::memory::Tail tail = store::log::memory::Tail::kDropped);
  void close() { engine.reset(); }
  void open();
  /// A new worker in place of the current one, which returns what it held.
  void replace_worker();

  // ---- clients; the id also stands for the hub "h" ----
  static model::InstanceKey key(std::string id) { return {"h", std::move(id)}; }
  /// The place where the answer will be: empty until it comes.
  using Answer = std::shared_ptr<std::optional<model::ReplyBody>>;
  Answer ask(model::Command command);
  Answer start(const std::string& id, const std::string& name, const std::string& input);
  Answer raise(const std::string& id, const std::string& payload = "x");
  Answer get(const std::string& id);
  /// Drives until there is an answer.
  model::InstanceSnapshot snapshot(const std::string& id);
  /// All pages.
  std::vector<model::Event> history(const std::string& id);

  // ---- the worker ----
  std::vector<model::WorkItem> pull(std::size_t count_max);
  /// Runs the script, or the activity, and answers.
  dispatch::Answer run(model::WorkItem item);
  /// Pulls and runs once; how many items there were.
  std::size_t work(std::size_t count_max = 1000);
  /// Starts a fan and runs what there is then, its first turn: so many activities wait to be
  /// pulled. How many items were run.
  std::size_t begin_fan(const std::string& id, const std::string& width);

  /// Everything that can happen without time passing.
  void settle();
  /// The same, and time passes from timer to timer, until no timer is left.
  void settle_for_ever();

  runtime::ManualClock clock;
  std::shared_ptr<store::log::memory::LogDisk> log;
  std::shared_ptr<store::table::memory::TableDisk> table;
  WorldOptions options;
  std::unique_ptr<Engine> engine;
  dispatch::WorkerId worker;
  std::optional<base::Error> fatal;
};

template <class T>
const T* answered(const World::Answer& answer) {
  return *answer ? std::get_if<T>(&**answer) : nullptr;
}

}  // namespace perdure::engine::testing

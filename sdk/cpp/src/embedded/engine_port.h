// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The worker's way to the engine in this program, and its place in the engine's dispatcher from
// `attach` to the end.
//
// Owned by the host; the engine outlives it. Thread-safe between attach and the destructor.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dispatch/dispatcher.h"
#include "engine/engine.h"
#include "worker/port.h"
#include "worker/worker.h"

namespace perdure::embedded {

struct Capacity {
  std::size_t turns_max = 1;  // leases at once
  std::size_t activities_max = 1;
  /// Absent: every name, also the reserved ones: the engine is this program's own.
  dispatch::Names orchestrations{};
  dispatch::Names entities{};  // as batches are named: "@counter"
  dispatch::Names activities{};
};

class EnginePort final : public worker::Port {
 public:
  explicit EnginePort(engine::Engine& engine) : engine_(engine) {}
  /// Returns every lease. REQUIRES: the worker runs nothing, and is still there.
  ~EnginePort() override;
  EnginePort(const EnginePort&) = delete;
  EnginePort& operator=(const EnginePort&) = delete;

  /// From now on there is work for `worker`, which hears of what is withdrawn. Once.
  void attach(worker::Worker& worker, Capacity capacity);

  /// What there is now, of both kinds.
  std::vector<model::WorkItem> try_pull(std::size_t count_max);

  std::vector<model::WorkItem> pull(worker::Kind kind, std::size_t count_max,
                                    base::Duration span) override;
  std::vector<model::WorkItem> pull_any() override;
  void flush() override {}
  worker::Taken complete_turn(model::TurnToken token, model::TurnResult result) override;
  worker::Taken refuse_turn(model::TurnToken token, std::string why) override;
  worker::Taken complete_activity(model::ActivityToken token,
                                  std::variant<model::Payload, model::Failure> outcome) override;
  worker::Taken report_progress(const model::ActivityToken& token, model::Payload progress,
                                base::Duration next_within) override;
  base::Result<std::vector<model::Event>> read_history(const model::TurnToken& token,
                                                       model::EventNumber from) override;
  base::Result<> resolve(model::ActivityItem& item) override;

 private:
  class Handing;

  engine::Engine& engine_;
  dispatch::WorkerId id_;
};

}  // namespace perdure::embedded

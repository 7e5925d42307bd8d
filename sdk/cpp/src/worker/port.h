// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a worker needs of whoever has the work: the engine in this program, or a server. Where items
// come from, where answers go, and where the rest of a history is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/event.h"
#include "model/failure.h"
#include "model/payload.h"
#include "model/work_item.h"

namespace perdure::worker {

enum class Kind : std::uint8_t { kTurns, kActivities };

/// What is known of an answer when it was given.
enum class Taken : std::uint8_t {
  kYes,  // or on its way; if it turns out that it was not, the port tells the worker (on_withdrawn)
  kNo,   // the lease was lost, or the item withdrawn: nobody is interested
};

/// Thread-safe. Outlives the worker.
class Port {
 public:
  virtual ~Port() = default;

  /// Waits for the first item up to `span` of real time.
  virtual std::vector<model::WorkItem> pull(Kind kind, std::size_t count_max,
                                            base::Duration span) = 0;
  /// One item of either kind, if the port has one without asking anybody: for a thread that pulls
  /// activities, and that could run what its last answer led to.
  virtual std::vector<model::WorkItem> pull_any() { return {}; }
  /// Whoever pulled several items has answered them all: answers that were gathered may leave.
  virtual void flush() = 0;

  virtual Taken complete_turn(model::TurnToken token, model::TurnResult result) = 0;
  virtual Taken refuse_turn(model::TurnToken token, std::string why) = 0;
  virtual Taken complete_activity(model::ActivityToken token,
                                  std::variant<model::Payload, model::Failure> outcome) = 0;

  /// The activity is still at work; as in model::ReportProgress.
  virtual Taken report_progress(const model::ActivityToken& token, model::Payload progress,
                                base::Duration next_within) = 0;

  /// The history that the turn continues, from event `from` on: a page, with at least one event
  /// unless the history was replaced.
  virtual base::Result<std::vector<model::Event>> read_history(const model::TurnToken& token,
                                                               model::EventNumber from) = 0;
  /// Makes the input of the item a payload.
  virtual base::Result<> resolve(model::ActivityItem& item) = 0;
};

}  // namespace perdure::worker

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "embedded/engine_port.h"

#include <utility>

namespace perdure::embedded {
namespace {

worker::Taken taken(dispatch::Answer answer) {
  return answer == dispatch::Answer::kTaken ? worker::Taken::kYes : worker::Taken::kNo;
}

/// How many items the thread pulled and has not answered, and what it pulls next.
thread_local std::size_t items_left = 0;
thread_local dispatch::Kinds pulls_next = dispatch::Kinds::kBoth;

std::vector<model::WorkItem> noted(std::vector<model::WorkItem> items, dispatch::Kinds next) {
  items_left = items.size();
  pulls_next = next;
  return items;
}

}  // namespace

/// The answer to the last item that the thread has: afterwards it would wait for what comes of it,
/// so it drives the engine itself if nobody else does.
class EnginePort::Handing final {
 public:
  explicit Handing(EnginePort& port) : port_(port) {
    const bool is_last = items_left == 1;
    if (items_left > 0) --items_left;
    attends_ = is_last && port_.engine_.attend();
    if (!attends_) return;
    expected_ = port_.engine_.dispatcher().expect(port_.id_, pulls_next);
  }
  ~Handing() {
    if (!attends_) return;
    port_.engine_.help();
    if (expected_) port_.engine_.dispatcher().expected();
  }
  Handing(const Handing&) = delete;
  Handing& operator=(const Handing&) = delete;

 private:
  EnginePort& port_;
  bool attends_ = false;
  bool expected_ = false;
};

EnginePort::~EnginePort() { engine_.dispatcher().detach(id_); }

void EnginePort::attach(worker::Worker& worker, Capacity capacity) {
  id_ = engine_.dispatcher().attach({
      .turns_max = capacity.turns_max,
      .activities_max = capacity.activities_max,
      .orchestrations = std::move(capacity.orchestrations),
      .entities = std::move(capacity.entities),
      .activities = std::move(capacity.activities),
      .reserved = dispatch::Reserved::kTake,
      .withdrawn = [&worker](const model::WorkToken& token) { worker.on_withdrawn(token); },
  });
}

std::vector<model::WorkItem> EnginePort::try_pull(std::size_t count_max) {
  return engine_.dispatcher().try_pull(id_, dispatch::Kinds::kBoth, count_max);
}

std::vector<model::WorkItem> EnginePort::pull(worker::Kind kind, std::size_t count_max,
                                              base::Duration span) {
  const bool is_turns = kind == worker::Kind::kTurns;
  const auto kinds = is_turns ? dispatch::Kinds::kTurns : dispatch::Kinds::kActivities;
  return noted(engine_.dispatcher().pull(id_, kinds, count_max, span),
               is_turns ? dispatch::Kinds::kTurns : dispatch::Kinds::kBoth);
}

std::vector<model::WorkItem> EnginePort::pull_any() {
  return noted(engine_.dispatcher().try_pull(id_, dispatch::Kinds::kBoth, 1),
               dispatch::Kinds::kBoth);
}

worker::Taken EnginePort::complete_turn(model::TurnToken token, model::TurnResult result) {
  const Handing handing(*this);
  return taken(engine_.dispatcher().complete_turn(id_, std::move(token), std::move(result)));
}

worker::Taken EnginePort::refuse_turn(model::TurnToken token, std::string why) {
  const Handing handing(*this);
  return taken(engine_.dispatcher().refuse_turn(id_, std::move(token), std::move(why)));
}

worker::Taken EnginePort::complete_activity(model::ActivityToken token,
                                            std::variant<model::Payload, model::Failure> outcome) {
  const Handing handing(*this);
  return taken(engine_.dispatcher().complete_activity(id_, std::move(token), std::move(outcome)));
}

worker::Taken EnginePort::report_progress(const model::ActivityToken& token,
                                          model::Payload progress, base::Duration next_within) {
  return taken(engine_.dispatcher().report_progress(id_, token, std::move(progress), next_within));
}

base::Result<std::vector<model::Event>> EnginePort::read_history(const model::TurnToken& token,
                                                                 model::EventNumber from) {
  PERDURE_ASSIGN_OR_RETURN(engine::HistoryPage page, engine_.read_history(token, from));
  return std::move(page.events);
}

base::Result<> EnginePort::resolve(model::ActivityItem& item) { return engine_.resolve(item); }

}  // namespace perdure::embedded

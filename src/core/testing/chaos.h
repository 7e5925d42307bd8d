// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A random story: clients, workers, clocks, networks and crashes that do anything they may do, and
// some things they may not. Besides the laws of the World it asks:
//
//   events   each event that an instance accepted reaches its code once, in the order accepted,
//            however often it continues as new
//   stuck    when everything was answered and delivered, a live instance waits for something that
//            exists, or for an event
//   free     when all owners ended, no entity is locked, and each call of one has one answer
//   gone     when everything was terminated, purged, deleted and collected, no row of it is left
//
// The same choices give the same story. Not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/testing/choices.h"
#include "core/testing/story.h"

namespace perdure::core::testing {

class Chaos {
 public:
  explicit Chaos(Choices choices);
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;

  /// One random thing happens. False: the choices are used up.
  bool step();
  /// Everything is answered and delivered, then terminated, purged and collected.
  void finish();

  [[nodiscard]] const Broken& broken() const {
    return world_.broken().empty() ? broken_ : world_.broken();
  }
  /// What happened, a line each; the last ones.
  [[nodiscard]] const std::deque<std::string>& log() const { return log_; }
  [[nodiscard]] const Story& world() const { return world_; }

 private:
  /// The events that an instance has accepted and that its code has not taken yet.
  struct Accepted {
    model::Execution execution;
    std::deque<std::string> carried;
    std::deque<std::string> waiting;
  };
  using Shadow = std::map<model::InstanceKey, Accepted>;

  /// A critical section that an orchestration is in.
  struct Section {
    model::TaskId task;
    std::vector<std::string> entities;
  };

  void say(std::string line);
  void require(bool holds, std::string law);
  std::string some_id();
  std::string some_payload();
  base::Timestamp some_time();
  template <class Map>
  const typename Map::mapped_type* pick(const Map& map);

  // ---- who acts ----
  void client_step();
  void start_step();
  void worker_step();
  void turn_step();
  void activity_step();
  void stale_step();
  void engine_step();
  void timer_step();
  bool offer_gathered();
  void disaster_step();

  model::TurnResult some_result(const model::TurnItem& item);
  model::Action some_action(const model::TurnItem& item);
  model::Outcome some_outcome(const model::TurnItem& item);
  int next_task(const model::TurnToken& token);
  void remember(const model::WorkToken& token);

  [[nodiscard]] bool is_crowded() const;

  // ---- entities (chaos_entities.cc) ----
  std::string some_entity();
  std::vector<std::string> some_entities();
  void entity_step();
  std::optional<Section> section_of(const model::InstanceKey& name);
  model::Action entity_action(const model::TurnItem& item);
  model::Action batch_action(int task);
  model::TurnResult some_batch(const model::TurnItem& item);
  static model::TurnResult last_batch(const model::TurnItem& item);
  void check_resting_entity(const model::InstanceKey& name);
  [[nodiscard]] bool is_waiting_call(const model::InstanceKey& name, const StoredInstance& stored,
                                     model::TaskId task) const;
  void check_calls();
  void delete_entities();

  // ---- events ----
  void run(model::Command command);
  [[nodiscard]] const StoredInstance* live(const model::InstanceKey& key);
  void before(const model::Command& command);
  void after(const model::Command& command);
  void take_turn_events(const model::CompleteTurn& command);
  void keep_shadow();

  // ---- the end ----
  void drain();
  bool answer_everything();
  void check_waiting();
  void wake_everything();
  void purge_everything();
  std::vector<model::InstanceKey> all_instances() const;

  Choices choices_;
  Story world_;
  Broken broken_;
  std::deque<std::string> log_;
  std::vector<model::WorkToken> old_tokens_;
  std::map<model::InstanceKey, int> next_task_;
  int next_payload_ = 0;
  bool in_group_ = false;
  std::size_t steps_ = 0;
  std::uint64_t requests_ = 1'000'000;
  Shadow shadow_;
  Shadow durable_;
  std::vector<Shadow> shadows_;  // after each batch that is not released
  std::optional<StoredInstance> found_;
  std::optional<Section> section_;    // of the turn that is being made up
  std::set<model::RequestId> calls_;  // of entities, by clients, since the last crash
};

}  // namespace perdure::core::testing

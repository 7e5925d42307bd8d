// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Several nodes that share one store, as they share a database: each owns some shards, members die,
// pause longer than anybody waits, lose their shards to others and do not notice; messages between
// shards are lost, doubled, delayed and overtake each other. Not the engine runs here but the core
// and the store, hosted by the smallest node there can be (member.h).
//
// Owned by the simulation; scene, functions and bodies outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "checkers/rows.h"
#include "cluster/member.h"
#include "perdure/registry.h"
#include "scene.h"
#include "store/store.h"
#include "world/bodies.h"
#include "world/platform.h"

namespace perdure::sim {

class Cluster final : public Platform {
 public:
  Cluster(Scene& scene, const Registry& functions, Bodies& bodies);

  void boot() override;
  void heal() override;
  core::testing::RowMap inspect() override;
  void request(model::Command command, std::function<void(model::ReplyBody)> reply) override;
  /// Nothing: readers are tried on one node.
  std::vector<model::Event> read_history(const model::InstanceKey&, model::EventNumber,
                                         std::size_t) override {
    return {};
  }
  [[nodiscard]] base::Timestamp wall() const override { return members_.front()->wall(); }
  [[nodiscard]] std::uint64_t crashes() const override { return disturbances_; }

  // ---- for the members ----
  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] std::uint32_t shards() const { return shards_; }
  [[nodiscard]] model::ShardId shard_of(const model::Command& command) const;
  /// Carries something to whoever seems to own the shard: late, twice, or never.
  void send(model::ShardId shard, const model::Command& command);
  /// Tells the oracle of epochs that a batch was committed.
  void committed(model::ShardId shard, model::Epoch epoch);
  /// An owner learned that it is none any more: what it began, another does again.
  void disturbed() { ++disturbances_; }
  /// What a worker did will be done again, as if it had not answered.
  void presumed_lost(const model::WorkToken& token);
  /// The answer of a worker to what a member offers.
  model::Command work(const model::TurnItem& item);
  model::Command work(const model::ActivityItem& item);

 private:
  model::Command run_batch(model::TurnItem item);
  void plan_crash();
  void plan_pause();
  void plan_clock_jump();
  void plan_takeover();
  void take_over(model::ShardId shard);
  void place();
  Member& some_member();
  void carry(model::ShardId shard, const model::Command& command);
  /// The one that took it over last; now and then one that had it before.
  Member* believed_owner(model::ShardId shard);

  Scene& scene_;
  const Registry& functions_;
  Bodies& bodies_;
  const std::uint32_t shards_;
  std::unique_ptr<store::Store> store_;
  RowsOracle rows_;
  std::vector<std::unique_ptr<Member>> members_;
  std::map<model::ShardId, Member*> owners_;  // who acquired it last
  std::map<model::ShardId, model::Epoch> epochs_;
  /// What may have made an activity run again: crashes and takeovers.
  std::uint64_t disturbances_ = 0;
};

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One of several nodes that share a store. It hosts the real core for the shards that it owns, or
// believes to own: another member may have taken one over without its knowing, and then the fence
// of the next commit tells it.
//
// What a node between the core and the network has to do, at its smallest:
//   apply    to memory at once; commands that must read wait until what was applied is durable
//   commit   one batch after the other, under the epoch; even a batch without writes asks the
//   fence,
//            because an answer to a reader is a promise too
//   read     under the fence too: rows that a later owner has changed do not fit this one's memory
//   release  effects only after their batch
//   resend   messages until they are acknowledged; a message that comes before its predecessor is
//            not taken
//
// Owned by the cluster, which is also everything it talks to.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/shard.h"
#include "core/testing/offers.h"
#include "scene.h"
#include "store/store.h"

namespace perdure::sim {

class Cluster;

class Member final {
 public:
  Member(Scene& scene, Cluster& cluster, int number);

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] bool owns(model::ShardId shard) const { return owned_.contains(shard); }
  [[nodiscard]] base::Timestamp wall() const;
  [[nodiscard]] const std::string& name() const { return name_; }

  void start();
  void crash();
  void pause(base::Timestamp until) { paused_until_ = until; }
  void jump_clock(base::Duration span) { clock_offset_.us += span.us; }
  /// Takes a shard over: a new epoch, and everything the shard owes.
  void acquire(model::ShardId shard);

  using Reply = std::function<void(model::ReplyBody)>;
  /// Something for a shard; dropped if it is not owned here.
  void receive(model::ShardId shard, model::Command command, Reply reply = {});

 private:
  struct Batch {
    std::vector<model::Write> writes;
    std::vector<model::Effect> effects;
  };
  struct Waiting {
    model::Command command;
    Reply reply;
  };
  struct Owned {
    core::Shard shard;
    model::Epoch epoch;
    std::uint64_t life = 0;  // tells what is planned whether it is still meant
    base::Timestamp upkeep_at = base::kEndOfTime;
    std::deque<Waiting> waiting;
    std::deque<Batch> batches;  // applied, not durable
    std::map<model::RequestId, Reply> replies;
    core::testing::Offers offers;
    std::map<std::pair<model::ShardId, std::uint64_t>, model::SendMessage> unacknowledged;
  };
  /// Calls `what` after a while, or when the pause is over, if the shard is still owned then.
  void after(base::Duration delay, const Owned& owned, std::function<void(Owned&)> what);

  void plan_upkeep(Owned& owned);
  void upkeep(Owned& owned);
  void drain(Owned& owned);
  enum class Applied : std::uint8_t { kYes, kNotYet, kFenced };
  Applied apply(Owned& owned, Waiting& next);
  /// The rows that a command needs; false: not for this owner any more.
  bool read(Owned& owned, const core::Read& read, core::Prefetched& prefetched);
  bool is_fenced(const Owned& owned);
  void lose(model::ShardId shard);
  void plan_commit(Owned& owned);
  void commit(Owned& owned);
  void release(Owned& owned, std::vector<model::Effect> effects);
  void release(Owned& owned, const model::Effect& effect);
  void plan_work(Owned& owned, const model::WorkToken& token);
  void work(Owned& owned, const model::WorkToken& token);
  void send_late(model::ShardId shard, model::Command answer);
  void give(Owned& owned, model::Command command);

  Scene& scene_;
  Cluster& cluster_;
  const std::string name_;
  bool up_ = false;
  std::uint64_t lives_ = 0;
  std::uint64_t last_request_ = 0;
  base::Timestamp paused_until_;
  base::Duration clock_offset_;
  base::Timestamp told_;  // what the core is told never goes back within one life
  std::map<model::ShardId, std::unique_ptr<Owned>> owned_;
};

}  // namespace perdure::sim

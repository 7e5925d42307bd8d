// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A deterministic little world around the pure core: all shards of a layout, a store of ordered
// maps, a clock that moves when told, a network between the shards, and an output gate. It does
// what the engine does, one command at a time, and after each command asks the laws (laws.h) and
// these, which need the past:
//
//   determinism  a second set of shards given the same commands does the same
//   gathering    a turn that waits is waited for
//   debt         what is offered is what the shards hold for offered; after a crash exactly what
//                was owed is offered again
//   stale        an answer to what is not offered changes nothing
//   fresh        what a write promises to be absent is absent
//   executions   numbers only grow, unless the clock goes back behind the end of a tombstone
//   published    when all is durable, clients see of each entity what it is
//
// What does not hold is in `broken()`; nothing throws, nothing aborts. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "core/shard.h"
#include "core/testing/laws.h"
#include "core/testing/offers.h"
#include "core/testing/rows.h"
#include "model/command.h"
#include "model/effect.h"

namespace perdure::core::testing {

/// kOpen: what a command did is durable when `run` comes back. kHeld: `release` makes it durable,
/// and until then only what leaves at once has left.
enum class Gate : std::uint8_t { kOpen, kHeld };
/// kAuto: `run` delivers until no message is left. kManual: `deliver` does.
enum class Messages : std::uint8_t { kAuto, kManual };
/// kTwin: a second set of shards checks determinism.
enum class Twin : std::uint8_t { kTwin, kNone };
/// kTouched: the laws of the instance of each command. kAll: the laws of every row.
enum class Scope : std::uint8_t { kTouched, kAll };

struct WorldOptions {
  std::uint32_t shard_count = 1;
  model::Attempt attempts_max = model::kAttemptsMax;
  GatherRules gather;
  base::Timestamp now = {1'000'000'000};
  Gate gate = Gate::kOpen;
  Messages messages = Messages::kAuto;
  Twin twin = Twin::kTwin;
  Scope scope = Scope::kAll;
};

/// What `run` wrote and let out, in order; for tests that look at everything.
struct Trace {
  std::vector<model::Write> writes;
  std::vector<model::Effect> effects;
};

class World {
 public:
  using Channel = std::pair<model::ShardId, model::ShardId>;  // source, target

  explicit World(WorldOptions options = {});

  base::Timestamp now;
  Gate gate;
  Messages messages;
  /// Asked before each command that passed the checks at the entry, and told after it.
  std::function<void(const model::Command&)> before_apply;
  std::function<void(const model::Command&)> after_apply;

  // ---- what happens ----
  /// The checks at the entry, the reads, the transition, the commit; then the laws.
  void run(model::Command command);
  /// Commands between these become one batch, as in a busy engine.
  void begin_group();
  void end_group();
  /// As `run`, with a request number of its own. The answer, or kInternal if there is none yet.
  template <class Command>
  model::ReplyBody ask(Command command) {
    command.request = model::RequestId{++last_request_};
    const model::RequestId request = command.request;
    run(model::Command(std::move(command)));
    return answer_to(request);
  }
  [[nodiscard]] model::ReplyBody answer_to(model::RequestId request) const;

  /// Turns timers that are due into commands, until none is. The count of those fired.
  std::size_t fire_due();
  void advance(base::Duration span);
  /// Deletes what is garbage, all of it. The count of steps.
  std::size_t collect_garbage();
  /// Delivers the first message, or acknowledgement, of a channel; false: there is none.
  bool deliver(Channel channel);
  void deliver_all();
  /// The last delivered message of a channel once more; false: there was none.
  bool deliver_again(Channel channel);
  [[nodiscard]] std::vector<Channel> busy_channels() const;
  /// Everything that was run is durable now, and its effects leave.
  void release();
  /// The process dies and comes back. Of the batches that were not released, the first `keep` are
  /// durable all the same; nobody saw their effects.
  void crash(std::size_t keep = SIZE_MAX);
  [[nodiscard]] std::size_t unreleased() const { return open_.size(); }
  void evict(std::size_t bytes_max);
  void check_all();

  // ---- what can be seen ----
  /// What a dispatcher would hold: what has left, without what was answered or withdrawn.
  [[nodiscard]] const Offers& offers() const { return offers_; }
  /// The same, with what has not left yet.
  [[nodiscard]] const Offers& promised() const { return promised_; }
  [[nodiscard]] const std::map<model::RequestId, model::ReplyBody>& replies() const {
    return replies_;
  }
  [[nodiscard]] const RowMap& rows() const { return rows_; }
  [[nodiscard]] const std::vector<Shard>& shards() const { return shards_; }
  [[nodiscard]] Shard& shard_for(const model::InstanceKey& key);
  [[nodiscard]] const std::vector<model::WorkToken>& withdrawn() const { return withdrawn_; }
  [[nodiscard]] const std::set<std::pair<model::InstanceKey, model::Execution>>& garbage() const {
    return garbage_;
  }
  /// The turns that wait for more outcomes, and how long.
  [[nodiscard]] const std::map<model::InstanceKey, base::Duration>& gathering() const {
    return gathering_;
  }
  [[nodiscard]] const Broken& broken() const { return broken_; }
  /// Whatever happened since the last call.
  Trace take_trace();

 private:
  struct Undo {
    model::Space space = model::Space::kInstance;
    std::string key;
    std::optional<std::string> before;
  };
  struct Batch {
    std::vector<Undo> undo;
    std::vector<model::Effect> gated;
  };
  struct Past {
    model::Execution execution;
    bool ended = false;
    std::optional<base::Timestamp> forgotten;  // when its tombstone went
  };

  void require(bool holds, std::string law);
  [[nodiscard]] std::uint32_t shard_number(const model::Command& command) const;
  void step(std::vector<Shard>& shards, std::uint32_t number, const model::Command& command,
            std::vector<model::Effect>& effects);
  void apply_one(const model::Command& command);
  void note_answer(const model::Command& command, bool offered);
  void route(const model::Effect& effect);
  void leave(const model::Effect& effect);
  void stage();
  void commit(const model::Write& write);
  void finish_batch();
  void check_touched();
  void check_published();
  void check_debt(const model::InstanceKey& key);
  void check_past(const model::InstanceKey& key);
  void restart_shards(std::vector<Shard>& shards, std::vector<model::InstanceKey>& ready,
                      std::vector<model::Effect>& owed);
  void check_debt_after_crash(const Offers& before, const std::set<model::InstanceKey>& quiet);

  WorldOptions options_;
  std::vector<Shard> shards_;
  std::vector<Shard> twins_;
  RowMap rows_;
  std::vector<Batch> open_;
  Batch current_;
  bool grouping_ = false;
  bool delivering_ = false;
  std::vector<model::InstanceKey> touched_;
  std::map<model::InstanceKey, Past> past_;
  std::map<Channel, std::deque<model::SendMessage>> network_;
  std::map<Channel, std::deque<model::SendAcknowledgement>> acknowledgements_;
  std::map<Channel, model::SendMessage> delivered_;
  std::set<std::pair<model::InstanceKey, model::Execution>> garbage_;
  std::map<model::InstanceKey, base::Duration> gathering_;
  Offers promised_;  // as if the gate were always open
  Offers offers_;
  std::vector<model::WorkToken> withdrawn_;
  std::map<model::RequestId, model::ReplyBody> replies_;
  std::uint64_t last_request_ = 0;
  Trace trace_;
  Broken broken_;
};

}  // namespace perdure::core::testing

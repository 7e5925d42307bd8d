// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Looks, slowly and all the time, for work that the store says is owed and memory has forgotten:
// the agenda names every instance that owes work and every timer, so nothing can be stuck for
// longer than a round. What memory calls out must be known to the dispatcher, too: Missing tells
// what is lost from what is on its way. What is found is a bug elsewhere, and counted.
//
// Owned by one executor; not thread-safe. REQUIRES: everything decided is staged when it looks.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/shard.h"
#include "engine/gate.h"
#include "model/ids.h"
#include "model/work_item.h"
#include "store/store.h"

namespace perdure::engine {

/// From the start of one round to the start of the next.
inline constexpr base::Duration kSweepInterval = base::seconds(30);
/// Rows looked at in one step, and the pause before the next step of a round.
inline constexpr std::size_t kSweepRowsPerStep = 2048;
inline constexpr base::Duration kSweepPause = base::milliseconds(20);

/// An item is lost when the dispatcher did not know it at so many looks, a round apart, although
/// the output gate moved on meanwhile: what is on its way to or from a worker is so for a moment.
inline constexpr std::size_t kMissingLooks = 3;
/// What was not seen for so long is known again, or answered.
inline constexpr base::Duration kMissingKept = base::seconds(75);

/// The items that the dispatcher did not know when the sweeper looked. Owned like the sweeper.
class Missing final {
 public:
  /// Notes what is unknown now; answers what is lost. `decided`: the position of the last step.
  std::vector<model::WorkToken> note(std::vector<model::WorkToken> unknown, store::Position decided,
                                     const OutputGate& gate, base::Timestamp now);
  [[nodiscard]] std::size_t size() const { return seen_.size(); }

 private:
  struct Seen {
    model::WorkToken token;
    std::size_t looks = 0;
    store::Position decided;
    base::Timestamp at;
  };
  std::unordered_map<std::size_t, Seen> seen_;  // by hash; of two with the same one is kept
  base::Timestamp clean_at_;                    // looks are many, and what they saw is much
};

class Sweeper final {
 public:
  /// The first and last slot of the shards, which are contiguous.
  Sweeper(model::SlotRange slots, base::Timestamp now);

  [[nodiscard]] base::Timestamp next() const { return next_; }

  struct Findings {
    /// They should have work with a worker, or queued, but do not, or are not in memory.
    std::vector<model::InstanceKey> suspicious;
    /// What the dispatcher should know: turns and activities that memory calls out.
    std::vector<model::WorkToken> out;
    /// Put back.
    std::size_t timers_lost = 0;
  };
  /// The next rows of the agenda. `shards` in order, the first with the number `first`.
  base::Result<Findings> look(const store::Store& store, std::vector<core::Shard>& shards,
                              base::Timestamp now);

 private:
  void check(core::Shard& shard, std::string_view key, Findings& findings) const;

  const std::string begin_;
  const std::string end_;
  std::string cursor_;
  base::Timestamp round_began_;
  base::Timestamp next_;
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages between shards: numbered per pair of shards, kept by the sender until acknowledged,
// taken once by the receiver. A gap is a bug; a repetition is dropped.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "model/message.h"

namespace perdure::core {

class Outbox {
 public:
  /// The number for the next message to `target`.
  std::uint64_t next(model::ShardId target) { return ++sent_[target]; }
  void restore_sent(model::ShardId target, std::uint64_t sequence) { sent_[target] = sequence; }

  void add(model::ShardId target, std::uint64_t sequence, model::Slot sender) {
    unacknowledged_.emplace(std::pair{target, sequence}, sender);
  }

  /// Forgets everything for `target` up to `sequence`; answers the rows that may go.
  std::vector<std::pair<model::Slot, std::uint64_t>> acknowledge(model::ShardId target,
                                                                 std::uint64_t sequence) {
    std::vector<std::pair<model::Slot, std::uint64_t>> rows;
    auto at = unacknowledged_.lower_bound({target, 0});
    while (at != unacknowledged_.end() && at->first.first == target &&
           at->first.second <= sequence) {
      rows.emplace_back(at->second, at->first.second);
      at = unacknowledged_.erase(at);
    }
    return rows;
  }

  [[nodiscard]] std::size_t unacknowledged() const { return unacknowledged_.size(); }

 private:
  std::map<model::ShardId, std::uint64_t> sent_;
  std::map<std::pair<model::ShardId, std::uint64_t>, model::Slot> unacknowledged_;
};

class Taken {
 public:
  void restore(model::ShardId source, std::uint64_t sequence) { last_[source] = sequence; }
  [[nodiscard]] std::uint64_t last(model::ShardId source) const {
    const auto found = last_.find(source);
    return found == last_.end() ? 0 : found->second;
  }
  void take(model::ShardId source, std::uint64_t sequence) { last_[source] = sequence; }

 private:
  std::map<model::ShardId, std::uint64_t> last_;
};

}  // namespace perdure::core

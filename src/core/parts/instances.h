// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The instances of a shard that are in memory, most recently used first. An instance is loaded when
// a command needs it, and may be forgotten again when nothing about it is only known here.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/parts/instance.h"
#include "model/ids.h"

namespace perdure::core {

class Instances {
 public:
  /// nullptr: not loaded. A loaded instance may be absent from the store (`exists` is false).
  [[nodiscard]] Instance* find(const model::InstanceKey& key);
  [[nodiscard]] const Instance* find(const model::InstanceKey& key) const;

  /// REQUIRES: not loaded.
  Instance& add(const model::InstanceKey& key);

  void touch(Instance& instance);

  /// The instance is not in the store: it is only here because a command asked for it.
  void note_absent(const Instance& instance);

  /// Forgets what is absent; then what is evictable, least recently used first, until about
  /// `bytes_max` are held. Looks at a bounded number, and moves busy ones out of the way.
  void evict(std::size_t bytes_max);

  /// Call after changing an instance in a way that changes its size.
  void resized(Instance& instance, std::size_t bytes_before);

  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// In order of use, for checks and sweeps; never decides anything.
  [[nodiscard]] const std::list<Instance*>& by_recency() const { return recency_; }

 private:
  void forget(Instance& instance);

  std::unordered_map<model::InstanceKey, std::unique_ptr<Instance>, model::InstanceKeyHash> by_key_;
  std::list<Instance*> recency_;            // front: used last
  std::vector<model::InstanceKey> absent_;  // noted since the last eviction
  std::size_t bytes_ = 0;
};

}  // namespace perdure::core

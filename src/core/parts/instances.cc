// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "core/parts/instances.h"

#include <utility>

#include "base/check.h"

namespace perdure::core {
namespace {

// One call of evict looks at no more than this many: a shard full of busy instances must not turn
// every step into a search.
constexpr std::size_t kEvictionLooksMax = 256;

}  // namespace

Instance* Instances::find(const model::InstanceKey& key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.get();
}

const Instance* Instances::find(const model::InstanceKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.get();
}

Instance& Instances::add(const model::InstanceKey& key) {
  auto [place, added] = by_key_.try_emplace(key, std::make_unique<Instance>());
  PERDURE_CHECK(added, "an instance was loaded twice");
  Instance& instance = *place->second;
  instance.key = key;
  recency_.push_front(&instance);
  instance.recency = recency_.begin();
  bytes_ += memory_bytes(instance);
  return instance;
}

void Instances::touch(Instance& instance) {
  recency_.splice(recency_.begin(), recency_, instance.recency);
}

void Instances::resized(Instance& instance, std::size_t bytes_before) {
  bytes_ += memory_bytes(instance) - bytes_before;
}

void Instances::note_absent(const Instance& instance) { absent_.push_back(instance.key); }

void Instances::evict(std::size_t bytes_max) {
  for (const model::InstanceKey& key : std::exchange(absent_, {})) {
    Instance* instance = find(key);
    if (instance == nullptr || instance->exists) continue;  // gone, or begun since
    if (is_evictable(*instance)) {
      forget(*instance);
    } else {
      absent_.push_back(key);
    }
  }
  for (std::size_t looks = 0; looks < kEvictionLooksMax && bytes_ > bytes_max; ++looks) {
    if (recency_.empty()) return;
    Instance& candidate = *recency_.back();
    if (is_evictable(candidate)) {
      forget(candidate);
    } else {
      touch(candidate);  // busy: whoever is behind it gets looked at next
    }
  }
}

void Instances::forget(Instance& instance) {
  bytes_ -= memory_bytes(instance);
  recency_.erase(instance.recency);
  by_key_.erase(model::InstanceKey(instance.key));
}

}  // namespace perdure::core

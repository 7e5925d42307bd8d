// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls that wait for an instance to start or to end. Only in memory: a caller whose process is
// gone waits for nothing.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "model/command.h"
#include "model/ids.h"

namespace perdure::core {

class Waiters {
 public:
  void add(const model::InstanceKey& key, model::RequestId request, model::Until until) {
    if (waiting_[key].emplace(request, until).second) ++count_;
  }

  void cancel(const model::InstanceKey& key, model::RequestId request) {
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    count_ -= found->second.erase(request);
    if (found->second.empty()) waiting_.erase(found);
  }

  /// Removes and answers those for whom `ready(until)` holds, in the order they asked.
  template <class Ready>
  std::vector<model::RequestId> take_ready(const model::InstanceKey& key, Ready ready) {
    std::vector<model::RequestId> taken;
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return taken;
    count_ -= std::erase_if(found->second, [&](const auto& entry) {
      if (!ready(entry.second)) return false;
      taken.push_back(entry.first);
      return true;
    });
    if (found->second.empty()) waiting_.erase(found);
    return taken;
  }

  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  // Many callers may wait for one instance, and each may give up: nothing here is linear in
  // them. Requests are numbered in the order they came.
  std::map<model::InstanceKey, std::map<model::RequestId, model::Until>> waiting_;
  std::size_t count_ = 0;
};

}  // namespace perdure::core

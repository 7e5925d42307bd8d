// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Activities whose code promised to be heard of again, and until when. Owned by an executor, on its
// thread. At most one entry for each activity that is out, and each leaves at its time at the
// latest.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/work_item.h"

namespace perdure::engine {

/// A longer promise is as good as this one.
inline constexpr base::Duration kReportWithinMax = base::seconds(24LL * 3600);

class Overdue final {
 public:
  /// `by`: on the monotonic clock. Replaces what was promised before.
  void expect(const model::ActivityToken& token, base::Timestamp by);
  /// It ended, or promises nothing any more.
  void forget(const model::ActivityToken& token);
  /// Those whose time is over, once.
  std::vector<model::ActivityToken> take(base::Timestamp now);
  /// When the next one is due; kEndOfTime: none.
  [[nodiscard]] base::Timestamp next() const {
    return due_.empty() ? base::kEndOfTime : due_.begin()->first;
  }
  [[nodiscard]] bool empty() const { return due_.empty(); }

 private:
  std::map<model::ActivityToken, base::Timestamp> by_token_;
  std::set<std::pair<base::Timestamp, model::ActivityToken>> due_;
};

}  // namespace perdure::engine

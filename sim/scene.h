// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What everybody in a simulated world shares: time, chance, faults, and the record of what
// happened. One thread. Outlives everything that refers to it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "agenda.h"
#include "base/prng.h"
#include "faults.h"
#include "invariants.h"
#include "model/ids.h"
#include "trace.h"

namespace perdure::sim {

/// The ids that clients steer, purge and restart at will (workloads/operators.cc), and whose
/// workers may decide nonsense: such an instance may end in any way, but harm nobody else.
/// Of an entity, the operations of a batch may then fail: they have done nothing.
inline bool steered_freely(const model::InstanceKey& key) {
  return key.id.starts_with("shared") || key.id.contains("@shared");
}

struct Scene {
  Scene(std::uint64_t seed, std::FILE* lines)
      : random(seed), faults(draw_faults(random)), trace(lines) {}

  base::Prng random;
  Faults faults;
  Agenda agenda;
  Trace trace;
  Tally tally;
  Verdict verdict;
  bool healed = false;

  /// True so many times in 1,000; false once the faults are over.
  bool strikes(std::uint32_t thousandths) {
    if (thousandths == 0 || healed) return false;
    return random.below(1000) < thousandths;
  }
  /// One of zero to `most`, both included.
  base::Duration some(base::Duration most) {
    const auto reach = static_cast<std::uint64_t>(most.us < 0 ? 0 : most.us);
    return base::microseconds(static_cast<std::int64_t>(random.below(reach + 1)));
  }
  void note(std::string_view who, std::string_view what, std::string_view subject = {},
            std::uint64_t number = 0) {
    trace.note(agenda.now(), who, what, subject, number);
  }
  void count(Counted what) { tally.count(what); }
};

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

namespace perdure::sim {
namespace {

/// Half of the faults are off in a run.
class Draw {
 public:
  explicit Draw(base::Prng& random) : random_(random) {}

  void chance(std::uint32_t& value, std::uint32_t thousandths_max) {
    const bool on = random_.chance(50);
    const auto drawn = static_cast<std::uint32_t>(1 + random_.below(thousandths_max));
    value = on ? drawn : 0;
  }
  void span(base::Duration& value, base::Duration least, base::Duration most) {
    const bool on = random_.chance(50);
    const auto drawn = random_.below(static_cast<std::uint64_t>(most.us - least.us));
    value = on ? base::microseconds(least.us + static_cast<std::int64_t>(drawn)) : base::Duration{};
  }
  /// The longest of something that is on: near to the least as often as near to the most.
  void most(base::Duration& value, base::Duration least, base::Duration most) {
    std::int64_t reach = most.us;
    for (auto halvings = random_.below(16); halvings > 0 && reach / 2 > least.us; --halvings) {
      reach /= 2;
    }
    value = base::microseconds(reach);
  }

 private:
  base::Prng& random_;
};

}  // namespace

Faults draw_faults(base::Prng& random) {
  Faults faults;
  Draw draw(random);
  draw.span(faults.crash_every, base::milliseconds(20), base::seconds(20));
  draw.most(faults.down_max, base::milliseconds(1), base::seconds(120));
  draw.span(faults.pause_every, base::milliseconds(100), base::seconds(30));
  draw.most(faults.pause_max, base::milliseconds(1), base::seconds(120));
  draw.chance(faults.crash_in_recovery, 300);
  draw.chance(faults.tail_kept, 500);
  draw.chance(faults.tail_torn, 500);
  draw.chance(faults.sync_interrupted, 20);
  draw.chance(faults.sync_failed, 10);
  draw.chance(faults.disk_full, 10);
  draw.chance(faults.fold_stopped, 200);
  draw.chance(faults.sync_slow, 100);
  draw.most(faults.sync_slow_max, base::milliseconds(1), base::seconds(30));
  draw.span(faults.clock_jump_every, base::milliseconds(50), base::seconds(30));
  draw.most(faults.clock_jump_max, base::milliseconds(1), base::seconds(86'400LL * 3650));
  const auto drift = static_cast<std::int64_t>(random.below(1001)) - 500;
  faults.drift_ppm = random.chance(50) ? drift : 0;
  draw.chance(faults.request_lost, 300);
  draw.chance(faults.reply_lost, 300);
  draw.chance(faults.duplicated, 500);
  draw.most(faults.delay_max, base::microseconds(50), base::seconds(60));
  draw.span(faults.partition_every, base::milliseconds(100), base::seconds(30));
  draw.most(faults.partition_max, base::milliseconds(1), base::seconds(60));
  draw.chance(faults.worker_dies, 100);
  draw.chance(faults.answers_late, 100);
  draw.chance(faults.answers_twice, 300);
  draw.chance(faults.gives_back, 100);
  draw.chance(faults.forgets, 700);
  draw.chance(faults.disagrees, 30);
  draw.chance(faults.garbage, 200);
  draw.chance(faults.activity_slow, 200);
  draw.most(faults.activity_slow_max, base::milliseconds(1), base::seconds(600));
  return faults;
}

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What may go wrong in a run, and how often. Swarm testing: each seed first draws which faults are
// on at all, then their rates; a run with everything on hides what only shows when something is
// off. Chances are in 1,000; a span of zero is "never".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/prng.h"
#include "base/time.h"

namespace perdure::sim {

struct Faults {
  // The process and its machine.
  base::Duration crash_every;  // on average
  base::Duration down_max = base::milliseconds(500);
  base::Duration pause_every;
  base::Duration pause_max;
  std::uint32_t crash_in_recovery = 0;
  // The disk.
  std::uint32_t tail_kept = 0;  // of crashes that leave a written, unsynced record
  std::uint32_t tail_torn = 0;
  std::uint32_t sync_interrupted = 0;
  std::uint32_t sync_failed = 0;
  std::uint32_t disk_full = 0;
  std::uint32_t fold_stopped = 0;
  std::uint32_t sync_slow = 0;
  base::Duration sync_slow_max;
  // The clock.
  base::Duration clock_jump_every;
  base::Duration clock_jump_max;
  std::int64_t drift_ppm = 0;
  // The network between clients and the node.
  std::uint32_t request_lost = 0;
  std::uint32_t reply_lost = 0;
  std::uint32_t duplicated = 0;  // of requests that may be repeated
  base::Duration delay_max = base::milliseconds(1);
  base::Duration partition_every;
  base::Duration partition_max;
  // The workers.
  std::uint32_t worker_dies = 0;   // instead of answering
  std::uint32_t answers_late = 0;  // after its lease is gone
  std::uint32_t answers_twice = 0;
  std::uint32_t gives_back = 0;
  std::uint32_t forgets = 0;    // the coroutine between two turns
  std::uint32_t disagrees = 0;  // says that the history is not its own
  std::uint32_t garbage = 0;    // decides what nobody may, where the workload bears it
  std::uint32_t activity_slow = 0;
  base::Duration activity_slow_max = base::seconds(60);
};

/// Draws what is on and how often.
Faults draw_faults(base::Prng& random);

/// How often each thing happened, by name; for the ledger.
enum class Counted : std::uint8_t {
  kCrash,
  kCrashInRecovery,
  kTornTail,
  kSyncInterrupted,
  kSyncFailed,
  kDiskFull,
  kFoldStopped,
  kSlowSync,
  kPause,
  kClockJump,
  kRequestLost,
  kReplyLost,
  kDuplicate,
  kPartition,
  kWorkerDied,
  kAnsweredLate,
  kAnsweredTwice,
  kGivenBack,
  kForgotten,
  kDisagreed,
  kGarbage,
  kTakeover,
  kMessageLost,
  kMessageDuplicated,
};
inline constexpr std::array<std::string_view, 24> kCountedNames = {
    "crash",          "crash_in_recovery", "torn_tail",    "sync_interrupted",
    "sync_failed",    "disk_full",         "fold_stopped", "slow_sync",
    "pause",          "clock_jump",        "request_lost", "reply_lost",
    "duplicate",      "partition",         "worker_died",  "answered_late",
    "answered_twice", "given_back",        "forgotten",    "disagreed",
    "garbage",        "takeover",          "message_lost", "message_duplicated"};

struct Tally {
  std::array<std::uint64_t, kCountedNames.size()> faults{};
  std::uint64_t recoveries = 0;
  std::uint64_t commands = 0;    // that the engines carried out
  std::uint64_t operations = 0;  // of clients
  std::uint64_t instances = 0;
  std::uint64_t sections = 0;      // critical ones that did something
  std::uint64_t sections_cut = 0;  // of these, whose owner ended before it had done all

  void count(Counted what) { ++faults[static_cast<std::size_t>(what)]; }
};

}  // namespace perdure::sim

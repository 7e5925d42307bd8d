// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Every bound of the platform, with its reason. A limit is checked at entry, before anything is
// durable: what was accepted can be delivered. Limits are part of the promise: lower one only with
// a migration.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace perdure::model {

// Ids and names. They are parts of keys, so they are short, and hold no byte below 0x20.
inline constexpr std::size_t kInstanceIdBytesMax = 512;
inline constexpr std::size_t kHubNameBytesMax = 64;
inline constexpr std::size_t kFunctionNameBytesMax = 256;
inline constexpr std::size_t kEventNameBytesMax = 256;
inline constexpr std::size_t kEntityNameBytesMax = 128;
inline constexpr std::size_t kOperationNameBytesMax = 256;
inline constexpr std::size_t kVersionBytesMax = 64;
inline constexpr std::size_t kReasonBytesMax = 4096;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 256;
inline constexpr std::size_t kTraceParentBytesMax = 640;  // the W3C's: 55, and a tracestate of 512
inline constexpr std::size_t kCorrelationBytesMax = 256;
inline constexpr std::size_t kWorkerTraceBytesMax = 256;
inline constexpr std::size_t kTagsMax = 64;
inline constexpr std::size_t kTagBytesMax = 512;

// Payloads. Larger data is passed by reference.
inline constexpr std::size_t kPayloadBytesMax = std::size_t{2} << 20;
inline constexpr std::size_t kCustomStatusBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kProgressBytesMax = std::size_t{16} << 10;  // of an activity
inline constexpr std::size_t kFailureBytesMax = std::size_t{64} << 10;
inline constexpr int kFailureDepthMax = 16;

// One turn. A turn is one atomic commit, so it must fit into one record of the log.
inline constexpr std::size_t kActionsPerTurnMax = 100'000;
inline constexpr std::size_t kTurnBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kEventsPerTurnMax = 10'000;

// One instance.
inline constexpr std::size_t kInboxMessagesMax = 100'000;
inline constexpr std::size_t kPendingTasksMax = 100'000;
inline constexpr std::uint64_t kHistoryEventsMax = 1'000'000;
inline constexpr std::uint32_t kAttemptsMax = 10;  // hand-outs of a work item whose worker dies
inline constexpr std::size_t kOperationsPerBatchMax = 1000;
inline constexpr std::size_t kSectionEntitiesMax = 1000;  // locked by one critical section
inline constexpr base::Duration kTombstoneRetention = base::seconds(3600);

// A turn that waits for more outcomes (core::GatherRules).
inline constexpr std::uint64_t kGatherHistoryEventsMin = 100;  // less is replayed in no time
inline constexpr base::Duration kGatherTurnMin = base::milliseconds(5);
inline constexpr base::Duration kGatherWaitMax = base::seconds(1);
inline constexpr std::int64_t kGatherTurns = 2;  // waits so many times as long as a turn took
inline constexpr std::size_t kGatherMessagesMin = 2;

// One shard.
inline constexpr std::size_t kShardsDefault = 64;
inline constexpr std::size_t kShardsMax = 4096;
inline constexpr std::size_t kWaitersMax = 100'000;
inline constexpr std::size_t kGarbageRowsPerStep = 512;  // history rows deleted by one command

// Queries.
inline constexpr std::size_t kListPageMax = 1000;
inline constexpr std::size_t kListScanMax = 100'000;  // rows looked at for one page
inline constexpr std::size_t kHistoryPageBytes = std::size_t{1} << 20;

}  // namespace perdure::model

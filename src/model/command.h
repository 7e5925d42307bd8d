// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything that can happen to a shard. Closed. One file in core/commands/ for each. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "model/action.h"
#include "model/failure.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/message.h"
#include "model/payload.h"
#include "model/work_item.h"

namespace perdure::model {

/// A set of statuses, as a bit mask.
struct StatusSet {
  std::uint16_t bits = 0;

  [[nodiscard]] constexpr bool contains(Status status) const {
    return (bits >> static_cast<unsigned>(status) & 1U) != 0;
  }
  [[nodiscard]] constexpr StatusSet with(Status status) const {
    return {static_cast<std::uint16_t>(bits | 1U << static_cast<unsigned>(status))};
  }
  friend bool operator==(const StatusSet&, const StatusSet&) = default;
};

inline constexpr StatusSet kNoStatus{};
inline constexpr StatusSet kEveryTerminal =
    StatusSet{}.with(Status::kCompleted).with(Status::kFailed).with(Status::kTerminated);
inline constexpr StatusSet kEveryStatus =
    kEveryTerminal.with(Status::kPending).with(Status::kRunning).with(Status::kSuspended);

/// What a start does when the id is taken. In `replaceable`: the old instance is terminated if it
/// is live, and gives way. Otherwise: kReject answers ALREADY_EXISTS, kIgnore answers with the
/// existing one.
struct ReusePolicy {
  enum class Otherwise : std::uint8_t { kReject, kIgnore };

  StatusSet replaceable = kNoStatus;
  Otherwise otherwise = Otherwise::kReject;
  /// kIgnore is meant for these; others are rejected.
  StatusSet ignorable = kEveryStatus;

  friend bool operator==(const ReusePolicy&, const ReusePolicy&) = default;
};

// ---- From clients -------------------------------------------------------------------------------

struct StartInstance {
  RequestId request;
  InstanceKey key;
  ExecutionStarted started;  // parent is empty
  ReusePolicy reuse;
  /// A repeated start with the same non-empty key answers as the first one did.
  std::string idempotency_key;
};

struct RaiseEvent {
  RequestId request;
  InstanceKey key;
  EventRaised event;
};

struct TerminateInstance {
  RequestId request;
  InstanceKey key;
  std::string reason;
  Payload output;
  bool recursive = false;
};

struct SuspendInstance {
  RequestId request;
  InstanceKey key;
  std::string reason;
};

/// Also gives a parked instance another try.
struct ResumeInstance {
  RequestId request;
  InstanceKey key;
  std::string reason;
};

/// Of a failed instance: undo the failures that its code did not react to, and go on.
struct RewindInstance {
  RequestId request;
  InstanceKey key;
  std::string reason;
};

/// Of an ended instance: begin again with the same name, version, input and tags.
struct RestartInstance {
  RequestId request;
  InstanceKey key;
};

/// Of an ended instance: forget everything but a tombstone.
struct PurgeInstance {
  RequestId request;
  InstanceKey key;
};

struct GetInstance {
  RequestId request;
  InstanceKey key;
  bool with_input = false;
};

enum class Until : std::uint8_t { kStarted, kEnded };

/// Answers with a snapshot when the instance is there. An unknown id is waited for, if so asked.
struct AwaitInstance {
  RequestId request;
  InstanceKey key;
  Until until = Until::kEnded;
  bool wait_if_unknown = false;
};

/// The caller of the AwaitInstance with this request gave up. Has no reply of its own.
struct CancelAwait {
  RequestId request;
  InstanceKey key;
};

/// Runs an operation of an entity. The answer is its outcome: OperationOutcome.
struct CallEntity {
  RequestId request;
  InstanceKey key;
  std::string operation;
  Payload input;
};

/// The same, but the answer is Done, as soon as the operation is sure to run; which is not before
/// `fire_at`.
struct SignalEntity {
  RequestId request;
  InstanceKey key;
  std::string operation;
  Payload input;
  std::optional<base::Timestamp> fire_at;
};

/// Drops the state of an entity and every operation that waits for it; whoever waits for one is
/// told that it failed. A lock stays with its section.
struct PurgeEntity {
  RequestId request;
  InstanceKey key;
};

/// Answers with an EntitySnapshot, without waiting for a commit.
struct GetEntity {
  RequestId request;
  InstanceKey key;
};

// ---- From workers -------------------------------------------------------------------------------

struct CompleteTurn {
  TurnToken token;
  TurnResult result;
};

/// The worker can not run the turn: the code disagrees with the history, or is not known here. The
/// instance is parked: nothing is written, nothing is tried again until a resume, a new worker or a
/// restart of the process.
struct RefuseTurn {
  TurnToken token;
  std::string why;
};

struct CompleteActivity {
  ActivityToken token;
  std::variant<Payload, Failure> outcome;
};

/// The activity is still at work, and how far it is. One above kProgressBytesMax is not kept.
struct ReportProgress {
  ActivityToken token;
  Payload progress;  // absent: unchanged
  /// What the engine may count on until the next report; after it the hand-out counts as lost.
  /// Zero: nothing. Not stored.
  base::Duration next_within{};
};

/// An item that is to be handed out again is about to be: count it durably, then offer it.
struct BeginAttempt {
  WorkToken token;
};

/// The worker that held the item is gone, or gave it back.
struct ReturnWork {
  WorkToken token;
  /// It says that it has not begun: the hand-out does not count as an attempt.
  bool untouched = false;
};

// ---- From timers, other shards and the engine itself --------------------------------------------

struct FireTimer {
  InstanceKey key;
  Execution execution;
  TaskId task;
  base::Timestamp fire_at;
};

struct Deliver {
  ShardId source;
  ShardId target;
  std::uint64_t sequence = 0;
  Message message;
};

/// The target has made everything up to and including `sequence` durable.
struct Acknowledge {
  ShardId source;  // the shard this command is for
  ShardId target;
  std::uint64_t sequence = 0;
};

/// After a restart: load the instance and offer whatever it owes the world. A parked one gets
/// another try, as it does when a worker attaches that takes its name.
struct Recover {
  InstanceKey key;
};

/// The time of a GatherTurn is over: the turn takes in what there is. Nothing to an instance that
/// does not gather any more.
struct OfferGathered {
  InstanceKey key;
};

/// Delete a bounded number of rows of a history that is no longer needed.
struct CollectGarbage {
  InstanceKey key;
  Execution execution;
};

using Command =
    std::variant<StartInstance, RaiseEvent, TerminateInstance, SuspendInstance, ResumeInstance,
                 RewindInstance, RestartInstance, PurgeInstance, GetInstance, AwaitInstance,
                 CancelAwait, CallEntity, SignalEntity, PurgeEntity, GetEntity, CompleteTurn,
                 RefuseTurn, CompleteActivity, ReportProgress, BeginAttempt, ReturnWork, FireTimer,
                 Deliver, Acknowledge, Recover, OfferGathered, CollectGarbage>;

/// The instance a command is about; nullptr for an acknowledgement, which is about a shard.
const InstanceKey* instance_of(const Command& command);
/// Who waits for an answer; kNoRequest if nobody does.
RequestId request_of(const Command& command);

}  // namespace perdure::model

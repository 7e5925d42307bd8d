// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a transition lets out. Effects are values: the core describes, the engine does. Except where
// an effect says otherwise, it may leave only when the writes of its transition are durable (the
// output gate).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/message.h"
#include "model/work_item.h"

namespace perdure::model {

/// A first hand-out leaves at once: a turn is pure, and its outcome is durable only together with
/// its inputs. A later one waits, because its attempt must be counted first.
struct OfferTurn {
  TurnItem item;

  friend bool operator==(const OfferTurn&, const OfferTurn&) = default;
};

/// Leaves at once if it is speculative: its outcome, and all that follows from that, stays inside
/// until what it rests on is durable.
struct OfferActivity {
  ActivityItem item;

  friend bool operator==(const OfferActivity&, const OfferActivity&) = default;
};

/// Nobody waits for this item any more: drop it if it is queued, tell its worker if it is running.
struct WithdrawWork {
  WorkToken token;

  friend bool operator==(const WithdrawWork&, const WithdrawWork&) = default;
};

/// To the shard that owns the receiver. Until acknowledged it is owed again after every restart.
struct SendMessage {
  ShardId source;
  ShardId target;
  std::uint64_t sequence = 0;
  Message message;

  friend bool operator==(const SendMessage&, const SendMessage&) = default;
};

/// A message was taken in (or had been before): tell its source.
struct SendAcknowledgement {
  ShardId source;  // whose outbox may forget it
  ShardId target;
  std::uint64_t sequence = 0;

  friend bool operator==(const SendAcknowledgement&, const SendAcknowledgement&) = default;
};

/// There is a history to delete. Leaves at once: it asks for more work, it tells nobody anything.
struct MoreGarbage {
  InstanceKey key;
  Execution execution;

  friend bool operator==(const MoreGarbage&, const MoreGarbage&) = default;
};

/// The next turn waits, so that it takes in more outcomes: in so long at the latest, there must be
/// an OfferGathered. Replaces an earlier one of the instance; void once a turn is offered. Leaves
/// at once: it tells nobody anything.
struct GatherTurn {
  InstanceKey key;
  base::Duration wait{};

  friend bool operator==(const GatherTurn&, const GatherTurn&) = default;
};

struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

struct Started {
  InstanceKey key;
  Execution execution;
  bool created = true;  // false: an existing instance answered (kIgnore, or a repeated request)

  friend bool operator==(const Started&, const Started&) = default;
};

/// Of a CallEntity.
struct OperationOutcome {
  std::variant<Payload, Failure> outcome;

  friend bool operator==(const OperationOutcome&, const OperationOutcome&) = default;
};

using ReplyBody =
    std::variant<Done, Started, InstanceSnapshot, base::Error, OperationOutcome, EntitySnapshot>;

/// Leaves at once if it is an EntitySnapshot: that tells only what is durable.
struct Reply {
  RequestId request;
  ReplyBody body;

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// What clients see of this entity may change now, to what it was at `version`: for core::publish.
struct PublishEntity {
  InstanceKey key;
  std::uint64_t version = 0;

  friend bool operator==(const PublishEntity&, const PublishEntity&) = default;
};

using Effect = std::variant<OfferTurn, OfferActivity, WithdrawWork, SendMessage,
                            SendAcknowledgement, MoreGarbage, GatherTurn, Reply, PublishEntity>;

/// True for what need not wait for the disk: a first turn, a speculative activity, MoreGarbage,
/// GatherTurn, and what an entity is.
bool leaves_at_once(const Effect& effect);

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What must be true of a shard and its rows after every step. Each function appends one line for
// each law that does not hold, with the instance named; nothing appended means that all hold.
//
//   recovery   what the rows of an instance decode to is what the shard holds in memory
//   timers     timer rows = the shard's timers = pending timers of all instances
//   ready      the agenda names an instance exactly while it owes work
//   history    rows without gaps, the chain unbroken, one beginning, an end exactly if it ended;
//              no row of a history that neither lives nor waits to be deleted
//   pending    pending tasks = scheduled in the history, without an outcome there or in the inbox
//   outbox     outbox rows = messages that the shard holds for unacknowledged
//   locks      who holds an entity, or is in line for it, is in a section that knows; or the
//   message
//              that says otherwise is on its way
//   limits     no collection is beyond its bound
//   memory     the count of bytes is the sum over the instances
//
// REQUIRES: the writes of the shard are taken and are in the rows. Free functions; no state.
#pragma once

#include <string>
#include <vector>

#include "core/shard.h"
#include "core/testing/rows.h"
#include "model/event.h"
#include "model/ids.h"

namespace perdure::core::testing {

using Broken = std::vector<std::string>;

/// The laws of one instance: cheap, for after each command.
void check_instance(const RowMap& rows, const Shard& shard, const model::InstanceKey& key,
                    Broken& broken);

/// The laws of the agenda and of the memory of one shard.
void check_shard(const RowMap& rows, const Shard& shard, Broken& broken);

/// All laws, for every row that there is; also those between instances: who holds which entity.
void check_everything(const RowMap& rows, const std::vector<Shard>& shards, Broken& broken);

/// The events of the current history of an instance, from its rows; empty for an unknown one.
std::vector<model::Event> history_in(const RowMap& rows, const model::InstanceKey& key);

/// What the rows of an instance say; `exists` is false without any.
Instance instance_in(const RowMap& rows, const model::InstanceKey& key, Broken& broken);

}  // namespace perdure::core::testing

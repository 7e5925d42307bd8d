// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities as the older generation of SDKs speaks of them: operations, locks and their answers are
// events with JSON in them, sent to an instance "@name@key" and raised under the id of the request.
// They become what the newer generation says with messages of its own, and are told to the worker
// as it said them: the record keeps its names in the correlation, "legacy <id> <event> <target>".
//
// Pure; thread-safe.
#pragma once

#include <durabletask/orchestrator_service.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/action.h"
#include "transport/durabletask/turns.h"

namespace perdure::durabletask {

/// Sent to an entity: an operation, a request for locks, or the end of a section.
bool is_legacy(const ::SendEventAction& action);
/// `sections`: learns of a request, knows of an end. kInvalidArgument: its JSON is none of these.
base::Result<model::Action> from_legacy(model::TaskId task, const ::SendEventAction& action,
                                        Sections& sections);

/// What a correlation of such a message holds; nothing for that of a newer one.
struct LegacyNames {
  std::string id;      // of the request or the section
  std::string event;   // as it was sent: "op", "op@2026-...", "release"
  std::string target;  // the entity it was sent to
};
std::optional<LegacyNames> legacy_names(std::string_view correlation);

/// The events of the history, as the worker knows them.
void tell_legacy(const LegacyNames& names, const model::OperationCalled& called,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::OperationSignaled& signaled,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::LockRequested& requested,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::LockReleased& released,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::OperationCompleted& completed,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::OperationFailed& failed,
                 ::HistoryEvent* event);
void tell_legacy(const LegacyNames& names, const model::LockGranted& granted,
                 ::HistoryEvent* event);

}  // namespace perdure::durabletask

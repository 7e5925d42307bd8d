// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One function for each kind of command; a kind without one does not compile. The files beside this
// one are the command reference.
#pragma once

#include "core/transition.h"
#include "model/command.h"

namespace perdure::core {

// From clients.
void apply_command(Transition& t, model::StartInstance& command);
void apply_command(Transition& t, model::RaiseEvent& command);
void apply_command(Transition& t, model::TerminateInstance& command);
void apply_command(Transition& t, model::SuspendInstance& command);
void apply_command(Transition& t, model::ResumeInstance& command);
void apply_command(Transition& t, model::RewindInstance& command);
void apply_command(Transition& t, model::RestartInstance& command);
void apply_command(Transition& t, model::PurgeInstance& command);
void apply_command(Transition& t, model::GetInstance& command);
void apply_command(Transition& t, model::AwaitInstance& command);
void apply_command(Transition& t, model::CancelAwait& command);

void apply_command(Transition& t, model::CallEntity& command);
void apply_command(Transition& t, model::SignalEntity& command);
void apply_command(Transition& t, model::PurgeEntity& command);
void apply_command(Transition& t, model::GetEntity& command);

// From workers.
void apply_command(Transition& t, model::CompleteTurn& command);
void apply_command(Transition& t, model::RefuseTurn& command);
void apply_command(Transition& t, model::CompleteActivity& command);
void apply_command(Transition& t, model::ReportProgress& command);
void apply_command(Transition& t, model::BeginAttempt& command);
void apply_command(Transition& t, model::ReturnWork& command);

// From timers, other shards and the engine.
void apply_command(Transition& t, model::FireTimer& command);
void apply_command(Transition& t, model::Deliver& command);
void apply_command(Transition& t, model::Acknowledge& command);
void apply_command(Transition& t, model::Recover& command);
void apply_command(Transition& t, model::OfferGathered& command);
void apply_command(Transition& t, model::CollectGarbage& command);

/// Continues a failed instance; shared by RewindInstance and a parent's RewindChild. REQUIRES: its
/// whole history is prefetched.
void rewind(Transition& t, Instance& instance, const std::string& reason);

/// Terminates a live instance: what a client's and a parent's terminate have in common.
void terminate(Transition& t, Instance& instance, const std::string& reason, model::Payload output,
               bool recursive);

/// What these actions of an orchestration send, in its turn and again when it is rewound.
model::StartChild start_of(const Instance& instance, const model::ChildScheduled& scheduled);
model::RunOperation call_of(const Instance& instance, const model::OperationCalled& called);

/// An entity's side of CompleteTurn. `turn` was in flight and is not any more.
void complete_batch(Transition& t, Instance& entity, const Instance::TurnInFlight& turn,
                    model::TurnResult result);

/// The first operation of the next batch killed its workers: it fails, the others go on.
void fail_first_operation(Transition& t, Instance& entity, model::Failure failure);

/// The failed execution ended inside a critical section: its locks are given back, and a replay
/// would go on as if it had them.
bool ends_inside_a_section(const Prefetched& prefetched);

}  // namespace perdure::core

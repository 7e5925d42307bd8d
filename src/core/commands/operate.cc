// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// RaiseEvent, TerminateInstance, SuspendInstance, ResumeInstance, PurgeInstance: what people and
// programs do to an instance from outside. None of them needs a worker.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/commands/commands.h"
#include "model/limits.h"

namespace perdure::core {
namespace {

using base::ErrorCode;
using model::Status;

/// nullptr, after answering why, unless the instance is live.
Instance* live(Transition& t, model::RequestId request, const model::InstanceKey& key,
               std::string_view what) {
  Instance* instance = t.visible(request, key);
  if (instance == nullptr) return nullptr;
  const Status status = instance->stored.record.status;
  if (model::is_live(status)) return instance;
  t.reject(request, ErrorCode::kFailedPrecondition,
           fmt::format("instance '{}' is {}; only a live one can {}", key.id,
                       model::status_name(status), what));
  return nullptr;
}

/// True, after answering why, if there is no room for another message.
bool refuse_full_inbox(Transition& t, model::RequestId request, const Instance& instance) {
  if (instance.stored.inbox.size() < model::kInboxMessagesMax) return false;
  t.reject(request, ErrorCode::kResourceExhausted,
           fmt::format("the inbox of instance '{}' holds {} messages, its limit; try again when it "
                       "has taken some",
                       instance.key.id, model::kInboxMessagesMax));
  return true;
}

/// When a purged instance may be forgotten: when no late message can mean it any more, and the
/// clock has passed its execution number, which the next start must exceed.
base::Timestamp end_of_tombstone(const Transition& t, const model::InstanceRecord& record) {
  constexpr auto kLast = static_cast<std::uint64_t>(base::kEndOfTime.us);
  const base::Timestamp number{static_cast<std::int64_t>(std::min(record.execution.value, kLast))};
  return std::max(t.facts.now, number) + model::kTombstoneRetention;
}

}  // namespace

void apply_command(Transition& t, model::RaiseEvent& command) {
  Instance* instance = live(t, command.request, command.key, "take events");
  if (instance == nullptr) return;
  if (refuse_full_inbox(t, command.request, *instance)) return;
  t.deliver(*instance, std::move(command.event));
  t.reply(command.request, model::Done{});
}

void terminate(Transition& t, Instance& instance, const std::string& reason, model::Payload output,
               bool recursive) {
  if (recursive) t.terminate_children(instance, reason);
  t.end_now(instance,
            model::Event{t.facts.now,
                         model::ExecutionTerminated{.reason = reason, .recursive = recursive}},
            {.ending = model::Ending::kTerminated,
             .output = std::move(output),
             .failure = model::Failure{.type = model::kFailureTerminated,
                                       .message = reason.empty() ? "terminated" : reason,
                                       .retriable = false}});
}

void apply_command(Transition& t, model::TerminateInstance& command) {
  Instance* found = t.visible(command.request, command.key);
  if (found == nullptr) return;
  if (model::is_terminal(found->stored.record.status)) {
    // It ended before; a recursive terminate still reaches the children it left behind.
    if (command.recursive && !found->stored.pending.empty()) {
      t.terminate_children(*found, command.reason);
      return t.reply(command.request, model::Done{});
    }
  }
  Instance* instance = live(t, command.request, command.key, "be terminated");
  if (instance == nullptr) return;
  terminate(t, *instance, command.reason, std::move(command.output), command.recursive);
  t.reply(command.request, model::Done{});
}

void apply_command(Transition& t, model::SuspendInstance& command) {
  Instance* instance = live(t, command.request, command.key, "be suspended");
  if (instance == nullptr) return;
  model::InstanceRecord& record = instance->stored.record;
  if (record.status != Status::kSuspended) {
    // It adds a message, so that alternating suspends and resumes must end somewhere. A resume is
    // never refused: an instance could not be helped any more.
    if (refuse_full_inbox(t, command.request, *instance)) return;
    record.resume_to = record.status;
    record.status = Status::kSuspended;
    t.stamp(*instance);
    t.deliver(*instance, model::ExecutionSuspended{std::move(command.reason)});
    t.notify_waiters(*instance);  // it is not pending any more
  }
  t.reply(command.request, model::Done{});
}

void apply_command(Transition& t, model::ResumeInstance& command) {
  Instance* instance = live(t, command.request, command.key, "be resumed");
  if (instance == nullptr) return;
  model::InstanceRecord& record = instance->stored.record;
  t.unpark(*instance);
  if (record.status == Status::kSuspended) {
    record.status = record.resume_to;
    t.stamp(*instance);
    t.deliver(*instance, model::ExecutionResumed{std::move(command.reason)});
  }
  t.offer_turn(*instance);
  t.reply(command.request, model::Done{});
}

void apply_command(Transition& t, model::PurgeInstance& command) {
  Instance* instance = t.visible(command.request, command.key);
  if (instance == nullptr) return;
  model::InstanceRecord& record = instance->stored.record;
  if (!model::is_terminal(record.status)) {
    return t.reject(command.request, ErrorCode::kFailedPrecondition,
                    fmt::format("instance '{}' is {}; only an ended one can be purged: terminate "
                                "it first",
                                command.key.id, model::status_name(record.status)));
  }
  t.drop_contents(*instance);
  record = {.status = Status::kPurged,
            .execution = record.execution,
            .updated = t.facts.now,
            .inbox_next = record.inbox_next};
  t.touch(*instance);
  const base::Timestamp until = end_of_tombstone(t, record);
  if (until < base::kEndOfTime) {  // the next execution can have a larger number by then
    t.add_pending(*instance, model::kTombstoneTimer,
                  {.kind = model::TaskKind::kTimer, .fire_at = until});
  }
  t.reply(command.request, model::Done{});
}

}  // namespace perdure::core

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/router.h"

#include <mutex>
#include <utility>

#include "base/check.h"
#include "model/checks.h"
#include "model/limits.h"

namespace perdure::engine {
namespace {

/// What was accepted can be delivered: a result above the limit is an outcome of its own.
void bound_result(model::Command& command) {
  auto* completed = std::get_if<model::CompleteActivity>(&command);
  if (completed == nullptr) return;
  const auto* result = std::get_if<model::Payload>(&completed->outcome);
  if (result == nullptr) return;
  auto checked = model::check_payload("activity result", *result, model::kPayloadBytesMax);
  if (checked) return;
  completed->outcome = model::Failure{.type = model::kFailureLimit,
                                      .message = std::move(checked).error().message,
                                      .stack = {},
                                      .retriable = false,
                                      .inner = {}};
}

}  // namespace

model::ShardId shard_of(const model::Command& command, std::uint32_t shard_count) {
  if (const auto* acknowledge = std::get_if<model::Acknowledge>(&command)) {
    return acknowledge->source;
  }
  if (const auto* deliver = std::get_if<model::Deliver>(&command)) return deliver->target;
  return model::shard_of(model::slot_of(*model::instance_of(command)), shard_count);
}

Router::Router(std::uint32_t shard_count, std::uint32_t executors, std::size_t commands_max)
    : shard_count_(shard_count) {
  PERDURE_CHECK(1 <= executors && executors <= shard_count, "each executor owns a shard or more");
  for (std::uint32_t i = 0; i < executors; ++i) {
    mailboxes_.push_back(std::make_unique<runtime::Mailbox<Mail>>(commands_max));
    attached_.emplace_back();
  }
}

std::uint32_t Router::executor_of(model::ShardId shard) const {
  return static_cast<std::uint32_t>(std::uint64_t{shard.value} * mailboxes_.size() / shard_count_);
}

runtime::Pushed Router::submit(Mail&& mail) {
  const std::uint32_t executor = executor_of(shard_of(mail.command, shard_count_));
  const std::size_t bytes = mail.bytes;
  queued_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const runtime::Pushed pushed = mailboxes_[executor]->push(std::move(mail));
  if (pushed != runtime::Pushed::kYes) taken(bytes);
  return pushed;
}

void Router::post(model::Command command) {
  bound_result(command);
  const std::uint32_t executor =
      mailboxes_.size() == 1 ? 0 : executor_of(shard_of(command, shard_count_));
  mailboxes_[executor]->push_always(Mail{.command = std::move(command), .reply = {}});
}

void Router::post_all(std::vector<model::Command> commands) {
  const auto as_mail = [](model::Command&& command) {
    bound_result(command);
    return Mail{.command = std::move(command), .reply = {}};
  };
  if (mailboxes_.size() == 1) {
    mailboxes_.front()->push_all_always(commands, as_mail);
    return;
  }
  std::vector<std::vector<model::Command>> by_executor(mailboxes_.size());
  for (model::Command& command : commands) {
    by_executor[executor_of(shard_of(command, shard_count_))].push_back(std::move(command));
  }
  for (std::size_t i = 0; i < by_executor.size(); ++i) {
    if (!by_executor[i].empty()) mailboxes_[i]->push_all_always(by_executor[i], as_mail);
  }
}

void Router::attached(const dispatch::TurnFilter& turns) {
  {
    const std::lock_guard lock(attached_mutex_);
    for (Attached& one : attached_) {
      if (one.turns.size() >= kAttachedMax) one.turns.assign(1, dispatch::TurnFilter{});
      one.turns.push_back(turns);
      one.any = true;
    }
  }
  poke_all();
}

std::vector<dispatch::TurnFilter> Router::take_attached(std::uint32_t executor) {
  Attached& one = attached_[executor];
  if (!one.any) return {};
  const std::lock_guard lock(attached_mutex_);
  one.any = false;
  return std::exchange(one.turns, {});
}

void Router::poke_all() {
  for (const auto& mailbox : mailboxes_) mailbox->poke();
}

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a command goes: the instance gives the slot, the slot the shard, the shard the executor.
// The router owns the executors' mailboxes, and is what the dispatcher posts answers to.
//
// Commands of clients are bounded and may be refused. Commands of the engine itself are not: there
// is at most one for each lease, timer or message that is owed, and losing one would lose that.
//
// Thread-safe; outlives the executors and the dispatcher.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "dispatch/dispatcher.h"
#include "engine/mail.h"
#include "model/ids.h"
#include "runtime/mailbox.h"
#include "runtime/monitor.h"

namespace perdure::engine {

/// News of attached workers that wait for an executor. More are told as one worker that takes every
/// name: a refusal more than there need be, once.
inline constexpr std::size_t kAttachedMax = 64;

/// The shard that carries a command out.
model::ShardId shard_of(const model::Command& command, std::uint32_t shard_count);

class Router final : public dispatch::CommandSink {
 public:
  /// REQUIRES: 1 <= executors <= shard_count.
  Router(std::uint32_t shard_count, std::uint32_t executors, std::size_t commands_max);

  [[nodiscard]] std::uint32_t shard_count() const { return shard_count_; }
  [[nodiscard]] std::uint32_t executor_count() const {
    return static_cast<std::uint32_t>(mailboxes_.size());
  }
  [[nodiscard]] std::uint32_t executor_of(model::ShardId shard) const;
  [[nodiscard]] runtime::Mailbox<Mail>& mailbox(std::uint32_t executor) {
    return *mailboxes_[executor];
  }

  /// From a client; untouched unless the answer is kYes.
  runtime::Pushed submit(Mail&& mail);

  /// A result of an activity that is too large becomes its failure. Dropped once closed: what a
  /// worker or a shard had to say then is owed again after the restart.
  void post(model::Command command) override;
  void post_all(std::vector<model::Command> commands) override;
  void attached(const dispatch::TurnFilter& turns) override;
  /// What the workers take that attached since the executor asked last; none: nobody did.
  std::vector<dispatch::TurnFilter> take_attached(std::uint32_t executor);

  /// Ends every executor's wait.
  void poke_all();

  /// Payload bytes of client commands that no executor has carried out.
  [[nodiscard]] std::size_t queued_bytes() const {
    return queued_bytes_.load(std::memory_order_relaxed);
  }
  void taken(std::size_t bytes) { queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  /// The news of attached workers for one executor.
  struct Attached {
    std::atomic<bool> any = false;
    std::vector<dispatch::TurnFilter> turns;  // under attached_mutex_
  };

  const std::uint32_t shard_count_;
  std::vector<std::unique_ptr<runtime::Mailbox<Mail>>> mailboxes_;
  std::atomic<std::size_t> queued_bytes_ = 0;
  runtime::Mutex attached_mutex_;
  std::deque<Attached> attached_;  // by executor
};

}  // namespace perdure::engine

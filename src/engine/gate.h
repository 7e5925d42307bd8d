// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The output gate: what a step decided leaves the engine only when it is durable. Each step hands
// in its effects with the position of its writes; `release` lets out, in order, whatever the store
// has made durable: work and withdrawals to the dispatcher, messages and acknowledgements to other
// executors, replies to their callers. Also keeps the callers.
//
// Owned by one executor; not thread-safe. Releasing an effect twice would be harmless (tokens and
// sequences tell), losing one is not: only a crash does, and then recovery owes it again.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dispatch/dispatcher.h"
#include "engine/mail.h"
#include "engine/router.h"
#include "model/effect.h"
#include "store/log.h"

namespace perdure::engine {

/// What one step lets out when its writes are durable.
struct Held {
  store::Position position;
  std::size_t bytes = 0;  // of its writes
  std::vector<model::Effect> effects;
  std::vector<model::WorkToken> prepared;  // attempts that were counted
};

class OutputGate final {
 public:
  /// Both outlive the gate.
  OutputGate(dispatch::Dispatcher& dispatcher, Router& router)
      : dispatcher_(dispatcher), router_(router) {}

  /// REQUIRES: positions never go back.
  void hold(Held held);
  /// Lets everything up to `durable` out; answers how many effects that were.
  std::size_t release(store::Position durable);

  /// The entities that clients may see anew, since the last call.
  std::vector<model::PublishEntity> take_published() { return std::exchange(published_, {}); }

  [[nodiscard]] bool empty() const { return held_.empty(); }
  /// Something that was decided up to the position has not left.
  [[nodiscard]] bool holds(store::Position position) const {
    return !held_.empty() && held_.front().position <= position;
  }
  /// Written by steps that are not durable.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // ---- callers ----
  void expect(model::RequestId request, ReplyCallback reply);
  /// Nobody is told if the request is not known (any more).
  void answer(model::RequestId request, model::ReplyBody body);
  void answer_all(const base::Error& error);
  [[nodiscard]] std::size_t waiting() const { return callers_.size(); }

 private:
  void sort(model::Effect& effect);
  void let_out();

  dispatch::Dispatcher& dispatcher_;
  Router& router_;
  std::deque<Held> held_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::uint64_t, ReplyCallback> callers_;

  // What is being released, by where it goes. Empty between calls; kept for their memory.
  std::vector<model::TurnItem> turns_;
  std::vector<model::ActivityItem> activities_;
  std::vector<model::WorkToken> withdrawn_;
  std::vector<model::WorkToken> prepared_;
  std::vector<model::Command> commands_;
  std::vector<model::Reply> replies_;

  std::vector<model::PublishEntity> published_;
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/gate.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"

namespace perdure::engine {

void OutputGate::hold(Held held) {
  PERDURE_CHECK(held_.empty() || held_.back().position <= held.position,
                "a later step became durable before an earlier one");
  bytes_ += held.bytes;
  held_.push_back(std::move(held));
}

std::size_t OutputGate::release(store::Position durable) {
  std::size_t count = 0;
  while (!held_.empty() && held_.front().position <= durable) {
    Held& held = held_.front();
    bytes_ -= held.bytes;
    count += held.effects.size();
    for (model::Effect& effect : held.effects) sort(effect);
    std::ranges::move(held.prepared, std::back_inserter(prepared_));
    held_.pop_front();
  }
  let_out();
  return count;
}

void OutputGate::sort(model::Effect& effect) {
  std::visit(
      base::Overloaded{
          [&](model::OfferTurn& offer) { turns_.push_back(std::move(offer.item)); },
          [&](model::OfferActivity& offer) { activities_.push_back(std::move(offer.item)); },
          [&](model::WithdrawWork& withdraw) { withdrawn_.push_back(std::move(withdraw.token)); },
          [&](model::SendMessage& send) {
            commands_.push_back(model::Deliver{.source = send.source,
                                               .target = send.target,
                                               .sequence = send.sequence,
                                               .message = std::move(send.message)});
          },
          [&](model::SendAcknowledgement& send) {
            commands_.push_back(model::Acknowledge{
                .source = send.source, .target = send.target, .sequence = send.sequence});
          },
          [&](model::MoreGarbage&) { PERDURE_CHECK(false, "garbage does not pass the gate"); },
          [&](model::GatherTurn&) { PERDURE_CHECK(false, "a wait does not pass the gate"); },
          [&](model::Reply& reply) { replies_.push_back(std::move(reply)); },
          [&](model::PublishEntity& change) { published_.push_back(std::move(change)); },
      },
      effect);
}

void OutputGate::let_out() {
  // An item may be offered and withdrawn by two steps that are released together, never the other
  // way round; and what was offered must be there before its place is given free.
  if (!turns_.empty()) dispatcher_.offer(turns_);
  if (!activities_.empty()) dispatcher_.offer(activities_);
  if (!prepared_.empty()) dispatcher_.prepared(prepared_);
  if (!withdrawn_.empty()) dispatcher_.withdraw(withdrawn_);
  if (!commands_.empty()) router_.post_all(std::exchange(commands_, {}));
  turns_.clear();
  activities_.clear();
  prepared_.clear();
  withdrawn_.clear();
  for (model::Reply& reply : replies_) answer(reply.request, std::move(reply.body));
  replies_.clear();
}

void OutputGate::expect(model::RequestId request, ReplyCallback reply) {
  callers_.emplace(request.value, std::move(reply));
}

void OutputGate::answer(model::RequestId request, model::ReplyBody body) {
  auto caller = callers_.extract(request.value);
  if (!caller.empty()) caller.mapped()(std::move(body));
}

void OutputGate::answer_all(const base::Error& error) {
  for (auto& [request, reply] : std::exchange(callers_, {})) reply(error);
}

}  // namespace perdure::engine

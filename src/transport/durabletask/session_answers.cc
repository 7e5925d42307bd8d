// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a worker answers, and what it gives back.
#include <fmt/format.h>

#include <algorithm>

#include "transport/durabletask/session.h"

namespace perdure::durabletask {
namespace {

/// Instances whose returned turns are counted; more are forgotten all at once.
constexpr std::size_t kDeclinedMax = 10'000;

}  // namespace

std::string Session::activity_name(const std::string& instance, std::int32_t task) {
  return fmt::format("{} {}", task, instance);
}

void Session::drop_names(const std::string& token, const model::WorkToken& work) {
  const auto drop = [&](auto& names, const std::string& name) {
    const auto at = names.find(name);
    if (at != names.end() && at->second == token) names.erase(at);
  };
  if (const auto* turn = std::get_if<model::TurnToken>(&work)) return drop(turns_, turn->key.id);
  const auto& activity = std::get<model::ActivityToken>(work);
  drop(activities_, activity_name(activity.key.id, activity.task.value));
}

template <class Token>
std::optional<Session::Held> Session::take(const std::string& token) {
  const runtime::Lock lock(mutex_);
  const auto found = held_.find(token);
  if (found == held_.end() || found->second.returned_at) return std::nullopt;
  if (!std::holds_alternative<Token>(found->second.work)) return std::nullopt;
  drop_names(token, found->second.work);
  return std::move(held_.extract(found).mapped());
}

/// An answer that comes in pieces, when the last one is here.
base::Result<std::optional<::OrchestratorResponse>> Session::gather(const std::string& token,
                                                                    ::OrchestratorResponse piece) {
  const runtime::Lock lock(mutex_);
  const auto found = held_.find(token);
  if (found == held_.end()) return std::nullopt;
  Held& held = found->second;
  // A piece that was sent twice is taken once.
  const std::int32_t number = piece.chunkindex().value();
  if (number < held.pieces_taken) return std::nullopt;
  if (number > held.pieces_taken) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        fmt::format("piece {} of the answer came after {}", number, held.pieces_taken - 1));
  }
  ++held.pieces_taken;
  held.pieces.MergeFrom(piece);
  if (held.pieces.ByteSizeLong() > kPiecesBytesMax) {
    return base::fail(
        base::ErrorCode::kResourceExhausted,
        fmt::format("the answer to one turn is larger than {} MiB", kPiecesBytesMax >> 20));
  }
  if (piece.ispartial()) return std::nullopt;
  return std::move(held.pieces);
}

base::Result<> Session::complete(const std::string& token, ::OrchestratorResponse response) {
  if (response.has_chunkindex() || response.ispartial()) {
    PERDURE_ASSIGN_OR_RETURN(auto whole, gather(token, std::move(response)));
    if (!whole) return {};
    response = *std::move(whole);
  }
  std::optional<Held> held = take<model::TurnToken>(token);
  if (!held) return {};
  auto& turn = std::get<model::TurnToken>(held->work);
  std::optional<dispatch::WorkerId> id;
  {
    const runtime::Lock lock(mutex_);
    id = worker_;
    declined_.erase(turn.key.id);
  }
  if (!id) return {};
  dispatch::Dispatcher& dispatcher = around_.engine.dispatcher();
  auto result = to_result(turn, std::move(held->earlier), std::move(response));
  if (!result) {
    dispatcher.refuse_turn(*id, std::move(turn), result.error().message);
    return std::unexpected(std::move(result).error());
  }
  dispatcher.complete_turn(*id, std::move(turn), *std::move(result));
  return {};
}

void Session::complete(const std::string& token, ::ActivityResponse response) {
  std::optional<Held> held = take<model::ActivityToken>(token);
  const std::optional<dispatch::WorkerId> id = worker();
  if (!held || !id) return;
  around_.engine.dispatcher().complete_activity(*id, std::get<model::ActivityToken>(held->work),
                                                to_outcome(std::move(response)));
}

void Session::complete(const std::string& token, ::EntityBatchResult result) {
  std::optional<Held> held = take<model::TurnToken>(token);
  const std::optional<dispatch::WorkerId> id = worker();
  if (!held || !id) return;
  around_.engine.dispatcher().complete_turn(*id, std::get<model::TurnToken>(held->work),
                                            to_result(std::move(result)));
}

void Session::decline(const std::string& token) {
  std::optional<model::WorkToken> now;
  std::optional<dispatch::WorkerId> id;
  {
    const runtime::Lock lock(mutex_);
    id = worker_;
    const auto found = held_.find(token);
    if (found == held_.end() || found->second.returned_at) return;
    const auto* turn = std::get_if<model::TurnToken>(&found->second.work);
    int times = 0;
    if (turn != nullptr) {
      if (declined_.size() >= kDeclinedMax) declined_.clear();
      times = declined_[turn->key.id]++;
    }
    if (times == 0) {
      now = std::move(found->second.work);
      drop_names(token, *now);
      held_.erase(found);
    } else {
      // Nobody else took it: it waits here, so that it does not spin.
      base::Duration delay = kDeclinedDelayMin;
      for (int i = 1; i < times && delay < kDeclinedDelayMax; ++i) delay.us *= 2;
      found->second.returned_at = around_.engine.clock().monotonic() + delay;
    }
  }
  if (now && id) {
    around_.engine.dispatcher().give_back(*id, *std::move(now), dispatch::Dispatcher::Begun::kNo);
  }
}

std::string Session::token_of_turn(const std::string& instance) const {
  const runtime::Lock lock(mutex_);
  const auto found = turns_.find(instance);
  return found == turns_.end() ? std::string() : found->second;
}

std::string Session::token_of_activity(const std::string& instance, std::int32_t task) const {
  const runtime::Lock lock(mutex_);
  const auto found = activities_.find(activity_name(instance, task));
  return found == activities_.end() ? std::string() : found->second;
}

std::optional<model::TurnToken> Session::turn_held(const std::string& instance) const {
  const runtime::Lock lock(mutex_);
  const auto found = turns_.find(instance);
  if (found == turns_.end()) return std::nullopt;
  const auto held = held_.find(found->second);
  if (held == held_.end()) return std::nullopt;
  return std::get<model::TurnToken>(held->second.work);
}

}  // namespace perdure::durabletask

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/token.h"

#include <cstdint>
#include <limits>

#include "base/bytes.h"

namespace perdure::worker_service {
namespace {

// What is changed about the bytes gets another number.
constexpr std::uint8_t kTurn = 1;
constexpr std::uint8_t kActivity = 2;

void put_begin(base::Writer& out, std::uint8_t kind, const model::InstanceKey& key,
               model::Execution execution) {
  out.u8(kind);
  out.bytes(key.hub);
  out.bytes(key.id);
  out.varint(execution.value);
}

}  // namespace

std::string encode_token(const model::WorkToken& token) {
  std::string bytes;
  base::Writer out(bytes);
  if (const auto* turn = std::get_if<model::TurnToken>(&token)) {
    put_begin(out, kTurn, turn->key, turn->execution);
    out.varint(turn->past_events);
    out.varint(turn->attempt);
  } else {
    const auto& activity = std::get<model::ActivityToken>(token);
    put_begin(out, kActivity, activity.key, activity.execution);
    out.svarint(activity.task.value);
    out.varint(activity.attempt);
  }
  return bytes;
}

base::Result<model::WorkToken> decode_token(std::string_view bytes) {
  base::Reader in(bytes);
  const std::uint8_t kind = in.u8();
  model::InstanceKey key;
  key.hub = in.bytes();
  key.id = in.bytes();
  const model::Execution execution{in.varint()};
  const std::uint64_t past_events = kind == kTurn ? in.varint() : 0;
  const std::int64_t task = kind == kActivity ? in.svarint() : 0;
  const std::uint64_t attempt = in.varint();
  const bool in_range = attempt <= std::numeric_limits<model::Attempt>::max() &&
                        task == static_cast<std::int32_t>(task);
  if (!in.ok() || !in.done() || !in_range || (kind != kTurn && kind != kActivity)) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "an answer carries a token that no work item of this server has");
  }
  const auto hand_out = static_cast<model::Attempt>(attempt);
  if (kind == kTurn) return model::TurnToken{std::move(key), execution, past_events, hand_out};
  return model::ActivityToken{std::move(key), execution,
                              model::TaskId{static_cast<std::int32_t>(task)}, hand_out};
}

}  // namespace perdure::worker_service

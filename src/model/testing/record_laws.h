// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The laws of the record codec, for any bytes. The first byte of an input chooses the kind of row,
// and whether the rest is a whole row or a body that is sealed first: without that, no mutation
// would get past the checksum. A broken law stops the process. record_fuzz.cc searches for one; the
// normal tests feed generated inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/record.h"
#include "model/testing/seal.h"

namespace perdure::model::testing::record_laws {

inline constexpr std::string_view kKey = "key";
inline constexpr std::uint8_t kSealBit = 0x80;
inline constexpr std::size_t kChainBytes = 8;

enum class RowKind : std::uint8_t {
  kHead,
  kTask,
  kEvents,
  kChunk,
  kMessage,
  kMark,
  kNumber,
  kState
};
inline constexpr std::uint8_t kRowKinds = 8;

template <class Decode, class Encode>
void check_round_trip(std::string_view row, Decode decode, Encode encode) {
  const auto value = decode(kKey, row);
  if (!value) {
    PERDURE_CHECK(!value.error().message.empty(), "an error says what is wrong");
    return;
  }
  const std::string again = encode(kKey, *value);
  const auto same = decode(kKey, again);
  PERDURE_CHECK(same.has_value(), "what was encoded decodes");
  PERDURE_CHECK(*same == *value, "what was encoded decodes to the same");
  PERDURE_CHECK(encode(kKey, *same) == again, "equal values have equal bytes");
}

inline void check_chunk(std::string_view row) {
  const auto chunk = decode_chunk(kKey, row);
  if (!chunk) return;
  // Bytes that only a newer version understands are in the old chain and not in the new one.
  HistoryChunk copy = *chunk;
  const std::string again = encode_chunk(kKey, copy);
  const auto same = decode_chunk(kKey, again);
  PERDURE_CHECK(same.has_value(), "what was encoded decodes");
  PERDURE_CHECK(*same == copy, "what was encoded decodes to the same");
  PERDURE_CHECK(same->events == chunk->events, "the events survive");
  PERDURE_CHECK(same->chain_before == chunk->chain_before, "the chain survives");
}

inline void check_row(RowKind kind, std::string_view row) {
  switch (kind) {
    case RowKind::kHead: return check_round_trip(row, decode_head, encode_head);
    case RowKind::kTask: return check_round_trip(row, decode_task, encode_task);
    case RowKind::kEvents: return check_round_trip(row, decode_events, encode_events);
    case RowKind::kChunk: return check_chunk(row);
    case RowKind::kMessage: return check_round_trip(row, decode_message, encode_message);
    case RowKind::kNumber: return check_round_trip(row, decode_number, encode_number);
    case RowKind::kState: return check_round_trip(row, decode_state, encode_state);
    case RowKind::kMark:
      if (decode_mark(kKey, row)) PERDURE_CHECK(row.size() >= kSealBytes, "a mark has a seal");
      return;
  }
}

/// Decodes a row. What decodes, encodes to a row that decodes to the same.
inline void check_record_laws(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<std::uint8_t>(input.front());
  const auto kind = static_cast<RowKind>((choice & ~kSealBit) % kRowKinds);
  const std::string_view rest = input.substr(1);
  if ((choice & kSealBit) == 0) return check_row(kind, rest);
  if (kind == RowKind::kChunk && rest.size() >= kChainBytes) {
    return check_row(kind, sealed(kKey, chunk_body(7, rest.substr(kChainBytes))));
  }
  check_row(kind, sealed(kKey, rest));
}

}  // namespace perdure::model::testing::record_laws

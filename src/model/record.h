// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The values of everything stored. Every row is sealed: a format number, the body, and a CRC-32C
// over key, format and body, so that a damaged or misplaced row is an error and never data. Within
// a body, fields are only ever appended; a reader takes a missing field as its default and skips
// what it does not know. docs/reference/records.md is the byte-by-byte description.
//
// Decoding answers kStoreCorrupt with the kind of row; it never crashes on any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/action.h"
#include "model/event.h"
#include "model/instance.h"
#include "model/message.h"

namespace perdure::model {

std::string encode_head(std::string_view key, const InstanceRecord& record);
base::Result<InstanceRecord> decode_head(std::string_view key, std::string_view row);

std::string encode_task(std::string_view key, const PendingTask& task);
base::Result<PendingTask> decode_task(std::string_view key, std::string_view row);

/// The prologue, and one message of the inbox (a list of one).
std::string encode_events(std::string_view key, const std::vector<Event>& events);
base::Result<std::vector<Event>> decode_events(std::string_view key, std::string_view row);

/// One row of a history: the events that one turn added. `chain_before` is the chained checksum of
/// all events before this row; a reader that follows the rows detects a lost or exchanged one.
struct HistoryChunk {
  std::uint32_t chain_before = 0;
  std::uint32_t chain_after = 0;  // computed by encode_chunk and checked by decode_chunk
  std::vector<Event> events;

  friend bool operator==(const HistoryChunk&, const HistoryChunk&) = default;
};
/// Sets chunk.chain_after.
std::string encode_chunk(std::string_view key, HistoryChunk& chunk);
base::Result<HistoryChunk> decode_chunk(std::string_view key, std::string_view row);

/// The state of an entity.
std::string encode_state(std::string_view key, std::string_view state);
base::Result<std::string> decode_state(std::string_view key, std::string_view row);

std::string encode_message(std::string_view key, const Message& message);
base::Result<Message> decode_message(std::string_view key, std::string_view row);

/// A row that is only there, and a row that holds one number.
std::string encode_mark(std::string_view key);
base::Result<> decode_mark(std::string_view key, std::string_view row);
std::string encode_number(std::string_view key, std::uint64_t number);
base::Result<std::uint64_t> decode_number(std::string_view key, std::string_view row);

/// How many bytes an event takes in a record, alone there: the measure of every byte limit and
/// budget.
std::size_t encoded_size(const Event& event);
/// At most this many, as the event that the action will leave.
std::size_t encoded_size(const Action& action);

}  // namespace perdure::model

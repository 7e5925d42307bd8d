// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The laws of the keys, for any bytes. A key begins with the slot of its instance when it was
// built, and with any slot when it was not, so the first two bytes are not compared. A broken law
// stops the process. key_fuzz.cc searches for one; the normal tests feed generated inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/ids.h"
#include "model/key.h"

namespace perdure::model::testing::key_laws {

inline constexpr std::size_t kSlotBytes = 2;

inline std::string rebuilt(const InstanceRowKey& row) {
  switch (row.part) {
    case Part::kHead: return head_key(row.instance);
    case Part::kPrologue: return prologue_key(row.instance);
    case Part::kInbox: return inbox_key(row.instance, row.number);
    case Part::kTask: return task_key(row.instance, TaskId{static_cast<std::int32_t>(row.number)});
    case Part::kState: return state_key(row.instance);
  }
  PERDURE_CHECK(false, "a part that the parser does not know");
}

inline std::string rebuilt(const AgendaRowKey& row) {
  switch (row.kind) {
    case AgendaKind::kReady: return ready_key(row.instance);
    case AgendaKind::kTimer: return timer_key(row.instance, row.fire_at, row.execution, row.task);
    case AgendaKind::kOutbox: return outbox_key(row.slot, row.shard, row.sequence);
    case AgendaKind::kGarbage: return garbage_key(row.instance, row.execution);
    case AgendaKind::kSent: return sent_key(row.slot, row.shard);
    case AgendaKind::kTaken: return taken_key(row.slot, row.shard);
  }
  PERDURE_CHECK(false, "a kind that the parser does not know");
}

inline void check_same(std::string_view built, std::string_view key) {
  PERDURE_CHECK(built.substr(kSlotBytes) == key.substr(kSlotBytes),
                "a key that parses is the key of its parts");
}

inline void check_prefix_end(std::string_view prefix) {
  const std::string end = prefix_end(prefix);
  if (end.empty()) {
    PERDURE_CHECK(prefix.find_first_not_of('\xFF') == std::string_view::npos,
                  "only a prefix of highest bytes has no end");
    return;
  }
  PERDURE_CHECK(prefix < end, "a prefix is in front of its end");
  PERDURE_CHECK(std::string(prefix) + '\xFF' < end, "and so is everything that begins with it");
  PERDURE_CHECK(!end.starts_with(prefix), "and the end is behind");
}

/// Parses a key. What parses, is built again from its parts with the same bytes behind the slot.
inline void check_key_laws(std::string_view input) {
  if (const auto row = parse_instance_row(input)) check_same(rebuilt(*row), input);
  if (const auto row = parse_agenda_row(input)) check_same(rebuilt(*row), input);
  if (const auto first = parse_history_first(input)) {
    const std::string_view last_eight = input.substr(input.size() - 8);
    std::uint64_t number = 0;
    for (const char byte : last_eight) number = number << 8 | static_cast<unsigned char>(byte);
    PERDURE_CHECK(*first == number, "a history key ends with the number of its first event");
  }
  check_prefix_end(input);
}

}  // namespace perdure::model::testing::key_laws

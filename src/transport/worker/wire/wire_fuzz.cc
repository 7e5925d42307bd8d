// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: messages of workers and servers. The first byte chooses which. What can be read
// is written as what reads to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/checks.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_wire {
namespace {

const std::string kHub = "hub";

void try_result(const std::string& bytes) {
  v1::TurnResult wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto result = result_from(wire);
  if (!result || !model::check_turn(*result)) return;
  model::TurnResult moved = *result;
  v1::TurnResult again;
  to_wire(moved, again);
  PERDURE_CHECK(result_from(again) == result, "a result is not what it was");
}

void try_outcome(const std::string& bytes) {
  const auto outcome = outcome_from(bytes);
  if (!outcome) return;
  PERDURE_CHECK(outcome_from(to_wire(*outcome)) == outcome, "an outcome is not what it was");
}

void try_turn(const std::string& bytes) {
  v1::Turn wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto item = item_from(wire, kHub);
  if (!item) return;
  model::TurnItem moved = *item;
  v1::Turn again;
  to_wire(moved, again);
  PERDURE_CHECK(item_from(again, kHub) == item, "a turn is not what it was");
}

void try_instance(const std::string& bytes) {
  v1::Instance wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto snapshot = snapshot_from(wire, kHub);
  if (!snapshot) return;
  v1::Instance again;
  to_wire(*snapshot, again);
  PERDURE_CHECK(snapshot_from(again, kHub) == snapshot, "a snapshot is not what it was");
}

void try_operation(const std::string& bytes) {
  v1::OperationReply wire;
  wire.set_outcome(bytes);
  const auto outcome = operation_from(wire);
  if (!outcome) return;
  v1::OperationReply again;
  to_wire(*outcome, again);
  PERDURE_CHECK(operation_from(again) == outcome, "an outcome is not what it was");
}

void try_one(char kind, const std::string& bytes) {
  switch (kind) {
    case 'r': return try_result(bytes);
    case 'a': return try_outcome(bytes);
    case 't': return try_turn(bytes);
    case 'i': return try_instance(bytes);
    case 'o': return try_operation(bytes);
    default: return;
  }
}

}  // namespace
}  // namespace perdure::worker_wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 4096;
  if (size == 0 || size > kBytesMax) return 0;
  perdure::worker_wire::try_one(static_cast<char>(data[0]), std::string(data + 1, data + size));
  return 0;
}

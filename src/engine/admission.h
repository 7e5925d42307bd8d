// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a client may ask for now. Checked before anything is durable: ids, names and sizes, and
// whether there is room. Only what adds work needs room; looking, ending and waiting are always
// allowed, since they are how room is made. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "model/command.h"

namespace perdure::engine {

struct Memory {
  std::size_t used_bytes = 0;
  std::size_t bytes_max = 0;
};

base::Result<> admit(const model::Command& command, Memory memory);
/// The refusal of a command for which the mailbox has no place.
base::Error mailbox_full(std::size_t commands_max);

/// What the payload of a client's command takes while it waits.
std::size_t payload_bytes(const model::Command& command);
/// Writes the request number into a client's command. REQUIRES: it is one.
void number(model::Command& command, model::RequestId request);

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What lies in the mailbox of an executor. A value that moves.
#pragma once

#include <cstddef>
#include <functional>

#include "model/command.h"
#include "model/effect.h"

namespace perdure::engine {

/// Called exactly once, on whatever thread has the answer: must not block.
using ReplyCallback = std::move_only_function<void(model::ReplyBody)>;

struct Mail {
  model::Command command;
  ReplyCallback reply;    // empty: nobody waits
  std::size_t bytes = 0;  // of its payload, while it counts against the admission budget
};

}  // namespace perdure::engine

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/admission.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/overloaded.h"
#include "model/checks.h"

namespace perdure::engine {
namespace {

std::size_t size(const model::Payload& payload) { return payload ? payload->size() : 0; }

bool adds_work(const model::Command& command) {
  return std::holds_alternative<model::StartInstance>(command) ||
         std::holds_alternative<model::RaiseEvent>(command) ||
         std::holds_alternative<model::RestartInstance>(command) ||
         std::holds_alternative<model::RewindInstance>(command);
}

}  // namespace

base::Result<> admit(const model::Command& command, Memory memory) {
  PERDURE_RETURN_IF_ERROR(model::check_command(command));
  if (memory.used_bytes < memory.bytes_max || !adds_work(command)) return {};
  return base::fail(
      base::ErrorCode::kResourceExhausted,
      fmt::format("the engine holds {} MiB of unfinished work, its memory budget; try again in a "
                  "second, add workers, or raise memory_bytes",
                  memory.bytes_max >> 20));
}

base::Error mailbox_full(std::size_t commands_max) {
  return {base::ErrorCode::kResourceExhausted,
          fmt::format("{} commands wait to be carried out, the limit; try again in 100 ms",
                      commands_max)};
}

std::size_t payload_bytes(const model::Command& command) {
  return std::visit(base::Overloaded{
                        [](const model::StartInstance& c) { return size(c.started.input); },
                        [](const model::RaiseEvent& c) { return size(c.event.payload); },
                        [](const model::TerminateInstance& c) { return size(c.output); },
                        [](const auto&) { return std::size_t{0}; },
                    },
                    command);
}

void number(model::Command& command, model::RequestId request) {
  std::visit(
      [&](auto& c) {
        if constexpr (requires { c.request; }) {
          c.request = request;
        } else {
          PERDURE_CHECK(false, "a command that no client sends");
        }
      },
      command);
}

}  // namespace perdure::engine

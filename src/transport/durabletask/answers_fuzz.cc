// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: whatever a worker answers, it becomes a result that is checked, or is refused.
// The first byte chooses the message, the rest is its wire form.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/checks.h"
#include "transport/durabletask/turns.h"
#include "transport/durabletask/values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace durabletask = perdure::durabletask;
  [[maybe_unused]] static const auto quiet = google::protobuf::SetLogHandler(nullptr);
  if (size == 0) return 0;
  const std::string wire(data + 1, data + size);
  const auto check = [](const perdure::model::TurnResult& result) {
    static_cast<void>(perdure::model::check_turn(result));
  };
  switch (data[0] % 3) {
    case 0: {
      ::OrchestratorResponse response;
      if (!response.ParseFromString(wire)) return 0;
      const perdure::model::TurnToken token{{"hub", "instance"}, perdure::model::Execution{1}, 0};
      if (const auto result = durabletask::to_result(token, {}, response)) check(*result);
      return 0;
    }
    case 1: {
      ::EntityBatchResult result;
      if (result.ParseFromString(wire)) check(durabletask::to_result(result));
      return 0;
    }
    default: {
      ::ActivityResponse response;
      if (!response.ParseFromString(wire)) return 0;
      const auto outcome = durabletask::to_outcome(response);
      if (const auto* failure = std::get_if<perdure::model::Failure>(&outcome)) {
        ::TaskFailureDetails again;
        durabletask::set_failure(*failure, &again);
      }
      return 0;
    }
  }
}

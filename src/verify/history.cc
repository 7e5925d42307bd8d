// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/history.h"

#include <fmt/format.h>

#include "base/check.h"

namespace perdure::verify {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::kOk: return "ok";
    case Status::kFail: return "fail";
    case Status::kUnknown: return "unknown";
  }
  PERDURE_CHECK(false, "a status without a name");
}

std::string describe(const Operation& operation, std::size_t number, std::int64_t origin_ns) {
  const auto ms = [&](std::int64_t time) {
    return (static_cast<double>(time) - static_cast<double>(origin_ns)) / 1e6;
  };
  std::string line = fmt::format("#{} process {}: {}", number, operation.process, operation.op);
  if (!operation.key.empty()) line += fmt::format(" {}", operation.key);
  if (!operation.value.is_null()) line += fmt::format(" {}", to_json(operation.value));
  line += fmt::format(" -> {}", status_name(operation.status));
  if (!operation.result.is_null()) line += fmt::format(" {}", to_json(operation.result));
  if (operation.epoch) line += fmt::format(", epoch {}", *operation.epoch);
  line += fmt::format(", {:.3f} .. ", ms(operation.call_ns));
  line +=
      operation.status == Status::kUnknown ? "?" : fmt::format("{:.3f}", ms(operation.return_ns));
  return line + " ms";
}

}  // namespace perdure::verify

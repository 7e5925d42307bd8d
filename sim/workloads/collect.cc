// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "workloads/collect.h"

#include <utility>

#include "perdure/codec.h"

namespace perdure::sim {

Task<std::vector<std::string>> collect(Orchestration& ctx, std::vector<std::string> taken,
                                       int batch) {
  for (int i = 0; i < batch; ++i) {
    std::string item = co_await ctx.event<std::string>(kItem);
    if (item == kEnd) co_return taken;
    taken.push_back(std::move(item));
  }
  co_await ctx.continue_as_new(taken, batch);
  std::unreachable();
}

verify::Operation receive_of(const std::string& id, const std::string& output, std::int64_t at_ns) {
  verify::Value::List items;
  for (std::string& item : internal::decode_payload<std::vector<std::string>>(output)) {
    items.emplace_back(std::move(item));
  }
  return {.process = 0,
          .op = "receive",
          .key = id,
          .value = {},
          .result = verify::Value(std::move(items)),
          .call_ns = at_ns,
          .return_ns = at_ns,
          .status = verify::Status::kOk,
          .epoch = std::nullopt};
}

}  // namespace perdure::sim

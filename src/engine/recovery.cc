// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/recovery.h"

#include "base/bytes.h"
#include "model/key.h"

namespace perdure::engine {

base::Result<> restore(const store::Store& store,
                       const std::vector<std::unique_ptr<Executor>>& executors) {
  base::Result<> failure;
  std::size_t executor = 0;  // the rows come in slot order, and so do the executors
  PERDURE_RETURN_IF_ERROR(
      store.scan(model::Space::kAgenda, {}, {}, [&](std::string_view key, std::string_view value) {
        const model::Slot slot{base::Reader(key).be16()};
        const model::ShardId shard = model::shard_of(slot, store.shard_count());
        while (!executors[executor]->owns(shard)) ++executor;
        failure = executors[executor]->restore_row(shard, key, value);
        return failure.has_value();
      }));
  PERDURE_RETURN_IF_ERROR(std::move(failure));
  for (const auto& one : executors) one->restored();
  return {};
}

}  // namespace perdure::engine

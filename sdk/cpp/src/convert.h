// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Between the platform's own values and the public ones of the SDK. Pure.
#pragma once

#include "base/result.h"
#include "model/command.h"
#include "model/event.h"
#include "model/instance.h"
#include "perdure/client.h"

namespace perdure::internal {

Error to_public(const base::Error& error);
Status to_public(model::Status status);
TimePoint to_public(base::Timestamp at);
base::Timestamp to_model(TimePoint at);
model::Status to_model(Status status);
Instance to_public(model::InstanceSnapshot snapshot);
HistoryEvent to_public(std::uint64_t number, const model::Event& event);

template <class T>
Result<T> to_public(base::Result<T> result) {
  if (!result) return to_public(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

}  // namespace perdure::internal

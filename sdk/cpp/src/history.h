// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a perdure::History holds. A value.
#pragma once

#include <vector>

#include "model/event.h"
#include "model/ids.h"
#include "perdure/history.h"

namespace perdure::internal {

struct HistoryData {
  model::InstanceKey key;
  model::Execution execution;
  std::vector<model::Event> events;  // from the first one on
};

History make_history(HistoryData data);

}  // namespace perdure::internal

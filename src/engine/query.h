// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Questions that read the store and do not concern a shard's single writer: lists of instances,
// histories, inputs. They see what is staged; who asks for a client waits until that is durable
// (Engine does). Bounded: a page has a limit of rows looked at, rows answered and bytes.
//
// Thread-safe, without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/command.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/limits.h"
#include "model/payload.h"
#include "model/work_item.h"
#include "store/store.h"

namespace perdure::engine {

inline constexpr std::size_t kListPageBytes = std::size_t{4} << 20;

enum class InstanceKind : std::uint8_t { kOrchestrations, kEntities };

/// All conditions together.
struct InstanceFilter {
  std::string hub;
  InstanceKind kind = InstanceKind::kOrchestrations;
  model::StatusSet statuses = model::kEveryStatus;
  std::string name;       // of the orchestration; empty: any
  std::string id_prefix;  // empty: any
  std::optional<base::Timestamp> created_from;
  std::optional<base::Timestamp> created_to;  // not included
  model::Tags tags;                           // all of them, with these values
};

struct PageRequest {
  std::size_t count_max = 100;  // at most kListPageMax
  std::string continuation;     // of the page before; empty: from the start
};

struct InstanceSummary {
  model::InstanceKey key;
  model::InstanceRecord record;
};

/// May hold fewer than asked for, even none, and still not be the last.
struct InstancePage {
  std::vector<InstanceSummary> instances;
  std::string continuation;  // opaque, printable; empty: this was the last page
};

struct HistoryPage {
  model::Execution execution;
  std::vector<model::Event> events;        // from the number asked for, without a gap
  std::optional<model::EventNumber> next;  // where the next page begins; absent: this was the last
};

class Query final {
 public:
  explicit Query(const store::Store& store) : store_(store) {}

  base::Result<InstancePage> list(const InstanceFilter& filter, const PageRequest& page) const;

  /// Of the current execution. At least one event, if there is one, whatever `bytes_max` says.
  base::Result<HistoryPage> history(const model::InstanceKey& key, model::EventNumber from,
                                    std::size_t bytes_max) const;
  /// What the turn continues: the events before it.
  base::Result<HistoryPage> history_before(const model::TurnToken& token, model::EventNumber from,
                                           std::size_t bytes_max) const;

  /// Replaces a reference by what it refers to. kNotFound: the history is gone, and with it
  /// everybody who waits for the activity.
  base::Result<> resolve(model::ActivityItem& item) const;

 private:
  struct Range {
    model::EventNumber from = 0;
    model::EventNumber end = 0;  // not included
    std::size_t bytes_max = 0;
  };
  base::Result<model::InstanceRecord> record(const model::InstanceKey& key) const;
  base::Result<HistoryPage> read(const model::InstanceKey& key, model::Execution execution,
                                 Range range) const;
  base::Result<std::string> row_with(const model::InstanceKey& key, model::Execution execution,
                                     model::EventNumber event) const;

  const store::Store& store_;
};

}  // namespace perdure::engine

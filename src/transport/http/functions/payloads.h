// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The nouns as Durable Functions writes them. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/entity.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/payload.h"
#include "transport/http/json.h"

namespace perdure::transport::http::functions {

enum class Outputs : std::uint8_t { kLeaveOut, kInclude };

/// "Running", "Completed", ...
std::string_view runtime_status(model::Status status);
/// The status payload. `history`: a JSON array; empty: left out.
std::string status_payload(const model::InstanceSnapshot& instance, std::string_view history);
/// What a bare answer of an instance that completed is.
std::string output_of(const model::InstanceRecord& record);
std::string entity_payload(const model::EntitySnapshot& entity, Outputs state);

inline constexpr std::size_t kHistoryViewBytesMax = std::size_t{16} << 20;

/// historyEvents: what was scheduled is merged into its outcome, and shows on its own only while it
/// has none. Fed with the events in their order.
class HistoryView final {
 public:
  explicit HistoryView(Outputs outputs) : outputs_(outputs) {}

  /// False: it is larger than an answer may be.
  bool add(const model::Event& event);
  [[nodiscard]] std::string finish() const;

 private:
  struct Describe;
  struct Scheduled {
    std::size_t row = 0;
    std::string name;
    base::Timestamp at;
  };

  void push(const JsonObject& row);

  const Outputs outputs_;
  std::vector<std::string> rows_;  // empty: merged into a later one
  std::map<model::TaskId, Scheduled> open_;
  std::size_t bytes_ = 0;
};

/// The body of an error.
std::string error_body(std::string_view message, std::string_view type, std::string_view detail);

}  // namespace perdure::transport::http::functions

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The options of a call, as the query names them. Each is read by name, with a complaint that names
// it; `finish` refuses what nobody asked for: a misspelt filter must not select everything. Not
// thread-safe; lives as long as one handler's first step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/query.h"
#include "model/command.h"
#include "transport/http/target.h"

namespace perdure::transport::http::v1 {

class Parameters final {
 public:
  /// The query outlives it.
  explicit Parameters(const Query& query) : query_(query) { asked_.emplace_back("hub"); }

  [[nodiscard]] bool has(std::string_view name) const { return query_.has(name); }
  std::string text(std::string_view name);
  base::Result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t max);
  base::Result<std::optional<base::Timestamp>> moment(std::string_view name);
  base::Result<std::optional<base::Duration>> seconds(std::string_view name, base::Duration max);
  /// False if it is not there.
  base::Result<bool> flag(std::string_view name);
  /// One of these words, the first if it is not there.
  base::Result<std::string> word(std::string_view name, const std::vector<std::string>& words);
  /// Repeated, or with commas; every status if it is not there.
  base::Result<model::StatusSet> statuses(std::string_view name);
  /// "key=value", repeated.
  base::Result<model::Tags> tags(std::string_view name);

  /// "limit" and "continuation".
  base::Result<engine::PageRequest> page();

  [[nodiscard]] base::Result<> finish() const;

 private:
  std::string_view take(std::string_view name);

  const Query& query_;
  std::vector<std::string> asked_;
};

/// Of the name of a status, in any case.
base::Result<model::Status> parse_status(std::string_view name);

}  // namespace perdure::transport::http::v1

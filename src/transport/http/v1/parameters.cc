// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/v1/parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "model/limits.h"
#include "transport/http/text.h"

namespace perdure::transport::http::v1 {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> complaint(std::string_view name, std::string_view must_be) {
  return base::fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" must be {}", name, must_be));
}

}  // namespace

base::Result<model::Status> parse_status(std::string_view name) {
  const auto status = model::status_from_name(name);
  if (!status || *status == model::Status::kPurged) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "a status is PENDING, RUNNING, SUSPENDED, COMPLETED, FAILED or TERMINATED");
  }
  return *status;
}

std::string_view Parameters::take(std::string_view name) {
  asked_.emplace_back(name);
  return query_.get(name);
}

std::string Parameters::text(std::string_view name) { return std::string(take(name)); }

base::Result<std::optional<std::uint64_t>> Parameters::number(std::string_view name,
                                                              std::uint64_t max) {
  const std::string_view value = take(name);
  if (value.empty()) return std::nullopt;
  const auto number = parse_number(value);
  if (!number || *number > max) return complaint(name, fmt::format("a number up to {}", max));
  return *number;
}

base::Result<std::optional<base::Timestamp>> Parameters::moment(std::string_view name) {
  const std::string_view value = take(name);
  if (value.empty()) return std::nullopt;
  const auto moment = parse_moment(value);
  if (!moment) return complaint(name, "a moment such as 2026-01-31T10:20:30Z");
  return *moment;
}

base::Result<std::optional<base::Duration>> Parameters::seconds(std::string_view name,
                                                                base::Duration max) {
  const std::string_view value = take(name);
  if (value.empty()) return std::nullopt;
  const auto span = parse_seconds(value);
  if (!span || *span > max) {
    return complaint(name, fmt::format("a number of seconds up to {}", max.us / 1'000'000));
  }
  return *span;
}

base::Result<bool> Parameters::flag(std::string_view name) {
  const std::string_view value = take(name);
  if (value.empty() || value == "false") return false;
  if (value == "true") return true;
  return complaint(name, "true or false");
}

base::Result<std::string> Parameters::word(std::string_view name,
                                           const std::vector<std::string>& words) {
  const std::string_view value = take(name);
  if (value.empty()) return words.front();
  if (std::ranges::find(words, value) == words.end()) {
    return complaint(name, fmt::format("{}", fmt::join(words, " or ")));
  }
  return std::string(value);
}

base::Result<model::StatusSet> Parameters::statuses(std::string_view name) {
  asked_.emplace_back(name);
  model::StatusSet set = model::kNoStatus;
  for (const std::string_view list : query_.all(name)) {
    for (const std::string_view item : split_list(list)) {
      PERDURE_ASSIGN_OR_RETURN(const auto status, parse_status(item));
      set = set.with(status);
    }
  }
  return set == model::kNoStatus ? model::kEveryStatus : set;
}

base::Result<model::Tags> Parameters::tags(std::string_view name) {
  asked_.emplace_back(name);
  model::Tags tags;
  for (const std::string_view item : query_.all(name)) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return complaint(name, "\"key=value\"");
    tags.emplace(item.substr(0, equals), item.substr(equals + 1));
  }
  return tags;
}

base::Result<engine::PageRequest> Parameters::page() {
  engine::PageRequest page;
  PERDURE_ASSIGN_OR_RETURN(const auto count, number("limit", model::kListPageMax));
  if (count == 0U) return complaint("limit", "at least 1");
  if (count) page.count_max = static_cast<std::size_t>(*count);
  page.continuation = text("continuation");
  return page;
}

base::Result<> Parameters::finish() const {
  for (const auto& [name, value] : query_.items()) {
    const auto is_name = [&name](const std::string& asked) { return same_letters(asked, name); };
    if (!std::ranges::any_of(asked_, is_name)) {
      return base::fail(ErrorCode::kInvalidArgument,
                        fmt::format("there is no parameter \"{}\" here", name));
    }
  }
  return {};
}

}  // namespace perdure::transport::http::v1

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/instance.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/check.h"

namespace perdure::model {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 7> kNames{{
    {Status::kPending, "PENDING"},
    {Status::kRunning, "RUNNING"},
    {Status::kSuspended, "SUSPENDED"},
    {Status::kCompleted, "COMPLETED"},
    {Status::kFailed, "FAILED"},
    {Status::kTerminated, "TERMINATED"},
    {Status::kPurged, "PURGED"},
}};

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

}  // namespace

std::string_view status_name(Status status) {
  for (const auto& [candidate, name] : kNames) {
    if (candidate == status) return name;
  }
  PERDURE_CHECK(false, "a status without a name");
}

std::optional<Status> status_from_name(std::string_view name) {
  for (const auto& [status, candidate] : kNames) {
    if (same_letters(candidate, name)) return status;
  }
  return std::nullopt;
}

}  // namespace perdure::model

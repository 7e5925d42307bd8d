// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/keyring.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

/// Calls `take` with each line and its number, until it fails.
Result<> each_line(std::string_view text,
                   const std::function<Result<>(std::string_view, std::size_t)>& take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    PERDURE_RETURN_IF_ERROR(take(text.substr(0, end), number));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

bool is_remark(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t\r");
  return start == std::string_view::npos || line[start] == '#';
}

}  // namespace

Result<Keyring> Keyring::parse(std::string_view text, std::string_view name) {
  Keyring ring;
  PERDURE_RETURN_IF_ERROR(each_line(text, [&](std::string_view line, std::size_t number) {
    if (is_remark(line)) return Result<>();
    const auto refused = [&](std::string_view why) -> Result<> {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}, line {}: {}", name, number, why));
    };
    auto record = decode_key_record(line);
    if (!record) return refused(record.error().message);
    if (ring.records_.size() == kKeysMax)
      return refused(fmt::format("more than {} keys", kKeysMax));
    if (!ring.by_id_.emplace(record->id, ring.records_.size()).second) {
      return refused(fmt::format("a second key with the id {}", record->id));
    }
    if (!record->identity.empty()) {
      ring.by_identity_.emplace(record->identity, ring.records_.size());
    }
    ring.records_.push_back(*std::move(record));
    return Result<>();
  }));
  return ring;
}

const KeyRecord* Keyring::find(std::string_view key_text) const {
  const auto id = parse_key(key_text);
  if (!id) return nullptr;
  const Digest digest = sha256(key_text);
  const auto found = by_id_.find(*id);
  if (found == by_id_.end()) return nullptr;
  const KeyRecord& record = records_[found->second];
  const bool is_key = record.identity.empty();
  return is_key && equal_in_constant_time(digest, record.digest) ? &record : nullptr;
}

std::vector<const KeyRecord*> Keyring::of_identity(std::string_view identity) const {
  const auto [first, last] = by_identity_.equal_range(std::string(identity));
  std::vector<std::size_t> places;
  for (auto at = first; at != last; ++at) places.push_back(at->second);
  std::ranges::sort(places);
  std::vector<const KeyRecord*> found;
  for (const std::size_t place : places) found.push_back(&records_[place]);
  return found;
}

Result<std::string> without_key(std::string_view text, std::string_view id) {
  std::string kept;
  bool found = false;
  PERDURE_RETURN_IF_ERROR(each_line(text, [&](std::string_view line, std::size_t) {
    const auto record = is_remark(line) ? Result<KeyRecord>() : decode_key_record(line);
    if (record && !record->id.empty() && record->id == id) {
      found = true;
    } else {
      kept.append(line).push_back('\n');
    }
    return Result<>();
  }));
  if (!found)
    return fail(ErrorCode::kNotFound, fmt::format("there is no key with the id '{}'", id));
  return kept;
}

}  // namespace perdure::access

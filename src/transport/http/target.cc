// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/target.h"

#include <fmt/format.h>

#include <algorithm>

#include "transport/http/text.h"

namespace perdure::transport::http {
namespace {

using base::ErrorCode;

base::Result<std::string> decode(std::string_view text, Plus plus) {
  auto decoded = percent_decode(text, plus);
  if (!decoded) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "a \"%\" in the address is not followed by two hexadecimal digits");
  }
  return *std::move(decoded);
}

/// A proxy may send the whole address.
std::string_view without_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_letters(text.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = text.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : text.substr(path);
  }
  return text;
}

base::Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (segments.size() == kSegmentsMax) {
      return base::fail(ErrorCode::kInvalidArgument,
                        fmt::format("the path has more than {} segments", kSegmentsMax));
    }
    const std::size_t end = std::min(path.find('/'), path.size());
    PERDURE_ASSIGN_OR_RETURN(auto segment, decode(path.substr(0, end), Plus::kItself));
    segments.push_back(std::move(segment));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

base::Result<Query> parse_query(std::string_view text) {
  Query::Items items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty()) continue;
    if (items.size() == kQueryItemsMax) {
      return base::fail(ErrorCode::kInvalidArgument,
                        fmt::format("the query has more than {} items", kQueryItemsMax));
    }
    const std::size_t equals = std::min(item.find('='), item.size());
    PERDURE_ASSIGN_OR_RETURN(auto name, decode(item.substr(0, equals), Plus::kBlank));
    PERDURE_ASSIGN_OR_RETURN(auto value,
                             decode(item.substr(std::min(equals + 1, item.size())), Plus::kBlank));
    items.emplace_back(std::move(name), std::move(value));
  }
  return Query(std::move(items));
}

}  // namespace

bool Query::has(std::string_view name) const {
  return std::ranges::any_of(items_,
                             [&](const auto& item) { return same_letters(item.first, name); });
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (same_letters(key, name)) return value;
  }
  return {};
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_) {
    if (same_letters(key, name)) values.emplace_back(value);
  }
  return values;
}

base::Result<Target> parse_target(std::string_view text) {
  const std::string_view rest = without_origin(text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (std::ranges::any_of(text, is_control)) {
    return base::fail(ErrorCode::kInvalidArgument, "the address holds a blank or a control byte");
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view path = rest.substr(0, question);
  std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  query = query.substr(0, query.find('#'));
  if (!path.empty() && path.front() != '/') {
    return base::fail(ErrorCode::kInvalidArgument, "the address does not begin with \"/\"");
  }
  Target target;
  target.text = text;
  PERDURE_ASSIGN_OR_RETURN(target.segments, parse_path(path.empty() ? "/" : path));
  PERDURE_ASSIGN_OR_RETURN(target.query, parse_query(query));
  return target;
}

}  // namespace perdure::transport::http

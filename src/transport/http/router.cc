// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/router.h"

#include <optional>

#include "base/check.h"
#include "transport/http/failures.h"
#include "transport/http/text.h"

namespace perdure::transport::http {

Router::Pattern Router::parse(const std::string& pattern) {
  auto target = parse_target(pattern);
  // "{" and "}" stay as they are: nothing of a pattern is encoded.
  PERDURE_CHECK(target, "a pattern is a path");
  Pattern parts;
  for (std::string& segment : target->segments) {
    const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
    if (is_parameter) segment = segment.substr(1, segment.size() - 2);
    parts.push_back({std::move(segment), is_parameter});
  }
  return parts;
}

void Router::add(Route route) {
  for (const Route& other : routes_) {
    PERDURE_CHECK(other.method != route.method || other.pattern != route.pattern,
                  "a route is there once");
  }
  patterns_.push_back(parse(route.pattern));
  routes_.push_back(std::move(route));
}

bool Router::fits(std::size_t index, const std::vector<std::string>& segments) const {
  const Pattern& pattern = patterns_[index];
  if (pattern.size() != segments.size()) return false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at].is_parameter) continue;
    const bool same = routes_[index].letters == Letters::kExact
                          ? pattern[at].text == segments[at]
                          : same_letters(pattern[at].text, segments[at]);
    if (!same) return false;
  }
  return true;
}

bool Router::is_closer(std::size_t index, std::size_t than) const {
  for (std::size_t at = 0; at < patterns_[index].size(); ++at) {
    const bool parameter = patterns_[index][at].is_parameter;
    if (parameter != patterns_[than][at].is_parameter) return !parameter;
  }
  return false;
}

void Router::serve(Request request, const Answer& answer) const {
  const Method method = request.method == Method::kHead ? Method::kGet : request.method;
  std::optional<std::size_t> found;
  std::string allowed;
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    if (!fits(index, request.target.segments)) continue;
    if (routes_[index].method != method) {
      const std::string_view name = method_name(routes_[index].method);
      if (!allowed.contains(name)) allowed.append(allowed.empty() ? "" : ", ").append(name);
    } else if (!found || is_closer(index, *found)) {
      found = index;
    }
  }
  if (!found) {
    answer.send(allowed.empty() ? no_such_route() : no_such_method(allowed));
    return;
  }
  const Pattern& pattern = patterns_[*found];
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (!pattern[at].is_parameter) continue;
    request.parameters.emplace_back(pattern[at].text, request.target.segments[at]);
  }
  routes_[*found].handler(std::move(request), answer);
}

}  // namespace perdure::transport::http

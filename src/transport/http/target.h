// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The target of a request, "/a/b%2Fc?x=1&y": taken apart before it is decoded, so that an encoded
// "/" belongs to its segment. Values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace perdure::transport::http {

inline constexpr std::size_t kSegmentsMax = 32;
inline constexpr std::size_t kQueryItemsMax = 256;

/// The items of a query, in their order. Names are compared without regard to case: the routes of
/// Durable Functions are written in several ways.
class Query final {
 public:
  using Items = std::vector<std::pair<std::string, std::string>>;

  Query() = default;
  explicit Query(Items items) : items_(std::move(items)) {}

  [[nodiscard]] bool has(std::string_view name) const;
  /// The first value; empty: there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] const Items& items() const { return items_; }

 private:
  Items items_;
};

struct Target {
  std::string text;                   // as it was sent
  std::vector<std::string> segments;  // decoded; one empty one at the end is left out
  Query query;
};

/// kInvalidArgument: it does not begin with "/" (nor with "http://host/"), a "%" is wrong, a byte
/// is a control character, or there are too many parts.
base::Result<Target> parse_target(std::string_view text);

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/entity.h"

#include "base/check.h"

namespace perdure::model {

std::optional<EntityName> parse_entity_id(std::string_view id) {
  if (!is_entity_id(id)) return std::nullopt;
  const std::size_t end = id.find('@', 1);
  if (end == std::string_view::npos || end == 1) return std::nullopt;
  return EntityName{.name = id.substr(1, end - 1), .key = id.substr(end + 1)};
}

std::string entity_id(std::string_view name, std::string_view key) {
  std::string id;
  id.reserve(name.size() + key.size() + 2);
  id += '@';
  id += name;
  id += '@';
  id += key;
  return id;
}

std::string_view batch_name(std::string_view id) {
  const auto parsed = parse_entity_id(id);
  PERDURE_CHECK(parsed.has_value(), "an entity with a malformed id");
  return id.substr(0, parsed->name.size() + 1);
}

}  // namespace perdure::model

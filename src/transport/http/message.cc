// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/message.h"

#include <array>

#include "base/check.h"
#include "transport/http/text.h"

namespace perdure::transport::http {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

}  // namespace

std::string_view method_name(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

std::optional<Method> method_from_name(std::string_view name) {
  for (std::size_t index = 0; index < kMethods.size(); ++index) {
    if (kMethods[index] == name) return static_cast<Method>(index);
  }
  return std::nullopt;
}

std::string_view header_of(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_letters(key, name)) return value;
  }
  return {};
}

const std::string& Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  PERDURE_CHECK(false, "the pattern of the route has no such parameter");
  __builtin_unreachable();
}

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A request as a handler sees it, and what it answers. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/http/target.h"

namespace perdure::transport::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

/// "GET". The inverse answers nothing for a method that no route has.
std::string_view method_name(Method method);
std::optional<Method> method_from_name(std::string_view name);

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the first header with that name, in any case; empty: there is none.
std::string_view header_of(const Headers& headers, std::string_view name);

enum class Scheme : std::uint8_t { kHttp, kHttps };

struct Request {
  Method method = Method::kGet;
  Target target;
  Headers headers;
  std::string body;
  std::string remote;  // the address of the other side, for people
  Scheme scheme = Scheme::kHttp;
  /// Whom the certificate of the connection is for; "": it showed none, or was not asked to.
  std::string identity{};
  /// What the pattern of the route calls "{name}", decoded.
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::string_view header(std::string_view name) const {
    return header_of(headers, name);
  }
  /// REQUIRES: the route has such a parameter.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

/// The head of an answer: the listener adds Date, Connection and the length.
struct Head {
  unsigned status = 200;
  Headers headers;
};

struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;
};

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Which handler answers a request: by method and path. A pattern is "/a/{id}/b": a part in braces
// takes any one segment. Where several fit, words go before parts in braces, from the left.
//
// Built once, then only read: thread-safe from then on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "transport/http/answer.h"
#include "transport/http/message.h"

namespace perdure::transport::http {

/// Called on a connection's thread: must neither block nor throw.
using Handler = std::function<void(Request request, Answer answer)>;

/// How the words of a pattern are compared.
enum class Letters : std::uint8_t { kExact, kAnyCase };

struct Route {
  Method method = Method::kGet;
  std::string pattern;
  Handler handler;
  Letters letters = Letters::kExact;
};

class Router final {
 public:
  /// REQUIRES: no route with this method and pattern is there.
  void add(Route route);

  /// Calls the handler of the route; answers 404 if no path fits, 405 with Allow if the path fits
  /// but not the method. HEAD is answered as GET is.
  void serve(Request request, const Answer& answer) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Part {
    std::string text;
    bool is_parameter = false;
  };
  using Pattern = std::vector<Part>;

  static Pattern parse(const std::string& pattern);
  [[nodiscard]] bool fits(std::size_t index, const std::vector<std::string>& segments) const;
  [[nodiscard]] bool is_closer(std::size_t index, std::size_t than) const;

  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  // one for each route
};

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request to the outside, on behalf of a user who chose the address: the place where it
// must be made sure that it is not one of ours.
// (Or on behalf of the operator, whose policy then allows what he named.)
//
// The name is resolved once, every address is checked, and the connection goes to what was checked:
// there is no second lookup that could say something else. A redirect is a new request, checked
// like the first, at most so many as the policy says, and takes no credentials to another origin.
// No proxy of the environment is used. Bodies and headers are cut off at a limit, not collected.
//
// Fetcher is thread-safe; a fetch blocks its thread, at most for its timeout.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "egress/address.h"

namespace perdure::egress {

inline constexpr int kRedirectsMax = 5;
inline constexpr std::size_t kUrlBytesMax = 8192;
inline constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;
inline constexpr base::Duration kTimeoutMax = base::seconds(600);

/// Names without regard to case.
struct HeaderOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using Headers = std::map<std::string, std::string, HeaderOrder>;

struct Request {
  std::string method = "GET";
  std::string url;
  /// The URL whose answer named `url`, which may be relative to it; empty: none. Credentials among
  /// the headers do not leave its origin.
  std::string from{};
  Headers headers;
  std::string body;
  base::Duration timeout = base::seconds(100);
};

struct Response {
  int status = 0;
  Headers headers;  // of several with one name: joined by ", "
  std::string body;
  std::string url;  // that answered, after redirects
};

/// A URL taken apart as far as somebody must decide on it.
struct UrlParts {
  std::string scheme;  // "http", "https"
  std::string host;    // without brackets
};
/// kInvalidArgument: not a URL that is fetched.
base::Result<UrlParts> parse_url(const std::string& url);

struct Policy {
  /// Reachable although not public.
  std::vector<Network> allowed;
  std::size_t body_bytes_max = std::size_t{1} << 20;
  /// 0: a redirect is the answer.
  int redirects_max = kRedirectsMax;
};

class Fetcher final {
 public:
  explicit Fetcher(Policy policy);

  /// Any status is a response. kInvalidArgument: not a URL that is fetched; kPermissionDenied: an
  /// address that may not be reached; kUnavailable: no connection, or it broke;
  /// kDeadlineExceeded; kPayloadTooLarge.
  [[nodiscard]] base::Result<Response> fetch(Request request) const;

  [[nodiscard]] bool may_reach(const IpAddress& address) const;

 private:
  const Policy policy_;
};

}  // namespace perdure::egress

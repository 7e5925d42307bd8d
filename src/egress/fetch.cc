// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "egress/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"

namespace perdure::egress {
namespace {

using base::ErrorCode;
using base::Result;

struct CurlDelete {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
  void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
  void operator()(char* text) const { ::curl_free(text); }
};
template <class T>
using Owned = std::unique_ptr<T, CurlDelete>;

std::unexpected<base::Error> invalid(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

struct Target {
  std::string url;  // without a fragment
  std::string scheme;
  std::string host;
  std::string port;

  [[nodiscard]] std::string origin() const { return fmt::format("{}://{}:{}", scheme, host, port); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (::curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const Owned<char> owned(text);
  return owned.get();
}

/// `base`: what a relative reference is relative to; empty: none is allowed.
Result<Target> parse(const std::string& text, const std::string& base) {
  if (text.size() > kUrlBytesMax) {
    return invalid(fmt::format("the URL is longer than {} bytes", kUrlBytesMax));
  }
  const Owned<CURLU> url(::curl_url());
  if (!base.empty()) ::curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0);
  if (::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return invalid("the URL can not be read; write http://host/path or https://host/path");
  }
  Target target{.scheme = part(url.get(), CURLUPART_SCHEME),
                .host = part(url.get(), CURLUPART_HOST),
                .port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (target.scheme != "http" && target.scheme != "https") {
    return invalid(fmt::format("the URL's scheme is '{}'; only http and https are fetched",
                               target.scheme.substr(0, 32)));
  }
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty()) {
    return invalid("the URL has a user name; send credentials in a header");
  }
  ::curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  target.url = part(url.get(), CURLUPART_URL);
  return target;
}

std::optional<IpAddress> address_of(const sockaddr* socket) {
  if (socket->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket, sizeof(v6));
    IpAddress address;
    std::memcpy(address.bytes.data(), &v6.sin6_addr, address.bytes.size());
    return address;
  }
  if (socket->sa_family != AF_INET) return std::nullopt;
  sockaddr_in v4{};
  std::memcpy(&v4, socket, sizeof(v4));
  IpAddress address = *IpAddress::parse("0.0.0.0");
  std::memcpy(&address.bytes[12], &v4.sin_addr, 4);
  return address;
}

std::string without_brackets(const std::string& host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

/// Every address of the host. kPermissionDenied if one of them may not be reached.
Result<std::vector<IpAddress>> resolve(const Fetcher& fetcher, const Target& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed =
      ::getaddrinfo(without_brackets(target.host).c_str(), target.port.c_str(), &hints, &list);
  const Owned<addrinfo> found(list);
  if (failed != 0) {
    return base::fail(ErrorCode::kUnavailable, fmt::format("the host '{}' is not known: {}",
                                                           target.host, ::gai_strerror(failed)));
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    const auto address = address_of(at->ai_addr);
    if (!address) continue;
    if (!fetcher.may_reach(*address)) {
      return base::fail(ErrorCode::kPermissionDenied,
                        fmt::format("'{}' is {}, which is not public; an operator can allow it",
                                    target.host, address->text()));
    }
    addresses.push_back(*address);
  }
  return addresses;
}

/// One transfer: where its pieces go, and what ended it.
struct Transfer {
  const Fetcher& fetcher;
  std::size_t body_bytes_max;
  Response response;
  std::size_t header_bytes = 0;
  std::string location;
  bool too_large = false;
  bool denied = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer.response.body.size() + bytes > transfer.body_bytes_max) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  transfer.header_bytes += bytes;
  if (transfer.header_bytes > kHeaderBytesMax) {
    transfer.too_large = true;
    return 0;
  }
  std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // after an interim answer
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  const auto trim = [](std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return std::string();
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
  };
  std::string value = trim(line.substr(colon + 1));
  std::string& known = transfer.response.headers[trim(line.substr(0, colon))];
  known = known.empty() ? std::move(value) : fmt::format("{}, {}", known, value);
  return bytes;
}

/// The second wall: whatever curl connects to has been checked.
curl_socket_t on_socket(void* user, curlsocktype, curl_sockaddr* socket) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto address = address_of(&socket->addr);
  if (!address || !transfer.fetcher.may_reach(*address)) {
    transfer.denied = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(socket->family, socket->socktype | SOCK_CLOEXEC, socket->protocol);
}

Owned<curl_slist> append(Owned<curl_slist> list, const std::string& line) {
  curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
  PERDURE_CHECK(longer != nullptr, "no memory for a header");
  static_cast<void>(list.release());
  return Owned<curl_slist>(longer);
}

bool is_header(const std::string& name, const std::string& value) {
  const auto is_token = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
  };
  const auto is_plain = [](char c) { return c != '\r' && c != '\n' && c != 0; };
  return !name.empty() && std::ranges::all_of(name, is_token) &&
         std::ranges::all_of(value, is_plain);
}

Result<> check(const Request& request) {
  const auto is_upper = [](char c) { return 'A' <= c && c <= 'Z'; };
  if (request.method.empty() || request.method.size() > 16 ||
      !std::ranges::all_of(request.method, is_upper) || request.method == "CONNECT") {
    return invalid("the method is none that is sent; use GET, POST, PUT, PATCH, DELETE or HEAD");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_header(name, value)) return invalid("a header has a name or value that HTTP forbids");
  }
  return {};
}

std::string resolve_entry(const Target& target, const std::vector<IpAddress>& addresses) {
  std::string entry = fmt::format("{}:{}:", without_brackets(target.host), target.port);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i > 0) entry += ',';
    entry += addresses[i].is_v4() ? addresses[i].text() : fmt::format("[{}]", addresses[i].text());
  }
  return entry;
}

Result<> ended(const Transfer& transfer, CURLcode code, const Target& target) {
  if (transfer.too_large) {
    return base::fail(ErrorCode::kPayloadTooLarge,
                      fmt::format("the answer of '{}' is larger than {} bytes", target.host,
                                  transfer.body_bytes_max));
  }
  if (transfer.denied) {
    return base::fail(ErrorCode::kPermissionDenied,
                      fmt::format("'{}' leads to an address that may not be reached", target.host));
  }
  if (code == CURLE_OK) return {};
  const ErrorCode why =
      code == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable;
  return base::fail(why,
                    fmt::format("no answer of '{}': {}", target.host, ::curl_easy_strerror(code)));
}

void set_options(CURL* curl, const Request& request, const Target& target, Transfer& transfer) {
  // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): the library's interface.
  ::curl_easy_setopt(curl, CURLOPT_URL, target.url.c_str());
  ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(curl, CURLOPT_PROXY, "");
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") ::curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (!request.body.empty()) {
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  ::curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.us / 1000));
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &transfer);
  // NOLINTEND(cppcoreguidelines-pro-type-vararg)
}

Result<Response> fetch_once(const Fetcher& fetcher, const Request& request, const Target& target,
                            std::size_t body_bytes_max) {
  PERDURE_ASSIGN_OR_RETURN(const std::vector<IpAddress> addresses, resolve(fetcher, target));
  const Owned<CURL> curl(::curl_easy_init());
  PERDURE_CHECK(curl != nullptr, "libcurl does not begin");
  Transfer transfer{.fetcher = fetcher, .body_bytes_max = body_bytes_max};
  set_options(curl.get(), request, target, transfer);
  const Owned<curl_slist> resolved = append({}, resolve_entry(target, addresses));
  Owned<curl_slist> headers = append({}, "Expect:");
  for (const auto& [name, value] : request.headers) {
    headers =
        append(std::move(headers), value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): the library's interface.
  ::curl_easy_setopt(curl.get(), CURLOPT_RESOLVE, resolved.get());
  ::curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = ::curl_easy_perform(curl.get());
  PERDURE_RETURN_IF_ERROR(ended(transfer, code, target));
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  // NOLINTEND(cppcoreguidelines-pro-type-vararg)
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void drop_credentials(Request& request) {
  for (const char* secret : {"authorization", "cookie", "proxy-authorization", "x-functions-key"}) {
    request.headers.erase(secret);
  }
}

/// The request that follows a redirect.
void redirect(Request& request, int status, bool same_origin) {
  const bool keeps_method = status == 307 || status == 308 || request.method == "HEAD";
  if (!keeps_method && (status == 303 || request.method == "POST")) {
    request.method = "GET";
    request.body.clear();
    request.headers.erase("content-type");
    request.headers.erase("content-length");
  }
  if (!same_origin) drop_credentials(request);
}

}  // namespace

bool HeaderOrder::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) <
           std::tolower(static_cast<unsigned char>(y));
  });
}

Result<UrlParts> parse_url(const std::string& url) {
  PERDURE_ASSIGN_OR_RETURN(const Target target, parse(url, {}));
  return UrlParts{.scheme = target.scheme, .host = without_brackets(target.host)};
}

Fetcher::Fetcher(Policy policy) : policy_(std::move(policy)) {
  static const CURLcode kBegun = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  PERDURE_CHECK(kBegun == CURLE_OK, "libcurl does not begin");
}

bool Fetcher::may_reach(const IpAddress& address) const {
  return is_public(address) || std::ranges::any_of(policy_.allowed, [&](const Network& network) {
           return network.contains(address);
         });
}

Result<Response> Fetcher::fetch(Request request) const {
  PERDURE_RETURN_IF_ERROR(check(request));
  request.timeout = std::clamp(request.timeout, base::milliseconds(1), kTimeoutMax);
  PERDURE_ASSIGN_OR_RETURN(Target target, parse(request.url, request.from));
  if (!request.from.empty()) {
    PERDURE_ASSIGN_OR_RETURN(const Target from, parse(request.from, {}));
    if (from.origin() != target.origin()) drop_credentials(request);
  }
  for (int hops = 0;; ++hops) {
    PERDURE_ASSIGN_OR_RETURN(Response response,
                             fetch_once(*this, request, target, policy_.body_bytes_max));
    response.url = target.url;
    const auto location = response.headers.find("location");
    if (!is_redirect(response.status) || location == response.headers.end() ||
        policy_.redirects_max == 0) {
      return response;
    }
    if (hops == policy_.redirects_max) {
      return base::fail(ErrorCode::kUnavailable, fmt::format("'{}' redirects more than {} times",
                                                             target.host, policy_.redirects_max));
    }
    PERDURE_ASSIGN_OR_RETURN(Target next, parse(location->second, target.url));
    redirect(request, response.status, next.origin() == target.origin());
    target = std::move(next);
  }
}

}  // namespace perdure::egress

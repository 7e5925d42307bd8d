// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/testing/client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

#include "base/check.h"
#include "transport/http/text.h"

namespace perdure::transport::http::testing {
namespace {

constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};
constexpr int kSmallWindow = 4096;

}  // namespace

Client::Client(std::uint16_t port, Window window) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  PERDURE_CHECK(socket_ >= 0, "a socket");
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (window == Window::kSmall) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kSmallWindow, sizeof kSmallWindow);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  PERDURE_CHECK(::connect(socket_, raw, sizeof address) == 0, "the listener accepts");
}

Client::~Client() { ::close(socket_); }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::shut_sending() { ::shutdown(socket_, SHUT_WR); }

bool Client::read_more() {
  std::array<char, 16'384> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string Client::read_until(std::string_view mark) {
  std::size_t found = buffer_.find(mark);
  while (found == std::string::npos && read_more()) found = buffer_.find(mark);
  const std::size_t end = found == std::string::npos ? buffer_.size() : found + mark.size();
  std::string result = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return result;
}

std::string Client::read_rest() {
  while (read_more()) {
  }
  return std::exchange(buffer_, {});
}

std::optional<std::string> Client::take(std::size_t count) {
  while (buffer_.size() < count) {
    if (!read_more()) return std::nullopt;
  }
  std::string result = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return result;
}

std::optional<std::string> Client::read_chunks() {
  std::string body;
  while (true) {
    const std::string line = read_until("\r\n");
    if (!line.ends_with("\r\n")) return std::nullopt;
    const std::size_t size = std::stoul(line, nullptr, 16);
    const auto chunk = take(size + 2);
    if (!chunk) return std::nullopt;
    if (size == 0) return body;
    body.append(*chunk, 0, size);
  }
}

std::optional<Response> Client::read_response() {
  const std::string head = read_until("\r\n\r\n");
  if (!head.ends_with("\r\n\r\n")) return std::nullopt;
  Response response;
  response.status = static_cast<unsigned>(std::stoul(head.substr(sizeof "HTTP/1.1")));
  for (const std::string_view line :
       split_list(std::string_view(head).substr(head.find('\n')), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    response.headers.emplace_back(line.substr(0, colon), trimmed(value));
  }
  std::optional<std::string> body{""};
  if (const auto length = header_of(response.headers, "Content-Length"); !length.empty()) {
    body = take(static_cast<std::size_t>(parse_number(length).value_or(0)));
  } else if (header_of(response.headers, "Transfer-Encoding") == "chunked") {
    body = read_chunks();
  }
  if (!body) return std::nullopt;
  response.body = *std::move(body);
  return response;
}

std::optional<Response> Client::ask(std::string_view method, std::string_view target,
                                    std::string_view body, std::string_view content_type,
                                    std::string_view more_headers) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}", method, target, more_headers);
  if (!body.empty()) {
    text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  }
  send(text.append("\r\n").append(body));
  return read_response();
}

}  // namespace perdure::transport::http::testing

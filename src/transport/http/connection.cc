// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <exception>

#include "transport/http/failures.h"
#include "transport/http/text.h"

namespace perdure::transport::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kReadBodyBytes = std::size_t{64} << 10;
constexpr base::Duration kLinger = base::seconds(2);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::chrono::microseconds chrono_of(base::Duration span) {
  return std::chrono::microseconds(span.us);
}

/// How long so many bytes may take.
base::Duration patience(const ListenerLimits& limits, std::size_t bytes) {
  return {limits.grace.us +
          static_cast<std::int64_t>(bytes / limits.bytes_per_second_min) * base::seconds(1).us};
}

/// Nothing that a handler says can begin a line of its own.
void append_header(std::string& text, std::string_view name, std::string_view value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  text.append(name).append(": ");
  std::ranges::replace_copy_if(value, std::back_inserter(text), is_control, '_');
  text.append("\r\n");
}

}  // namespace

Connection::Connection(std::unique_ptr<Stream> stream, std::shared_ptr<Loop> loop,
                       std::shared_ptr<Hall> hall, Origin origin)
    : stream_(std::move(stream)),
      loop_(std::move(loop)),
      hall_(std::move(hall)),
      origin_(std::move(origin)),
      born_(hall_->clock.monotonic()),
      buffer_(hall_->limits.header_bytes_max + kReadBodyBytes),
      deadline_(loop_->context),
      alarm_(loop_->context) {}

Connection::~Connection() {
  if (exchange_) exchange_->set_gone();
  hall_->return_bytes(bytes_charged_);
  hall_->leave(origin_.place);
}

void Connection::start() {
  loop_->connections.insert(this);
  arm(hall_->limits.handshake);
  stream_->handshake([self = shared_from_this()](Failed failed) {
    if (failed || self->stage_ == Stage::kClosed) return self->close();
    self->await_request();
  });
}

void Connection::drain() {
  if (stage_ == Stage::kIdle || stage_ == Stage::kHandshake) return close();
  if (stage_ == Stage::kUnderWay) interrupt(Interruption::kDraining);
}

void Connection::close() {
  if (stage_ == Stage::kClosed) return;
  stage_ = Stage::kClosed;
  disarm();
  loop_->connections.erase(this);
  stream_->close();
  if (exchange_) {
    exchange_->set_gone();
    if (!complete_) interrupt(Interruption::kGone);
    let_go_of_exchange();
  }
}

// ---- Reading ------------------------------------------------------------------------------------

void Connection::await_request() {
  if (hall_->draining && buffer_.size() == 0) return close();
  stage_ = Stage::kIdle;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(hall_->limits.header_bytes_max));
  parser_->body_limit(hall_->limits.body_bytes_max);
  body_received_ = 0;
  if (buffer_.size() > 0) {
    stage_ = Stage::kHead;
    arm(hall_->limits.header);
    return parse();
  }
  if (buffer_.capacity() > kScratchBytes) buffer_.shrink_to_fit();
  arm(hall_->limits.idle);
  read();
}

void Connection::read() {
  if (reading_ || stage_ == Stage::kClosed) return;
  // Within a body the buffer is touched by nobody until the read is over.
  const bool direct = stage_ == Stage::kBody;
  const std::size_t wanted = direct ? kReadBodyBytes : kScratchBytes;
  const std::size_t room = std::min(buffer_.max_size() - buffer_.size(), wanted);
  if (room == 0) return;  // pipelined bytes stay in the socket until there is room
  reading_ = true;
  const asio::mutable_buffer into =
      direct ? buffer_.prepare(room) : asio::mutable_buffer(scratch_.data(), room);
  stream_->read_some(into, [self = shared_from_this(), direct](Failed failed, std::size_t count) {
    self->reading_ = false;
    if (!failed && self->stage_ != Stage::kLingering && self->stage_ != Stage::kClosed) {
      if (!direct) {
        asio::buffer_copy(self->buffer_.prepare(count), asio::buffer(self->scratch_, count));
      }
      self->buffer_.commit(count);
    }
    self->on_read(failed);
  });
}

void Connection::on_read(Failed failed) {
  if (stage_ == Stage::kClosed) return;
  if (failed) return close();
  if (stage_ == Stage::kIdle) {
    stage_ = Stage::kHead;
    arm(hall_->limits.header);
  }
  if (stage_ == Stage::kUnderWay || stage_ == Stage::kLingering) return read();
  parse();
}

void Connection::parse() {
  namespace errors = beast::http;
  while (true) {
    Failed failed;
    const std::size_t before = buffer_.size();
    const std::size_t used = parser_->put(buffer_.data(), failed);
    buffer_.consume(used);
    if (failed && failed != errors::error::need_more) return refuse(failed);
    if (stage_ == Stage::kHead && parser_->is_header_done() && !accept_head()) return;
    if (stage_ == Stage::kBody) body_received_ += used;
    if (parser_->is_done()) {
      return hand_over(*method_from_name(std::string_view(parser_->get().method_string().data(),
                                                          parser_->get().method_string().size())));
    }
    const bool stuck = failed == errors::error::need_more || (used == 0 && before > 0);
    if (buffer_.size() == 0 || stuck) {
      if (stage_ == Stage::kBody) arm(patience(hall_->limits, body_received_));
      return read();
    }
  }
}

bool Connection::accept_head() {
  namespace http = beast::http;
  const auto& request = parser_->get();
  const auto refused = [this](unsigned status, std::string_view code, std::string_view message) {
    refuse(status, code, message);
    return false;
  };
  version_ = request.version();
  keep_alive_ = parser_->keep_alive();
  if (version_ != 10 && version_ != 11) {
    return refused(505, "INVALID_ARGUMENT", "HTTP/1.1 is spoken here");
  }
  const auto method = request.method_string();
  if (!method_from_name({method.data(), method.size()})) {
    return refused(501, "UNIMPLEMENTED", "there is no such method here");
  }
  if (version_ == 11 && request.count(http::field::host) != 1) {
    return refused(400, "INVALID_ARGUMENT", "a request has one header \"Host\"");
  }
  const auto transfer = request[http::field::transfer_encoding];
  if (request.count(http::field::transfer_encoding) > 0 &&
      !same_letters({transfer.data(), transfer.size()}, "chunked")) {
    return refused(501, "UNIMPLEMENTED", "the only transfer coding here is \"chunked\"");
  }
  const auto coding = request[http::field::content_encoding];
  if (!coding.empty() && !same_letters({coding.data(), coding.size()}, "identity")) {
    return refused(415, "INVALID_ARGUMENT", "a body is sent without a content coding here");
  }
  const bool has_body = !parser_->is_done();
  if (has_body) {
    const auto length = parser_->content_length();
    const std::size_t bytes =
        length ? static_cast<std::size_t>(*length) : hall_->limits.body_bytes_max;
    if (!hall_->take_bytes(bytes)) {
      return refused(429, "RESOURCE_EXHAUSTED", "too many bodies are under way; try again later");
    }
    bytes_charged_ = bytes;
    const auto expect = request[http::field::expect];
    if (buffer_.size() == 0 && same_letters({expect.data(), expect.size()}, "100-continue")) {
      push(std::string(kContinue), 0);
    }
  }
  stage_ = Stage::kBody;
  parser_->eager(true);
  arm(patience(hall_->limits, 0));
  return true;
}

void Connection::refuse(const Failed& why) {
  using beast::http::error;
  const ListenerLimits& limits = hall_->limits;
  if (why == error::header_limit || why == error::buffer_overflow) {
    return refuse(431, "INVALID_ARGUMENT",
                  fmt::format("the headers are larger than {} bytes", limits.header_bytes_max));
  }
  if (why == error::body_limit) {
    return refuse(413, "PAYLOAD_TOO_LARGE",
                  fmt::format("the body is larger than {} bytes", limits.body_bytes_max));
  }
  if (why == error::bad_version) {
    return refuse(505, "INVALID_ARGUMENT", "HTTP/1.1 is spoken here");
  }
  refuse(400, "INVALID_ARGUMENT", "this is no request of HTTP/1.1: " + why.message());
}

void Connection::refuse(unsigned status, std::string_view code, std::string_view message) {
  hall_->rejected.fetch_add(1, std::memory_order_relaxed);
  keep_alive_ = false;
  body_wanted_ = true;
  stage_ = Stage::kUnderWay;
  Response response = refusal(status, code, message);
  if (status == 429) response.headers.emplace_back("Retry-After", "1");
  send(std::move(response));
}

void Connection::hand_over(Method method) {
  auto message = parser_->release();
  parser_.reset();
  const auto text = message.target();
  auto target = parse_target({text.data(), text.size()});
  if (!target) return refuse(400, "INVALID_ARGUMENT", target.error().message);

  Request request{.method = method,
                  .target = *std::move(target),
                  .headers = {},
                  .body = std::move(message.body()),
                  .remote = origin_.address,
                  .scheme = stream_->is_encrypted() ? Scheme::kHttps : Scheme::kHttp,
                  .identity = stream_->identity(),
                  .parameters = {}};
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  hall_->requests.fetch_add(1, std::memory_order_relaxed);
  stage_ = Stage::kUnderWay;
  disarm();
  body_wanted_ = method != Method::kHead;
  exchange_ = std::make_shared<Exchange>(weak_from_this(), ++exchange_number_, loop_,
                                         hall_->limits.stream_bytes_max);
  const Answer answer(exchange_);
  read();
  try {
    hall_->handler(std::move(request), answer);
  } catch (const std::exception& problem) {  // of the standard library: no memory
    answer.send(refusal(500, "INTERNAL", problem.what()));
  }
}

// ---- Writing ------------------------------------------------------------------------------------

std::string Connection::head_text(const Head& head, std::optional<std::size_t> length) {
  if (hall_->draining || hall_->clock.monotonic() - born_ > hall_->limits.age) keep_alive_ = false;
  if (!length && version_ == 10) keep_alive_ = false;
  const bool may_have_body = head.status >= 200 && head.status != 204 && head.status != 304;
  const auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(head.status));
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", head.status,
                                 std::string_view(reason.data(), reason.size()));
  append_header(text, "Date", show_http_date(hall_->clock.now()));
  append_header(text, "X-Content-Type-Options", "nosniff");
  if (header_of(head.headers, "Cache-Control").empty()) {
    append_header(text, "Cache-Control", "no-store");
  }
  for (const auto& [name, value] : head.headers) append_header(text, name, value);
  if (length && may_have_body) append_header(text, "Content-Length", std::to_string(*length));
  chunked_ = !length && version_ == 11;
  if (chunked_) append_header(text, "Transfer-Encoding", "chunked");
  append_header(text, "Connection", keep_alive_ ? "keep-alive" : "close");
  return text += "\r\n";
}

void Connection::send(Response response) {
  if (stage_ != Stage::kUnderWay || complete_) return;
  std::string bytes =
      head_text({response.status, std::move(response.headers)}, response.body.size());
  complete_ = true;
  if (body_wanted_) bytes += response.body;
  push(std::move(bytes), 0);
}

void Connection::begin(const Head& head) {
  if (stage_ != Stage::kUnderWay || complete_) return;
  std::string bytes = head_text(head, std::nullopt);
  complete_ = !body_wanted_;
  push(std::move(bytes), 0);
}

void Connection::write_piece(const std::string& piece) {
  if (stage_ != Stage::kUnderWay || complete_) return;
  push(chunked_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : piece, piece.size());
}

void Connection::end() {
  if (stage_ != Stage::kUnderWay || complete_) return;
  complete_ = true;
  push(chunked_ ? "0\r\n\r\n" : "", 0);
}

void Connection::give_up() {
  hall_->given_up.fetch_add(1, std::memory_order_relaxed);
  close();
}

void Connection::push(std::string bytes, std::size_t stream_bytes) {
  queue_.push_back({std::move(bytes), stream_bytes});
  if (!writing_) {
    written_ = 0;
    write();
  }
}

void Connection::write() {
  if (stage_ == Stage::kClosed) return;
  const std::string& bytes = queue_.front().bytes;
  // While a request is read, its own deadline holds.
  if (stage_ == Stage::kUnderWay) arm(patience(hall_->limits, written_));
  writing_ = true;
  stream_->write_some(asio::buffer(bytes.data() + front_written_, bytes.size() - front_written_),
                      [self = shared_from_this()](Failed failed, std::size_t count) {
                        self->writing_ = false;
                        self->on_written(failed, count);
                      });
}

void Connection::on_written(Failed failed, std::size_t count) {
  if (stage_ == Stage::kClosed) return;
  if (failed) return close();
  front_written_ += count;
  written_ += count;
  if (front_written_ == queue_.front().bytes.size()) {
    if (exchange_) exchange_->taken(queue_.front().stream_bytes);
    queue_.pop_front();
    front_written_ = 0;
  }
  if (!queue_.empty()) return write();
  if (stage_ != Stage::kUnderWay) return;
  if (complete_) return finish();
  disarm();
}

void Connection::finish() {
  complete_ = false;
  if (exchange_) {
    exchange_->set_gone();
    let_go_of_exchange();
  }
  hall_->return_bytes(std::exchange(bytes_charged_, 0));
  if (!keep_alive_) return linger();
  await_request();
}

void Connection::linger() {
  // Closing at once with bytes unread would reset the connection, and the answer with it.
  stage_ = Stage::kLingering;
  buffer_.clear();
  stream_->shut_sending();
  arm(kLinger);
  read();
}

// ---- Time, and the end --------------------------------------------------------------------------

void Connection::arm(base::Duration span) {
  deadline_.expires_after(chrono_of(span));
  deadline_.async_wait([weak = weak_from_this(), number = ++deadline_number_](Failed failed) {
    const auto self = weak.lock();
    if (!failed && self && self->deadline_number_ == number) self->on_deadline();
  });
}

void Connection::disarm() {
  ++deadline_number_;
  deadline_.cancel();
}

void Connection::on_deadline() {
  switch (stage_) {
    case Stage::kHead:
    case Stage::kBody:
      hall_->given_up.fetch_add(1, std::memory_order_relaxed);
      return refuse(408, "DEADLINE_EXCEEDED", "the request did not arrive in time");
    case Stage::kUnderWay: return give_up();
    case Stage::kHandshake:
    case Stage::kIdle:
    case Stage::kLingering:
    case Stage::kClosed: return close();
  }
}

void Connection::on_interrupted(std::function<void(Interruption)> callback) {
  interrupted_ = std::move(callback);
  told_draining_ = false;
  if (hall_->draining) interrupt(Interruption::kDraining);
}

void Connection::interrupt(Interruption why) {
  if (!interrupted_) return;
  if (why == Interruption::kDraining && std::exchange(told_draining_, true)) return;
  const auto callback = interrupted_;  // it may set another
  callback(why);
}

void Connection::after(base::Duration span, std::function<void()> callback) {
  alarm_.expires_after(chrono_of(span));
  alarm_.async_wait([weak = weak_from_this(), number = ++alarm_number_,
                     callback = std::move(callback)](Failed failed) {
    const auto self = weak.lock();
    if (!failed && self && self->alarm_number_ == number) callback();
  });
}

void Connection::let_go_of_exchange() {
  ++alarm_number_;
  alarm_.cancel();
  interrupted_ = nullptr;
  exchange_.reset();
}

}  // namespace perdure::transport::http

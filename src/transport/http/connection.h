// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One connection: reads a request within limits, hands it over, writes the answer, and begins anew.
//
//   handshake -> idle -> head -> body -> under way -+-> idle
//                  ^                                 +-> lingering -> closed
//                  +---------------------------------'
//
// Everything runs on the thread of its loop. It is kept alive by what it waits for: the last
// callback lets go of it. One read is outstanding almost always, also while a request is under way:
// that is how a client that leaves is noticed.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "transport/http/exchange.h"
#include "transport/http/hall.h"
#include "transport/http/stream.h"

namespace perdure::transport::http {

inline constexpr std::size_t kScratchBytes = 2048;

/// Where a connection comes from.
struct Origin {
  std::string address;
  std::string place;  // what the limit counts by
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  /// REQUIRES: the hall was entered from `origin.place`; it is left in the end.
  Connection(std::unique_ptr<Stream> stream, std::shared_ptr<Loop> loop, std::shared_ptr<Hall> hall,
             Origin origin);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// The server is about to stop.
  void drain();
  void close();

  // ---- the exchange's side ----
  [[nodiscard]] bool serves(ExchangeNumber number) const {
    return exchange_ && exchange_number_ == number;
  }
  void send(Response response);
  void begin(const Head& head);
  void write_piece(const std::string& piece);
  void end();
  void give_up();
  void on_interrupted(std::function<void(Interruption)> callback);
  void after(base::Duration span, std::function<void()> callback);

 private:
  enum class Stage : std::uint8_t {
    kHandshake,
    kIdle,
    kHead,
    kBody,
    kUnderWay,
    kLingering,
    kClosed
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // reading
  void await_request();
  void read();
  void on_read(Failed failed);
  void parse();
  /// False: the request was refused.
  bool accept_head();
  void refuse(const Failed& why);
  void refuse(unsigned status, std::string_view code, std::string_view message);
  void hand_over(Method method);

  // writing
  [[nodiscard]] std::string head_text(const Head& head, std::optional<std::size_t> length);
  void push(std::string bytes, std::size_t stream_bytes);
  void write();
  void on_written(Failed failed, std::size_t count);
  void finish();
  void linger();

  void arm(base::Duration span);
  void disarm();
  void on_deadline();
  void interrupt(Interruption why);
  void let_go_of_exchange();

  struct Piece {
    std::string bytes;
    std::size_t stream_bytes = 0;  // of what the handler wrote: counted by the exchange
  };

  const std::unique_ptr<Stream> stream_;
  const std::shared_ptr<Loop> loop_;
  const std::shared_ptr<Hall> hall_;
  const Origin origin_;
  const base::Timestamp born_;

  Stage stage_ = Stage::kHandshake;
  boost::beast::flat_buffer buffer_;
  /// Where reads go that are outstanding while the buffer is used.
  std::array<char, kScratchBytes> scratch_;
  std::optional<Parser> parser_;
  bool reading_ = false;
  std::size_t body_received_ = 0;
  std::size_t bytes_charged_ = 0;  // with the hall

  std::shared_ptr<Exchange> exchange_;  // shared with the handler's answer; null: none under way
  ExchangeNumber exchange_number_ = 0;
  std::function<void(Interruption)> interrupted_;
  bool told_draining_ = false;
  bool keep_alive_ = true;
  bool body_wanted_ = true;  // false: it answers HEAD
  bool chunked_ = false;
  bool complete_ = false;  // the answer ends with what is queued
  unsigned version_ = 11;

  std::deque<Piece> queue_;
  std::size_t front_written_ = 0;
  bool writing_ = false;
  std::size_t written_ = 0;  // since the queue was empty

  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer alarm_;
  // A timer that went off may be told so after it was set anew.
  std::uint64_t deadline_number_ = 0;
  std::uint64_t alarm_number_ = 0;
};

}  // namespace perdure::transport::http

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/exchange.h"

#include "transport/http/connection.h"

namespace perdure::transport::http {

template <class What>
void Exchange::carry(What what) {
  loop_->post([to = connection_, number = number_, what = std::move(what)]() mutable {
    const auto connection = to.lock();
    if (connection && connection->serves(number)) what(*connection);
  });
}

void Exchange::send(Response response) {
  carry([response = std::move(response)](Connection& connection) mutable {
    connection.send(std::move(response));
  });
}

void Exchange::begin(Head head) {
  carry([head = std::move(head)](Connection& connection) { connection.begin(head); });
}

bool Exchange::write(std::string piece) {
  if (gone_.load(std::memory_order_acquire)) return false;
  if (piece.empty()) return true;
  const std::size_t size = piece.size();
  // One piece may be larger than the bound: an event of a history can not be cut.
  if (waiting_.fetch_add(size, std::memory_order_relaxed) > stream_bytes_max_) {
    set_gone();
    carry([](Connection& connection) { connection.give_up(); });
    return false;
  }
  carry([piece = std::move(piece)](Connection& connection) { connection.write_piece(piece); });
  return true;
}

void Exchange::end() {
  carry([](Connection& connection) { connection.end(); });
}

void Exchange::on_interrupted(std::function<void(Interruption)> callback) {
  const bool posted = loop_->post([to = connection_, number = number_, callback] {
    const auto connection = to.lock();
    if (connection && connection->serves(number)) {
      connection->on_interrupted(callback);
    } else {
      callback(Interruption::kGone);  // it has happened already
    }
  });
  if (!posted) callback(Interruption::kGone);
}

void Exchange::after(base::Duration span, std::function<void()> callback) {
  carry([span, callback = std::move(callback)](Connection& connection) {
    connection.after(span, callback);
  });
}

}  // namespace perdure::transport::http

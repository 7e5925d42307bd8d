// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/hall.h"

#include "base/check.h"

namespace perdure::transport::http {

bool Hall::enter(const std::string& place) {
  const runtime::Lock lock(mutex_);
  const auto found = places_.find(place);
  if (count_ >= limits.connections_max ||
      (found != places_.end() && found->second >= limits.connections_per_address_max)) {
    ++refused_;
    return false;
  }
  ++places_[place];
  ++count_;
  ++accepted_;
  return true;
}

void Hall::leave(const std::string& place) {
  const runtime::Lock lock(mutex_);
  const auto found = places_.find(place);
  PERDURE_CHECK(found != places_.end() && count_ > 0, "who leaves has entered");
  if (--found->second == 0) places_.erase(found);
  if (--count_ == 0) left_.notify_all();
}

bool Hall::wait_until_empty(base::Duration span) {
  runtime::Lock lock(mutex_);
  return left_.wait_for(lock, span, [this] { return count_ == 0; });
}

bool Hall::take_bytes(std::size_t count) {
  std::size_t now = bytes_.load(std::memory_order_relaxed);
  while (count <= limits.bodies_bytes_max && now <= limits.bodies_bytes_max - count) {
    if (bytes_.compare_exchange_weak(now, now + count, std::memory_order_relaxed)) return true;
  }
  return false;
}

ListenerStats Hall::stats() const {
  const runtime::Lock lock(mutex_);
  return {.connections = count_,
          .accepted = accepted_,
          .refused = refused_,
          .requests = requests.load(std::memory_order_relaxed),
          .rejected = rejected.load(std::memory_order_relaxed),
          .given_up = given_up.load(std::memory_order_relaxed)};
}

}  // namespace perdure::transport::http

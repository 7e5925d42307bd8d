// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/token_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace perdure::server {
namespace {

/// The operator chose the address, so it may be anywhere. A redirect could leave TLS, and whoever
/// publishes keys has no need of one.
egress::Policy policy() {
  return {.allowed = {*egress::Network::parse("::/0")},
          .body_bytes_max = kJwksBytesMax,
          .redirects_max = 0};
}

}  // namespace

TokenKeys::TokenKeys(std::string url, access::Guard& guard, const runtime::Clock& clock,
                     const Log& log)
    : url_(std::move(url)), guard_(guard), clock_(clock), log_(log), fetcher_(policy()) {
  guard_.on_unknown_key([this] { ask(); });
}

TokenKeys::~TokenKeys() {
  end();
  thread_.join();
}

void TokenKeys::begin() {
  const base::Duration first = step();
  thread_ = runtime::Thread("token keys", [this, first] {
    for (base::Duration span = first; !ending_; span = step()) bell_.wait_for(span);
  });
}

void TokenKeys::end() {
  ending_ = true;
  bell_.raise();
}

void TokenKeys::ask() {
  if (!asked_.exchange(true)) bell_.raise();  // one of a flood wakes the thread
}

void TokenKeys::ask_at_once() {
  hurried_ = true;
  bell_.raise();
}

base::Timestamp TokenKeys::due() const {
  if (!begun_ || hurried_) return clock_.monotonic();
  return *begun_ + (asked_ ? std::min(pause_, kFetchEveryMin) : pause_);
}

base::Duration TokenKeys::step() {
  const base::Timestamp now = clock_.monotonic();
  if (const base::Timestamp at = due(); ending_ || now < at) return at - now;
  begun_ = now;
  // Before the fetch: who asks from now on may know of keys that it will not bring.
  hurried_ = false;
  asked_ = false;
  const auto fetched = fetch();
  has_keys_ = has_keys_ || fetched;
  tell(fetched);
  if (fetched) {
    pause_ = kFetchEvery;
  } else if (has_keys_) {
    pause_ = kFetchEveryMin;
  } else {
    pause_ = std::exchange(retry_, std::min(base::microseconds(2 * retry_.us), kFetchEveryMin));
  }
  return pause_;
}

base::Result<> TokenKeys::fetch() const {
  PERDURE_ASSIGN_OR_RETURN(
      const egress::Response response,
      fetcher_.fetch(
          {.url = url_, .headers = {{"accept", "application/json"}}, .timeout = kFetchPatience}));
  if (response.status != 200) {
    return base::fail(base::ErrorCode::kUnavailable,
                      fmt::format("the answer has the status {}", response.status));
  }
  return guard_.set_token_keys(response.body);
}

void TokenKeys::tell(const base::Result<>& fetched) {
  const bool failed_before = std::exchange(failing_, !fetched);
  if (fetched && failed_before) log_.info(fmt::format("jwks-url {} answers again", url_));
  if (fetched || failed_before) return;
  log_.warning(fmt::format(
      "jwks-url {}: {}; {}, and it is tried again", url_, fetched.error().message,
      has_keys_ ? "the keys of before stay known" : "no token is believed until it brings keys"));
}

}  // namespace perdure::server

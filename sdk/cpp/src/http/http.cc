// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The orchestration "perdure.http" and its one activity. The activity sends a request once; when to
// send it again, and where to ask next, is decided here, by durable timers.
#include "perdure/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

#include "base/base64.h"
#include "base/utf8.h"
#include "egress/fetch.h"
#include "perdure/activity.h"
#include "perdure/registry.h"

namespace perdure {
namespace {

constexpr const char* kHttpActivity = "perdure.http.send";
constexpr std::int32_t kAttemptsMax = 20;
constexpr double kWaitSecondsMin = 1;
constexpr double kWaitSecondsMax = 3600;
constexpr double kSecondsMax = 366.0 * 24 * 3600;
/// Questions of one execution; then a new one goes on, so that the history stays short.
constexpr int kQuestionsMax = 50;
constexpr std::array<int, 6> kTryAgain{408, 429, 500, 502, 503, 504};

/// One request to be sent.
struct Send {
  std::string method;
  std::string url;   // may be relative to `from`
  std::string from;  // where it was found; credentials do not leave its origin
  std::map<std::string, std::string> headers;
  std::optional<std::string> body;
  double timeout_seconds = 100;

  PERDURE_FIELDS(Send, method, url, from, headers, body, timeout_seconds);
};

/// The answer, and where it came from.
struct Sent {
  HttpResponse response;
  std::string url;

  PERDURE_FIELDS(Sent, response, url);
};

/// The input: a request; or, with a location, what an execution before this one left to be done.
struct Call : HttpRequest {
  std::string location;
  std::string from;
  std::int64_t give_up_ms = 0;

  PERDURE_FIELDS(Call, method, url, headers, body, timeout_seconds, attempts, poll, poll_seconds,
                 poll_timeout_seconds, location, from, give_up_ms);
};

std::chrono::microseconds span(double seconds) {
  if (!(seconds > 0)) return {};
  return std::chrono::microseconds(static_cast<std::int64_t>(std::min(seconds, kSecondsMax) * 1e6));
}

bool is_text(std::string_view bytes) { return !base::first_bad_utf8(bytes); }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

Sent to_sent(egress::Response answer) {
  Sent sent;
  sent.url = std::move(answer.url);
  sent.response.status = answer.status;
  for (auto& [name, value] : answer.headers) {
    // A header in another encoding is no text of a JSON document.
    sent.response.headers[lower(name)] = is_text(value) ? std::move(value) : base::base64_of(value);
  }
  if (is_text(answer.body)) {
    sent.response.body = std::move(answer.body);
  } else {
    sent.response.body_base64 = base::base64_of(answer.body);
  }
  return sent;
}

/// The activity.
Sent send(const egress::Fetcher& fetcher, const Send& what) {
  egress::Request request{.method = what.method,
                          .url = what.url,
                          .from = what.from,
                          .headers = {what.headers.begin(), what.headers.end()},
                          .body = what.body.value_or(""),
                          .timeout = {span(what.timeout_seconds).count()}};
  auto answer = fetcher.fetch(std::move(request));
  if (answer) return to_sent(*std::move(answer));
  Failure failure(answer.error().message);
  failure.type(fmt::format("perdure.http.{}", base::error_name(answer.error().code)));
  const bool temporary = answer.error().code == base::ErrorCode::kUnavailable ||
                         answer.error().code == base::ErrorCode::kDeadlineExceeded;
  if (!temporary) failure.non_retriable();
  throw failure;
}

/// Seconds that the other side asks to wait; `otherwise` if it names none that can be read.
double wait_seconds(const HttpResponse& response, double otherwise) {
  const auto found = response.headers.find("retry-after");
  double seconds = otherwise;
  if (found != response.headers.end()) {
    int named = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), named);
    if (error == std::errc() && end == text.data() + text.size()) seconds = named;
  }
  return std::clamp(seconds, kWaitSecondsMin, kWaitSecondsMax);
}

/// Sends until there is an answer to keep, or the attempts are used up.
Task<Sent> send_with_retries(Orchestration& ctx, Send what, std::int32_t attempts) {
  double pause = 1;
  for (std::int32_t attempt = 1;; ++attempt) {
    const bool is_last = attempt >= std::clamp(attempts, 1, kAttemptsMax);
    std::optional<Sent> sent;
    try {
      Sent answer = co_await ctx.call<Sent>(kHttpActivity, what);
      sent = std::move(answer);
    } catch (const TaskFailed& failed) {
      if (is_last || !failed.details().retriable) throw;
    }
    double wait = pause;
    if (sent) {
      if (is_last || std::ranges::find(kTryAgain, sent->response.status) == kTryAgain.end()) {
        co_return *std::move(sent);
      }
      wait = wait_seconds(sent->response, pause);
    }
    co_await ctx.timer(span(wait));
    pause = std::min(2 * pause, kWaitSecondsMax);
  }
}

bool is_underway(const HttpRequest& request, const HttpResponse& response) {
  return request.poll && response.status == 202 && response.headers.contains("location");
}

Send question(const Call& call) {
  Send ask{.method = "GET",
           .url = call.location,
           .from = call.from,
           .headers = call.headers,
           .body = {},
           .timeout_seconds = call.timeout_seconds};
  std::erase_if(ask.headers, [](const auto& header) {
    const std::string name = lower(header.first);
    return name == "content-type" || name == "content-length";
  });
  return ask;
}

std::int64_t ms(Orchestration::TimePoint at) {
  return std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count();
}

Task<HttpResponse> ask_until_done(Orchestration& ctx, Call call, HttpResponse last) {
  double wait = wait_seconds(last, call.poll_seconds);
  for (int asked = 0;; ++asked) {
    if (ms(ctx.now()) >= call.give_up_ms) co_return last;
    co_await ctx.timer(span(wait));
    Sent sent = co_await send_with_retries(ctx, question(call), call.attempts);
    if (!is_underway(call, sent.response)) co_return std::move(sent.response);
    call.location = sent.response.headers.at("location");
    call.from = sent.url;
    last = std::move(sent.response);
    wait = wait_seconds(last, call.poll_seconds);
    if (asked >= kQuestionsMax) {
      // The answer of now need not be kept: the next execution asks again.
      co_await ctx.continue_as_new(call);
    }
  }
}

/// The orchestration.
Task<HttpResponse> http_orchestration(Orchestration& ctx, Call call) {
  HttpResponse last{.status = 202};
  if (call.location.empty()) {
    Send first{.method = call.method,
               .url = call.url,
               .from = {},
               .headers = call.headers,
               .body = call.body,
               .timeout_seconds = call.timeout_seconds};
    Sent sent = co_await send_with_retries(ctx, std::move(first), call.attempts);
    if (!is_underway(call, sent.response)) co_return std::move(sent.response);
    call.location = sent.response.headers.at("location");
    call.from = sent.url;
    call.give_up_ms = ms(ctx.now() + span(call.poll_timeout_seconds));
    last = std::move(sent.response);
  }
  HttpResponse answer = co_await ask_until_done(ctx, std::move(call), std::move(last));
  co_return answer;
}

}  // namespace

Result<void> register_http(Registry& registry, const HttpReach& reach) {
  egress::Policy policy{.allowed = {}, .body_bytes_max = reach.body_bytes_max};
  for (const std::string& text : reach.allowed) {
    auto network = egress::Network::parse(text);
    if (!network) return Error(ErrorCode::kInvalidArgument, network.error().message);
    policy.allowed.push_back(*network);
  }
  const auto fetcher = std::make_shared<egress::Fetcher>(std::move(policy));
  registry.orchestration(kHttpOrchestration, http_orchestration);
  registry.activity(kHttpActivity, [fetcher](const Send& what) { return send(*fetcher, what); });
  return {};
}

}  // namespace perdure

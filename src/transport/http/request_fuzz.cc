// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: the bytes are a target, a moment and a body at once. Each is refused with a
// sentence, or means what is written when it is written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "transport/http/json.h"
#include "transport/http/target.h"
#include "transport/http/text.h"
#include "transport/http/v1/parameters.h"

namespace {

namespace http = perdure::transport::http;

void check_target(std::string_view text) {
  const auto target = http::parse_target(text);
  if (!target) {
    PERDURE_CHECK(!target.error().message.empty(), "a refusal says why");
    return;
  }
  std::string again;
  for (const std::string& segment : target->segments) {
    again += "/" + http::percent_encode(segment);
  }
  // One empty segment at the end needs a slash of its own.
  again += target->segments.empty() || target->segments.back().empty() ? "/" : "";
  again += "?";
  for (const auto& [name, value] : target->query.items()) {
    again += http::percent_encode(name) + "=" + http::percent_encode(value) + "&";
  }
  const auto parsed = http::parse_target(again);
  PERDURE_CHECK(parsed && parsed->segments == target->segments, "the segments stay");
  PERDURE_CHECK(parsed->query.items() == target->query.items(), "the query stays");

  http::v1::Parameters parameters(target->query);
  for (const auto& [name, value] : target->query.items()) {
    static_cast<void>(parameters.number(name, 1000));
    static_cast<void>(parameters.moment(name));
    static_cast<void>(parameters.seconds(name, perdure::base::seconds(1000)));
    static_cast<void>(parameters.statuses(name));
    static_cast<void>(parameters.tags(name));
  }
  PERDURE_CHECK(parameters.finish().has_value(), "every name was asked for");
}

void check_moment(std::string_view text) {
  const auto moment = http::parse_moment(text);
  if (!moment) return;
  PERDURE_CHECK(http::parse_moment(http::show_moment(*moment)) == moment,
                "what is shown means the same");
  PERDURE_CHECK(http::show_http_date(*moment).ends_with(" GMT"), "a date of HTTP");
}

void check_body(std::string_view text) {
  const bool is_json = http::is_json(text);
  const std::string payload = http::json_payload(std::string(text));
  PERDURE_CHECK(http::is_json(payload), "whatever a payload is, the answer is JSON");
  auto body = http::JsonBody::parse(text);
  if (!body) {
    PERDURE_CHECK(!body.error().message.empty(), "a refusal says why");
    return;
  }
  for (const char* name : {"name", "input", "tags", "reuse", "id", ""}) {
    const auto raw = body->raw(name);
    if (!raw) continue;
    PERDURE_CHECK(is_json && http::is_json(*raw), "a member of JSON is JSON");
    PERDURE_CHECK(text.contains(*raw), "a member is cut out as it is");
    static_cast<void>(body->text(name));
    static_cast<void>(body->boolean(name));
    static_cast<void>(body->texts(name));
    static_cast<void>(body->text_map(name));
    static_cast<void>(body->object(name));
  }
  static_cast<void>(body->finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_target(text);
  check_moment(text);
  check_body(text);
  return 0;
}

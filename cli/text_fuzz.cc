// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as what people type for times, durations, tags and JSON. Each is
// refused with a sentence, or means what is shown back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "json.h"
#include "text.h"

namespace {

namespace cli = perdure::cli;
using perdure::Result;
using perdure::TimePoint;

template <class T>
void check_refusal(const Result<T>& result) {
  PERDURE_CHECK(result || !result.error().message().empty(), "an error says what is wrong");
}

void check_times(const std::string& input) {
  const TimePoint now{std::chrono::seconds(1'790'000'000)};
  for (const auto direction : {cli::Direction::kPast, cli::Direction::kFuture}) {
    const auto time = cli::parse_time(input, now, direction);
    check_refusal(time);
    if (!time) continue;
    const auto shown = cli::show_time(*time);
    const auto again = cli::parse_time(shown, now, direction);
    PERDURE_CHECK(again.has_value(), "a time that is shown can be typed: " + shown);
    PERDURE_CHECK(cli::show_time(*again) == shown, "a time that is typed is shown again");
  }
  const auto duration = cli::parse_duration(input);
  check_refusal(duration);
  if (duration) PERDURE_CHECK(!cli::show_duration(*duration).empty(), "a duration is shown");
}

void check_json(const std::string& input) {
  if (cli::json_problem(input)) return;
  for (const std::size_t width : {std::size_t{1}, std::size_t{40}}) {
    const std::string lines = cli::lay_out(input, 2, width);
    PERDURE_CHECK(!cli::json_problem(lines), "what is laid out is JSON");
    PERDURE_CHECK(cli::lay_out(lines, 2, width) == lines, "laying out twice changes nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  check_times(input);
  check_refusal(cli::parse_status(input));
  check_refusal(cli::parse_tag(input));
  check_refusal(cli::from_hex(input));
  PERDURE_CHECK(cli::from_hex(cli::to_hex(input)).value() == input, "hexadecimal digits and back");
  const std::string printed = cli::printable(input);
  const auto steers = [](char byte) { return static_cast<unsigned char>(byte) < 0x20; };
  PERDURE_CHECK(std::ranges::none_of(printed, steers), "a control character is printed");
  PERDURE_CHECK(!cli::json_problem(cli::json_text(input)), "a text as JSON is JSON");
  PERDURE_CHECK(!cli::json_problem(cli::json_payload(input)), "a payload as JSON is JSON");
  check_json(input);
  return 0;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <gtest/gtest.h>

namespace perdure::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

TimePoint at(std::int64_t unix_seconds) { return TimePoint(seconds(unix_seconds)); }

TEST(CliText, ShowsTimesInUtc) {
  EXPECT_EQ(show_time(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(show_time(at(951'827'696) + std::chrono::milliseconds(7)), "2000-02-29T12:34:56.007Z");
}

TEST(CliText, ReadsTheTimesItShows) {
  for (const std::int64_t second : {0LL, 951'827'696LL, 4'102'444'800LL}) {
    EXPECT_EQ(parse_time(show_time(at(second)), at(0), Direction::kPast).value(), at(second));
  }
}

TEST(CliText, ReadsDatesAndTimesOfAnyPrecision) {
  const auto read = [](const char* text) {
    return parse_time(text, at(0), Direction::kPast).value();
  };
  EXPECT_EQ(read("2000-02-29"), at(951'782'400));
  EXPECT_EQ(read("2000-02-29T12:34"), at(951'827'640));
  EXPECT_EQ(read("2000-02-29 12:34:56Z"), at(951'827'696));
  EXPECT_EQ(read("2000-02-29T12:34:56.25Z"), at(951'827'696) + std::chrono::milliseconds(250));
}

TEST(CliText, ReadsADurationAsBeforeOrAfterNow) {
  EXPECT_EQ(parse_time("2h", at(10'000), Direction::kPast).value(), at(2'800));
  EXPECT_EQ(parse_time("1h30m", at(0), Direction::kFuture).value(), at(5'400));
  EXPECT_EQ(parse_time("7d", at(0), Direction::kFuture).value(), at(604'800));
}

TEST(CliText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "yesterday", "2000-02-30", "2000-13-01", "2000-1-1", "2000-01-01T24:00", "2000-01-01T1",
        "2000-01-01T00:60", "2000-01-01T00:00:60", "2000-01-01T00:00:00.Z", "2000-01-01x", "5",
        "-5s", "5w", "h", "99999999999999999999s", "1677-12-31", "2262-01-01",
        "9999-12-31T23:59:59Z"}) {
    const auto time = parse_time(text, at(0), Direction::kPast);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(CliText, ShowsDurationsInFittingUnits) {
  EXPECT_EQ(show_duration(microseconds(1'234)), "1.2 ms");
  EXPECT_EQ(show_duration(microseconds(1'234'567)), "1.23 s");
  EXPECT_EQ(show_duration(seconds(61)), "1 min 1 s");
  EXPECT_EQ(show_duration(seconds(7'260)), "2 h 1 min");
  EXPECT_EQ(show_duration(seconds(90'000)), "1 d 1 h");
}

TEST(CliText, ListsTheValidStatuses) {
  EXPECT_EQ(parse_status("running").value(), Status::kRunning);
  const auto unknown = parse_status("done");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message().find("PENDING, RUNNING, SUSPENDED"), std::string::npos);
}

TEST(CliText, SplitsATagAtTheFirstEqualsSign) {
  EXPECT_EQ(parse_tag("a=b=c").value(), (std::pair<std::string, std::string>("a", "b=c")));
  EXPECT_FALSE(parse_tag("a").has_value());
  EXPECT_FALSE(parse_tag("=b").has_value());
}

TEST(CliText, TurnsBytesIntoDigitsAndBack) {
  const std::string bytes("\0\x7f\xff", 3);
  EXPECT_EQ(to_hex(bytes), "007fff");
  EXPECT_EQ(from_hex("007fff").value(), bytes);
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("zz").has_value());
}

TEST(CliText, LetsNothingSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31m\n"), "a\\x1b[31m\\x0a");
}

TEST(CliText, AlignsColumnsByWhatIsSeen) {
  Table table({"A", "B"});
  table.add({"\xc3\xa4\xc3\xb6", "1"});
  table.add({"abc", "2"});
  EXPECT_EQ(table.render([](std::size_t, std::size_t, const std::string& cell) { return cell; }),
            "A    B\n\xc3\xa4\xc3\xb6   1\nabc  2\n");
}

}  // namespace
}  // namespace perdure::cli

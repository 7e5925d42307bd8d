// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/text.h"

#include <gtest/gtest.h>

#include <string>

namespace perdure::transport::http {
namespace {

constexpr base::Timestamp kNoon{1'769'860'800'000'000};  // 2026-01-31T12:00:00Z

TEST(Text, DecodesPercentSigns) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", Plus::kBlank), "a b");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  for (const char* wrong : {"%", "%4", "%4g", "%g4", "a%%41"}) {
    EXPECT_EQ(percent_decode(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, EncodesWhatItDecodes) {
  std::string every;
  for (int c = 0; c < 256; ++c) every.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
  EXPECT_EQ(percent_encode("aZ09-._~ /@"), "aZ09-._~%20%2F%40");
}

TEST(Text, ReadsMomentsAsPeopleWriteThem) {
  for (const char* text :
       {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00Z",
        "2026-01-31t12:00:00z", "2026-01-31T13:00:00+01:00", "2026-01-31T13:00:00 01:00",
        "2026-01-31T07:30:00-0430", "2026-01-31T13:00:00+01", "2026-01-31T12:00:00.0000000Z"}) {
    EXPECT_EQ(parse_moment(text), kNoon) << text;
  }
  EXPECT_EQ(parse_moment("2026-01-31"), (base::Timestamp{kNoon.us - 12 * 3600 * 1'000'000LL}));
  EXPECT_EQ(parse_moment("2026-01-31T12:00:00.1234567Z"), (base::Timestamp{kNoon.us + 123'456}));
  EXPECT_EQ(parse_moment("1970-01-01T00:00:00Z"), base::Timestamp{0});
  EXPECT_EQ(parse_moment("1969-12-31T23:59:59Z"), base::Timestamp{-1'000'000});
}

TEST(Text, RefusesWhatIsNoMoment) {
  for (const char* text :
       {"", "now", "2026", "2026-1-31", "2026-02-29", "2026-13-01", "2026-01-31T", "2026-01-31T12",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00Zulu", "2026-01-31T12:00:00+1:00", "0000-01-01", "-026-01-01",
        "2026-01-31x"}) {
    EXPECT_EQ(parse_moment(text), std::nullopt) << text;
  }
}

TEST(Text, ShowsMoments) {
  EXPECT_EQ(show_moment(kNoon), "2026-01-31T12:00:00Z");
  EXPECT_EQ(show_moment({kNoon.us + 120}), "2026-01-31T12:00:00.000120Z");
  EXPECT_EQ(show_second({kNoon.us + 999'999}), "2026-01-31T12:00:00Z");
  EXPECT_EQ(show_http_date(kNoon), "Sat, 31 Jan 2026 12:00:00 GMT");
  for (const std::int64_t us : {std::int64_t{0}, kNoon.us + 1, std::int64_t{-1}}) {
    EXPECT_EQ(parse_moment(show_moment({us})), base::Timestamp{us});
  }
}

TEST(Text, ReadsNumbersAndSpans) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("999999999999999999"), 999'999'999'999'999'999U);
  for (const char* wrong : {"", "-1", "+1", "1 ", "0x1", "1.0", "1234567890123456789"}) {
    EXPECT_EQ(parse_number(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_seconds("30"), base::seconds(30));
  EXPECT_EQ(parse_seconds("0.25"), base::milliseconds(250));
  EXPECT_EQ(parse_seconds("1.0000009"), base::seconds(1));
  for (const char* wrong : {"", ".", "1.", "-1", "1e3", "999999999999", "1s"}) {
    EXPECT_EQ(parse_seconds(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, SplitsLists) {
  using List = std::vector<std::string_view>;
  EXPECT_EQ(split_list(" a, b,,c "), (List{"a", "b", "c"}));
  EXPECT_EQ(split_list(""), List{});
  EXPECT_EQ(split_list(","), List{});
}

TEST(Text, ComparesLettersWithoutCase) {
  EXPECT_TRUE(same_letters("Content-Type", "content-TYPE"));
  EXPECT_FALSE(same_letters("a", "ab"));
  EXPECT_FALSE(same_letters("[", "{")) << "only letters have a case";
}

}  // namespace
}  // namespace perdure::transport::http

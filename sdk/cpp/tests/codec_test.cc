// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "perdure/fields.h"

namespace shop {

enum class Colour : std::uint8_t { kRed = 1, kBlue = 2 };

struct Line {
  std::string sku;
  int count = 1;
  std::optional<double> price;
  Colour colour = Colour::kRed;
  PERDURE_FIELDS(Line, sku, count, price, colour);

  friend bool operator==(const Line&, const Line&) = default;
};

class Account {
 public:
  Account() = default;
  explicit Account(long cents) : cents_(cents) {}
  [[nodiscard]] long cents() const { return cents_; }
  PERDURE_FIELDS(Account, cents_);

 private:
  long cents_ = 0;
};

struct Point {
  int x = 0;
  int y = 0;
};
PERDURE_FIELDS(Point, x, y);

struct Nothing {
  PERDURE_FIELDS(Nothing);
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  PERDURE_FIELDS(Tree, value, children);
};

template <class T>
struct Box {
  T inside{};
  PERDURE_FIELDS(Box, inside);
};

struct Foreign {
  int value = 0;
};
void to_json(nlohmann::json& json, const Foreign& foreign) { json = {{"v", foreign.value}}; }
void from_json(const nlohmann::json& json, Foreign& foreign) { json.at("v").get_to(foreign.value); }

struct Image {
  std::string bytes;
};

template <class T>
concept Tagged = requires { T::kTag; };
struct Message {
  static constexpr char kTag = 'm';
  int value = 0;
};

}  // namespace shop

template <>
struct perdure::Codec<shop::Image> {
  static std::string encode(const shop::Image& image) { return "raw:" + image.bytes; }
  static shop::Image decode(std::string_view bytes) {
    if (!bytes.starts_with("raw:")) throw DecodeError("expected an image");
    return {std::string(bytes.substr(4))};
  }
};

template <shop::Tagged T>
struct perdure::Codec<T> {
  static std::string encode(const T& value) { return T::kTag + std::to_string(value.value); }
  static T decode(std::string_view bytes) { return {std::stoi(std::string(bytes.substr(1)))}; }
};

namespace perdure {
namespace {

template <class T>
std::string encode(const T& value) {
  return internal::encode_value(value);
}

template <class T>
std::string objection(std::string_view bytes) {
  try {
    Codec<T>::decode(bytes);
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "none";
}

template <class T>
void expect_round_trip(const T& value, std::string_view json) {
  EXPECT_EQ(encode(value), json);
  EXPECT_EQ(Codec<T>::decode(json), value);
}

TEST(Codec, WritesAndReadsPlainValues) {
  expect_round_trip(true, "true");
  expect_round_trip(0, "0");
  expect_round_trip(-5, "-5");
  expect_round_trip(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_round_trip(std::numeric_limits<std::int64_t>::max(), "9223372036854775807");
  expect_round_trip(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  expect_round_trip(std::int8_t{-128}, "-128");
  expect_round_trip(0.1, "0.1");
  expect_round_trip(1e300, "1e+300");
  expect_round_trip(std::string("plain"), R"("plain")");
  expect_round_trip(std::string("quote \" \\ \n \x01 ü 😀"),
                    "\"quote \\\" \\\\ \\n \\u0001 ü 😀\"");
  expect_round_trip(shop::Colour::kBlue, "2");
  expect_round_trip(Unit(), "null");
  EXPECT_EQ(encode("literal"), R"("literal")");
  EXPECT_EQ(encode(std::string_view("view")), R"("view")");
  EXPECT_EQ(Codec<double>::decode("3"), 3.0);
}

TEST(Codec, WritesAndReadsContainers) {
  expect_round_trip(std::vector<int>{1, 2}, "[1,2]");
  expect_round_trip(std::vector<int>{}, "[]");
  expect_round_trip(std::vector<bool>{true, false}, "[true,false]");
  expect_round_trip(std::array<int, 2>{1, 2}, "[1,2]");
  expect_round_trip(std::deque<int>{1}, "[1]");
  expect_round_trip(std::list<int>{1}, "[1]");
  expect_round_trip(std::set<int>{2, 1}, "[1,2]");
  expect_round_trip(std::map<std::string, int>{{"a \"", 1}, {"b", 2}}, R"({"a \"":1,"b":2})");
  expect_round_trip(std::unordered_map<std::string, int>{{"a", 1}}, R"({"a":1})");
  expect_round_trip(std::pair<int, std::string>{1, "x"}, R"([1,"x"])");
  expect_round_trip(std::tuple<int, bool, std::string>{1, true, "x"}, R"([1,true,"x"])");
  expect_round_trip(std::optional<int>(), "null");
  expect_round_trip(std::optional<int>(5), "5");
  expect_round_trip(std::chrono::milliseconds(1500), "1500");
  expect_round_trip(nlohmann::json{{"free", {1, "form"}}}, R"({"free":[1,"form"]})");
}

TEST(Codec, WritesAndReadsStructs) {
  expect_round_trip(shop::Line{"a", 2, 0.5, shop::Colour::kBlue},
                    R"({"sku":"a","count":2,"price":0.5,"colour":2})");
  expect_round_trip(shop::Line{}, R"({"sku":"","count":1,"price":null,"colour":1})");
  EXPECT_EQ(encode(shop::Account(5)), R"({"cents_":5})");
  EXPECT_EQ(Codec<shop::Account>::decode(R"({"cents_":7})").cents(), 7);
  EXPECT_EQ(encode(shop::Point{1, 2}), R"({"x":1,"y":2})");
  EXPECT_EQ(Codec<shop::Point>::decode(R"({"y":2})").y, 2);
  EXPECT_EQ(encode(shop::Nothing()), "{}");
  EXPECT_EQ(encode(shop::Box<std::vector<int>>{{1}}), R"({"inside":[1]})");
  const shop::Tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
  EXPECT_EQ(encode(Codec<shop::Tree>::decode(encode(tree))), encode(tree));
  struct Local {
    int value = 0;
    PERDURE_FIELDS(Local, value);
  };
  EXPECT_EQ(encode(Local{5}), R"({"value":5})");
}

TEST(Codec, KeepsDefaultsOfMissingFieldsAndIgnoresUnknownOnes) {
  EXPECT_EQ(Codec<shop::Line>::decode(R"({"sku":"a","new":[1,{}]})"),
            (shop::Line{"a", 1, {}, shop::Colour::kRed}));
  EXPECT_EQ(Codec<shop::Line>::decode("{}"), shop::Line{});
}

TEST(Codec, UsesWhatNlohmannKnows) {
  EXPECT_EQ(encode(shop::Foreign{5}), R"({"v":5})");
  EXPECT_EQ(Codec<shop::Foreign>::decode(R"({"v":6})").value, 6);
  EXPECT_EQ(encode(std::vector<shop::Foreign>{{1}}), R"([{"v":1}])");
  EXPECT_EQ(objection<std::vector<shop::Foreign>>(R"([{"v":1},{}])"),
            "at $[1]: [json.exception.out_of_range.403] key 'v' not found");
}

TEST(Codec, CanBeReplacedForATypeAndForMany) {
  EXPECT_EQ(encode(shop::Image{"abc"}), "raw:abc");
  EXPECT_EQ(internal::decode_payload<shop::Image>("raw:abc").bytes, "abc");
  EXPECT_EQ(objection<shop::Image>("abc"), "at $: expected an image");
  EXPECT_EQ(encode(shop::Message{5}), "m5");
  EXPECT_EQ(Codec<shop::Message>::decode("m7").value, 7);
}

TEST(Codec, SaysWhereAValueDoesNotFit) {
  using Lines = std::map<std::string, std::vector<shop::Line>>;
  EXPECT_EQ(objection<Lines>(R"({"cart":[{},{"price":"free"}]})"),
            "at $.cart[1].price: expected a number, found a string");
  EXPECT_EQ(objection<Lines>(R"({"cart":[{"count":1.5}]})"),
            "at $.cart[0].count: expected an integer, found the number 1.5");
  EXPECT_EQ(objection<Lines>(R"({"cart":[{"count":99999999999}]})"),
            "at $.cart[0].count: expected an integer from -2147483648 to 2147483647, found "
            "99999999999");
  EXPECT_EQ(objection<Lines>(R"({"cart":{}})"), "at $.cart: expected an array, found an object");
  EXPECT_EQ(objection<shop::Nothing>("[]"), "at $: expected an object, found an array");
  EXPECT_EQ(objection<std::uint8_t>("-1"), "at $: expected an integer from 0 to 255, found -1");
  EXPECT_EQ(objection<std::uint8_t>("256"), "at $: expected an integer from 0 to 255, found 256");
  EXPECT_EQ(objection<int>("2147483648"),
            "at $: expected an integer from -2147483648 to 2147483647, found 2147483648");
  EXPECT_EQ(objection<std::int64_t>("9223372036854775808"),
            "at $: expected an integer from -9223372036854775808 to 9223372036854775807, found "
            "9223372036854775808");
  EXPECT_EQ(objection<bool>("null"), "at $: expected true or false, found null");
  EXPECT_EQ(objection<std::string>("true"), "at $: expected a string, found true");
  EXPECT_EQ((objection<std::pair<int, int>>("[1]")),
            "at $: expected an array of 2 elements, found one of 1");
  EXPECT_EQ(objection<int>(""), "at $: expected JSON, found nothing");
  EXPECT_EQ(objection<int>("5 x"), "at $: expected JSON, found an error at byte 3 of 3");
  EXPECT_EQ(objection<int>("007"), "at $: expected JSON, found an error at byte 2 of 3");
}

TEST(Codec, RefusesWhatHasNoJson) {
  EXPECT_THROW(encode(std::numeric_limits<double>::infinity()), EncodeError);
  EXPECT_THROW(encode(std::string("\xFF")), EncodeError);
}

TEST(Codec, RefusesADocumentThatIsNestedTooDeeply) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(objection<nlohmann::json>(deep), "at $: nested deeper than 200 levels");
}

TEST(Codec, TakesAnAbsentPayloadForWhatMayBeAbsent) {
  EXPECT_EQ(internal::decode_payload<std::optional<int>>(std::nullopt), std::nullopt);
  EXPECT_EQ(internal::decode_payload<Unit>(std::nullopt), Unit());
  EXPECT_THROW(internal::decode_payload<int>(std::nullopt), DecodeError);
}

TEST(Arguments, SplitWhateverTheyContain) {
  const auto [text, list, number] =
      internal::decode_all<std::string, std::vector<std::string>, int>(
          Payload(R"( [ "a,]\"[" , ["x,y","}"],5 ] )"));
  EXPECT_EQ(text, "a,]\"[");
  EXPECT_EQ(list, (std::vector<std::string>{"x,y", "}"}));
  EXPECT_EQ(number, 5);
  EXPECT_THROW((internal::decode_all<int, int>(Payload("[]"))), DecodeError);
  EXPECT_THROW((internal::decode_all<int, int>(Payload("[1,2,3]"))), DecodeError);
  EXPECT_THROW((internal::decode_all<int, int>(Payload("[1,]"))), DecodeError);
}

TEST(Codec, ANumberBeyondEveryTypeIsADecodeErrorLikeAnyOther) {
  EXPECT_THROW(Codec<double>::decode("1.5e340"), DecodeError);
  EXPECT_THROW(Codec<std::vector<double>>::decode("[1, -2e999]"), DecodeError);
}

}  // namespace
}  // namespace perdure

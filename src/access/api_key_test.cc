// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/api_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "access/keyring.h"
#include "access/text.h"

namespace perdure::access {
namespace {

using base::ErrorCode;

constexpr base::Timestamp kNow{1'790'000'000'000'000};

NewKey make(std::string name = "ci") {
  return make_key({.name = std::move(name),
                   .scopes = {{Action::kOperate, "orders"}, {Action::kRead, "*"}},
                   .created = kNow,
                   .expires = kNow + base::seconds(60)})
      .value();
}

TEST(ApiKey, has_the_form_that_is_documented) {
  const NewKey key = make();
  EXPECT_EQ(key.text.size(), 90U);
  EXPECT_TRUE(key.text.starts_with("pdk_" + key.record.id + "_"));
  EXPECT_EQ(parse_key(key.text).value(), key.record.id);
  EXPECT_EQ(key.record.digest, sha256(key.text));
}

TEST(ApiKey, no_two_are_alike) {
  std::set<std::string> texts;
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const NewKey key = make();
    EXPECT_TRUE(texts.insert(key.text.substr(17, 64)).second);
    EXPECT_TRUE(ids.insert(key.record.id).second);
  }
}

TEST(ApiKey, every_changed_or_missing_letter_is_noticed) {
  const NewKey key = make();
  const auto ring = Keyring::parse(encode(key.record), "keys").value();
  ASSERT_NE(ring.find(key.text), nullptr);
  for (std::size_t at = 0; at < key.text.size(); ++at) {
    std::string changed = key.text;
    changed[at] = changed[at] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(parse_key(changed).has_value()) << at;
    EXPECT_EQ(ring.find(changed), nullptr) << at;
    std::string shorter = key.text;
    shorter.erase(at, 1);
    EXPECT_FALSE(parse_key(shorter).has_value()) << at;
  }
  EXPECT_FALSE(parse_key(key.text + "0").has_value());
  EXPECT_FALSE(parse_key("").has_value());
}

TEST(ApiKey, a_refusal_holds_nothing_of_the_text) {
  const std::string text = make().text;
  for (const std::string& wrong : {text + "x", text.substr(0, 80), std::string("pdk_secret")}) {
    const auto refused = parse_key(wrong);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message.find(text.substr(17, 20)), std::string::npos);
    EXPECT_EQ(refused.error().message.find("pdk_"), std::string::npos);
  }
}

TEST(ApiKey, the_right_checksum_does_not_make_a_key) {
  const NewKey mine = make();
  const NewKey other = make();
  const auto ring = Keyring::parse(encode(mine.record), "keys").value();
  EXPECT_EQ(ring.find(other.text), nullptr);
  // Somebody else's secret under an id that is known, with a checksum that fits.
  KeyRecord forged = mine.record;
  forged.id = other.record.id;
  const auto forged_ring = Keyring::parse(encode(forged), "keys").value();
  EXPECT_EQ(forged_ring.find(other.text), nullptr);
}

TEST(ApiKey, a_wish_is_checked) {
  const std::vector<Scope> scopes{{Action::kRead, "*"}};
  EXPECT_FALSE(make_key({.name = "", .scopes = scopes, .created = kNow, .expires = {}}));
  EXPECT_FALSE(make_key({.name = "a\nb", .scopes = scopes, .created = kNow, .expires = {}}));
  EXPECT_FALSE(make_key({.name = "a", .scopes = {}, .created = kNow, .expires = {}}));
  EXPECT_FALSE(make_key({.name = "a", .scopes = scopes, .created = kNow, .expires = kNow}));
  EXPECT_FALSE(make_key({.name = "a",
                         .scopes = std::vector<Scope>(kScopesMax + 1, scopes[0]),
                         .created = kNow,
                         .expires = {}}));
}

TEST(KeyRecord, what_is_written_is_read) {
  KeyRecord record = make("a \"name\" \xe2\x82\xac").record;
  EXPECT_EQ(decode_key_record(encode(record)).value(), record);
  record.expires.reset();
  EXPECT_EQ(decode_key_record(encode(record)).value(), record);
  EXPECT_EQ(encode(record).find('\n'), std::string::npos);
}

TEST(KeyRecord, the_secret_is_not_in_it) {
  const NewKey key = make();
  EXPECT_EQ(encode(key.record).find(key.text.substr(17, 16)), std::string::npos);
}

TEST(KeyRecord, what_is_malformed_is_refused) {
  const std::string good = encode(make().record);
  ASSERT_TRUE(decode_key_record(good).has_value());
  EXPECT_FALSE(decode_key_record("[]").has_value());
  EXPECT_FALSE(decode_key_record(good + "}").has_value());
  for (const auto& [from, to] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"("id":")", R"("id":"x)"},
           {R"("name":"ci")", R"("name":"")"},
           {R"("name":"ci")", R"("name":7)"},
           {"operate:orders", "operate"},
           {R"(["operate:orders","read:*"])", "[]"},
           {R"(["operate:orders","read:*"])", R"("read:*")"},
           {R"(["operate:orders","read:*"])", "[1]"},
           {R"("sha256":")", R"("sha256":"0)"},
           {R"("created":1790000000)", R"("created":-1)"},
           {R"("created":1790000000)", R"("created":1e99)"},
           {R"("expires":1790000060)", R"("expires":"never")"},
       }) {
    std::string bad = good;
    const std::size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bad.replace(at, from.size(), to);
    const auto record = decode_key_record(bad);
    ASSERT_FALSE(record.has_value()) << bad;
    EXPECT_EQ(record.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Keyring, knows_the_keys_of_its_file) {
  const NewKey old_key = make("ci");
  const NewKey new_key = make("ci");
  const auto ring = Keyring::parse(
      "# keys\n\n" + encode(old_key.record) + "\r\n" + encode(new_key.record), "keys");
  ASSERT_TRUE(ring.has_value()) << ring.error().message;
  EXPECT_EQ(ring->records().size(), 2U);
  EXPECT_EQ(*ring->find(old_key.text), old_key.record);
  EXPECT_EQ(*ring->find(new_key.text), new_key.record);
  EXPECT_EQ(Keyring::parse("", "keys").value().find(old_key.text), nullptr);
}

TEST(Keyring, a_bad_line_is_named) {
  const std::string line = encode(make().record);
  const auto bad = Keyring::parse(line + "\n{}\n", "keys.jsonl");
  ASSERT_FALSE(bad.has_value());
  EXPECT_TRUE(bad.error().message.starts_with("keys.jsonl, line 2: ")) << bad.error().message;
  const auto twice = Keyring::parse(line + "\n" + line + "\n", "keys.jsonl");
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().message.find("second key"), std::string::npos);
}

TEST(Keyring, one_can_be_taken_out) {
  const NewKey a = make("a");
  const NewKey b = make("b");
  const std::string text = "# remark\n" + encode(a.record) + "\n" + encode(b.record) + "\n";
  const auto kept = without_key(text, a.record.id);
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(*kept, "# remark\n" + encode(b.record) + "\n");
  EXPECT_EQ(without_key(text, "000000000000").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(without_key(text, "").error().code, ErrorCode::kNotFound);
}

TEST(KeyRecord, of_a_certificate_holds_no_secret_and_is_found_by_its_identity) {
  const auto made = make_key({.name = "till",
                              .scopes = {{Action::kRead, "*"}},
                              .created = kNow,
                              .identity = "spiffe://example.org/till"});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->text, "");
  const std::string line = encode(made->record);
  EXPECT_EQ(line.find("sha256"), std::string::npos);
  EXPECT_EQ(decode_key_record(line).value(), made->record);
  const NewKey key = make();
  const auto ring = Keyring::parse(line + "\n" + encode(key.record) + "\n" + line.substr(0, 7) +
                                       "0123456789ab" + line.substr(19) + "\n",
                                   "keys");
  ASSERT_TRUE(ring.has_value()) << ring.error().message;
  EXPECT_EQ(ring->of_identity("spiffe://example.org/till").size(), 2U);
  EXPECT_EQ(ring->of_identity("").size(), 0U) << "keys have none, and so can not be taken for it";
  EXPECT_NE(ring->find(key.text), nullptr);
}

TEST(KeyRecord, is_of_a_key_or_of_a_certificate) {
  const std::string line = encode(make().record);
  std::string both = line;
  both.insert(1, R"("identity":"spiffe://a/b",)");
  EXPECT_FALSE(decode_key_record(both).has_value());
  std::string bad = both;
  bad.replace(bad.find("sha256"), 6, "sha999");
  EXPECT_TRUE(decode_key_record(bad).has_value());
  bad.replace(bad.find("spiffe://a/b"), 12, "spiffe  a  b");
  EXPECT_FALSE(decode_key_record(bad).has_value());
  EXPECT_FALSE(
      make_key(
          {.name = "a", .scopes = {{Action::kRead, "*"}}, .created = kNow, .identity = "two words"})
          .has_value());
}

}  // namespace
}  // namespace perdure::access

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/guard.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "access/keyring.h"
#include "access/testing/signer.h"
#include "runtime/clock.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using testing::key_set;
using testing::Signer;

constexpr Action kActions[] = {Action::kRead, Action::kOperate, Action::kWork, Action::kAdminister};

/// The clock's start is 1'700'000'000.
constexpr std::string_view kClaims =
    R"({"iss":"id","aud":"perdure","sub":"alice","nbf":1699999000,"exp":1700003600,"scope":")";

class GuardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  NewKey make(std::string name, std::vector<Scope> scopes,
              std::optional<base::Timestamp> expires = {}) {
    return make_key({.name = std::move(name),
                     .scopes = std::move(scopes),
                     .created = clock_.now(),
                     .expires = expires})
        .value();
  }
  void write_keys(const std::vector<KeyRecord>& records) {
    std::ofstream file(keys_file_, std::ios::trunc);
    for (const KeyRecord& record : records) file << encode(record) << "\n";
  }
  void write_jwks(std::string_view text) { std::ofstream(jwks_file_, std::ios::trunc) << text; }

  Guard open() {
    auto guard = Guard::open({.default_hub = "own",
                              .keys_file = std::filesystem::exists(keys_file_) ? keys_file_ : "",
                              .jwks_file = std::filesystem::exists(jwks_file_) ? jwks_file_ : "",
                              .issuer = "id",
                              .audience = "perdure",
                              .scopes_claim = "scope"},
                             clock_);
    EXPECT_TRUE(guard.has_value()) << guard.error().message;
    return guard ? *std::move(guard) : Guard::open_to_all();
  }
  static base::Result<Permit> ask(const Guard& guard, std::string_view credential,
                                  Action action = Action::kRead, std::string_view hub = "own") {
    return guard.admit({.authorization = "Bearer " + std::string(credential)}, action, hub);
  }

  runtime::ManualClock clock_;
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  (std::string("perdure-guard-") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                                   std::to_string(::getpid()));
  std::string keys_file_ = (folder_ / "keys").string();
  std::string jwks_file_ = (folder_ / "jwks").string();
};

Guard open_with_url(const runtime::Clock& clock, std::string keys_file) {
  auto guard = Guard::open({.default_hub = "own",
                            .keys_file = std::move(keys_file),
                            .jwks_url = "https://id.example.org/keys",
                            .issuer = "id",
                            .audience = "perdure",
                            .scopes_claim = "scope"},
                           clock);
  EXPECT_TRUE(guard.has_value()) << guard.error().message;
  return guard ? *std::move(guard) : Guard::open_to_all();
}

ErrorCode code_of(const base::Result<Permit>& permit) {
  EXPECT_FALSE(permit.has_value());
  return permit ? ErrorCode::kInternal : permit.error().code;
}

TEST_F(GuardTest, every_role_may_do_its_own_in_its_own_hub) {
  using enum Action;
  // Role: what it may do; in its hub, and nowhere else.
  const std::map<std::string, std::pair<std::vector<Scope>, std::vector<Action>>> roles{
      {"nobody", {{{kRead, "other"}}, {}}},
      {"reader", {{{kRead, "own"}}, {kRead}}},
      {"client", {{{kOperate, "own"}}, {kRead, kOperate}}},
      {"worker", {{{kWork, "own"}}, {kWork}}},
      {"worker and client", {{{kWork, "own"}, {kOperate, "own"}}, {kRead, kOperate, kWork}}},
      {"administrator", {{{kAdminister, "own"}}, {kRead, kOperate, kWork, kAdminister}}},
      {"operator of all", {{{kAdminister, "*"}}, {kRead, kOperate, kWork, kAdminister}}},
  };
  std::vector<KeyRecord> records;
  std::map<std::string, std::string> texts;
  for (const auto& [name, role] : roles) {
    NewKey key = make(name, role.first);
    records.push_back(key.record);
    texts[name] = key.text;
  }
  write_keys(records);
  const Signer signer(Algorithm::kEdDsa, "k");
  write_jwks(key_set({signer.jwk()}));
  const Guard guard = open();
  for (const auto& [name, role] : roles) {
    std::string claims(kClaims);
    for (const Scope& scope : role.first) claims += to_text(scope) + " ";
    for (const std::string& credential : {texts[name], signer.token(claims + "\"}")}) {
      const std::string who = credential == texts[name] ? name : "alice";
      for (const Action action : kActions) {
        const bool right = std::ranges::find(role.second, action) != role.second.end();
        const auto own = ask(guard, credential, action, "own");
        EXPECT_EQ(own.has_value(), right) << name << " " << action_name(action);
        if (right) {
          EXPECT_EQ(own->hub(), "own");
          EXPECT_EQ(own->action(), action);
          EXPECT_EQ(own->who(), who);
        } else {
          EXPECT_EQ(code_of(own), ErrorCode::kPermissionDenied);
          const std::string& message = own.error().message;
          EXPECT_NE(message.find("'" + std::string(action_name(action)) + "'"), std::string::npos);
          EXPECT_NE(message.find("'own'"), std::string::npos);
          EXPECT_NE(message.find("scope " + std::string(action_name(action)) + ":own"),
                    std::string::npos);
        }
        const auto foreign = ask(guard, credential, action, "foreign");
        EXPECT_EQ(foreign.has_value(), name == "operator of all") << name;
        if (!foreign) EXPECT_EQ(code_of(foreign), ErrorCode::kPermissionDenied);
        for (const std::string hub : {"a\nb", "*\x01"}) {
          EXPECT_EQ(code_of(ask(guard, credential, action, hub)), ErrorCode::kInvalidArgument);
        }
        EXPECT_EQ(code_of(ask(guard, credential, action, std::string(65, 'h'))),
                  ErrorCode::kInvalidArgument);
      }
    }
  }
}

TEST_F(GuardTest, a_hub_called_like_the_wildcard_is_no_wildcard) {
  const NewKey key = make("a", {{Action::kRead, "own"}});
  write_keys({key.record});
  EXPECT_EQ(code_of(ask(open(), key.text, Action::kRead, "*")), ErrorCode::kPermissionDenied);
}

TEST_F(GuardTest, a_call_that_names_no_hub_means_the_default_one) {
  const NewKey own = make("a", {{Action::kRead, "own"}});
  const NewKey other = make("b", {{Action::kRead, "other"}});
  write_keys({own.record, other.record});
  const Guard guard = open();
  EXPECT_EQ(ask(guard, own.text, Action::kRead, "")->hub(), "own");
  const auto refused = ask(guard, other.text, Action::kRead, "");
  EXPECT_EQ(code_of(refused), ErrorCode::kPermissionDenied);
  EXPECT_NE(refused.error().message.find("'own'"), std::string::npos);
}

TEST_F(GuardTest, what_is_no_credential_is_refused_with_the_way_out_and_without_the_secret) {
  const NewKey key = make("a", {{Action::kRead, "*"}});
  write_keys({key.record});
  const Guard guard = open();
  const std::string secret = key.text.substr(17, 64);
  for (const std::string& authorization :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer    "),
        key.text, "Basic " + key.text, "Bearer" + key.text, "Bearer " + key.text + "x",
        "Bearer " + key.text.substr(0, 70), "Bearer x" + key.text, "Bearer " + key.text + " x",
        std::string("Bearer a.b.c"), std::string("Bearer ") + std::string(100'000, 'a'),
        std::string("Bearer pdk_"), std::string("Bearer \0\xff", 9)}) {
    const auto permit = guard.admit({.authorization = authorization}, Action::kOperate, "own");
    ASSERT_EQ(code_of(permit), ErrorCode::kUnauthenticated) << authorization;
    const std::string& message = permit.error().message;
    EXPECT_TRUE(message.starts_with("'operate' in task hub 'own'")) << message;
    EXPECT_EQ(message.find(secret.substr(0, 16)), std::string::npos) << message;
    EXPECT_LT(message.size(), 300U);
  }
  for (const std::string scheme : {"Bearer ", "bearer ", "BEARER   "}) {
    EXPECT_TRUE(
        guard.admit({.authorization = scheme + key.text + " "}, Action::kRead, "own").has_value());
  }
}

TEST_F(GuardTest, a_key_ends_when_it_expires) {
  const base::Timestamp end = clock_.now() + base::seconds(100);
  const NewKey key = make("ci", {{Action::kRead, "*"}}, end);
  write_keys({key.record});
  const Guard guard = open();
  clock_.advance_to(end + base::microseconds(-1));
  EXPECT_TRUE(ask(guard, key.text).has_value());
  clock_.advance_to(end);
  const auto expired = ask(guard, key.text);
  EXPECT_EQ(code_of(expired), ErrorCode::kUnauthenticated);
  EXPECT_NE(expired.error().message.find("expired"), std::string::npos);
  const NewKey other = make("x", {{Action::kRead, "*"}});  // to a stranger not even that
  EXPECT_EQ(ask(guard, other.text).error().message.find("expired"), std::string::npos);
}

TEST_F(GuardTest, a_token_ends_when_it_expires_and_begins_when_it_is_valid) {
  const Signer signer(Algorithm::kEs256, "k");
  write_jwks(key_set({signer.jwk()}));
  const Guard guard = open();
  const std::string token = signer.token(std::string(kClaims) + "read:*\"}");
  EXPECT_TRUE(ask(guard, token).has_value());
  clock_.advance(base::seconds(3659));
  EXPECT_TRUE(ask(guard, token).has_value());
  clock_.advance(base::seconds(1));
  EXPECT_EQ(code_of(ask(guard, token)), ErrorCode::kUnauthenticated);
  clock_.jump_wall_to({1'699'998'000'000'000});
  EXPECT_EQ(code_of(ask(guard, token)), ErrorCode::kUnauthenticated);
}

TEST_F(GuardTest, two_live_keys_make_a_rotation) {
  const NewKey old_key = make("ci", {{Action::kRead, "*"}});
  const NewKey new_key = make("ci", {{Action::kRead, "*"}});
  write_keys({old_key.record});
  Guard guard = open();
  EXPECT_TRUE(ask(guard, old_key.text).has_value());
  EXPECT_EQ(code_of(ask(guard, new_key.text)), ErrorCode::kUnauthenticated);
  write_keys({old_key.record, new_key.record});
  EXPECT_EQ(code_of(ask(guard, new_key.text)), ErrorCode::kUnauthenticated)
      << "not before a reload";
  EXPECT_EQ(guard.reload_if_changed().value(), Reloaded::kChanged);
  EXPECT_TRUE(ask(guard, old_key.text).has_value());
  EXPECT_TRUE(ask(guard, new_key.text).has_value());
  write_keys({new_key.record});
  ASSERT_TRUE(guard.reload().has_value());
  EXPECT_EQ(code_of(ask(guard, old_key.text)), ErrorCode::kUnauthenticated);
  EXPECT_TRUE(ask(guard, new_key.text).has_value());
  EXPECT_EQ(guard.reload_if_changed().value(), Reloaded::kUnchanged);
}

TEST_F(GuardTest, tokens_of_a_key_that_was_withdrawn_are_forgotten) {
  const Signer old_signer(Algorithm::kEdDsa, "old");
  const Signer new_signer(Algorithm::kEdDsa, "new");
  write_jwks(key_set({old_signer.jwk(), new_signer.jwk()}));
  Guard guard = open();
  const std::string token = old_signer.token(std::string(kClaims) + "read:*\"}");
  EXPECT_TRUE(ask(guard, token).has_value());
  write_jwks(key_set({new_signer.jwk()}));
  ASSERT_TRUE(guard.reload().has_value());
  EXPECT_EQ(code_of(ask(guard, token)), ErrorCode::kUnauthenticated);
}

TEST_F(GuardTest, a_file_that_is_broken_meanwhile_lets_nobody_in_or_out) {
  const NewKey key = make("ci", {{Action::kRead, "*"}});
  write_keys({key.record});
  Guard guard = open();
  std::ofstream(keys_file_, std::ios::trunc) << "{";
  const auto broken = guard.reload_if_changed();
  ASSERT_FALSE(broken.has_value());
  EXPECT_NE(broken.error().message.find(keys_file_), std::string::npos);
  EXPECT_TRUE(ask(guard, key.text).has_value());
  EXPECT_EQ(guard.reload_if_changed().value(), Reloaded::kUnchanged) << "told once, not for ever";
  std::filesystem::remove(keys_file_);
  EXPECT_FALSE(guard.reload().has_value());
  EXPECT_TRUE(ask(guard, key.text).has_value());
}

TEST_F(GuardTest, a_broken_file_is_refused_at_the_start) {
  std::ofstream(keys_file_) << "{}";
  EXPECT_FALSE(Guard::open({.default_hub = "own",
                            .keys_file = keys_file_,
                            .jwks_file = {},
                            .issuer = {},
                            .audience = {},
                            .scopes_claim = {}},
                           clock_)
                   .has_value());
}

TEST_F(GuardTest, without_a_file_of_keys_a_key_opens_nothing) {
  const Signer signer(Algorithm::kEdDsa, "k");
  write_jwks(key_set({signer.jwk()}));
  const NewKey key = make("ci", {{Action::kRead, "*"}});
  EXPECT_EQ(code_of(ask(open(), key.text)), ErrorCode::kUnauthenticated);
}

TEST(GuardOpenToAll, admits_everybody_to_every_hub_that_can_be) {
  Guard guard = Guard::open_to_all();
  for (const Action action : kActions) {
    const auto permit = guard.admit({}, action, "own");
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(permit->who(), "");
    EXPECT_EQ(guard.admit({}, action, "")->hub(), "default");
    EXPECT_FALSE(guard.admit({}, action, "\n").has_value());
  }
  EXPECT_TRUE(guard.reload().has_value());
  EXPECT_EQ(guard.reload_if_changed().value(), Reloaded::kUnchanged);
}

TEST_F(GuardTest, keys_of_tokens_that_are_handed_in_are_the_ones_that_count) {
  const Signer old_key(Algorithm::kEdDsa, "old");
  const Signer new_key(Algorithm::kEs256, "new");
  const std::string claims = std::string(kClaims) + "read:own\"}";
  const std::string old_token = old_key.token(claims);
  const std::string new_token = new_key.token(claims);
  Guard guard = open_with_url(clock_, "");
  int unknown = 0;
  guard.on_unknown_key([&] { ++unknown; });

  const auto early = ask(guard, old_token);
  EXPECT_EQ(code_of(early), ErrorCode::kUnauthenticated);
  EXPECT_NE(early.error().message.find("could not fetch the keys yet"), std::string::npos)
      << early.error().message;
  EXPECT_EQ(unknown, 0) << "nothing is known, so nobody need be told";

  ASSERT_TRUE(guard.set_token_keys(key_set({old_key.jwk()})).has_value());
  EXPECT_TRUE(ask(guard, old_token).has_value());
  EXPECT_EQ(code_of(ask(guard, new_token)), ErrorCode::kUnauthenticated);
  EXPECT_EQ(unknown, 1);

  const auto refused = guard.set_token_keys("<html>");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("https://id.example.org/keys"), std::string::npos);
  EXPECT_TRUE(ask(guard, old_token).has_value()) << "what was known stays known";

  ASSERT_TRUE(guard.set_token_keys(key_set({new_key.jwk()})).has_value());
  EXPECT_TRUE(ask(guard, new_token).has_value());
  EXPECT_EQ(code_of(ask(guard, old_token)), ErrorCode::kUnauthenticated)
      << "verified before, with a key that is gone";
}

TEST_F(GuardTest, keys_that_are_handed_in_and_files_do_not_get_in_each_other_s_way) {
  const Signer signer(Algorithm::kEdDsa, "one");
  const std::string token = signer.token(std::string(kClaims) + "read:own\"}");
  const NewKey first = make("first", {{Action::kRead, "own"}});
  const NewKey second = make("second", {{Action::kRead, "own"}});
  write_keys({first.record});
  Guard guard = open_with_url(clock_, keys_file_);
  EXPECT_TRUE(ask(guard, first.text).has_value()) << "without any key of tokens";
  ASSERT_TRUE(guard.set_token_keys(key_set({signer.jwk()})).has_value());
  EXPECT_TRUE(ask(guard, first.text).has_value());
  write_keys({second.record});
  ASSERT_TRUE(guard.reload().has_value());
  EXPECT_TRUE(ask(guard, token).has_value());
  EXPECT_TRUE(ask(guard, second.text).has_value());
  EXPECT_EQ(code_of(ask(guard, first.text)), ErrorCode::kUnauthenticated);
}

TEST_F(GuardTest, a_certificate_opens_what_its_identity_was_given) {
  const std::string till = "spiffe://example.org/till";
  const auto record = [&](std::vector<Scope> scopes, base::Duration life) {
    return make_key({.name = "till",
                     .scopes = std::move(scopes),
                     .created = clock_.now(),
                     .expires = clock_.now() + life,
                     .identity = till})
        .value()
        .record;
  };
  const NewKey key = make("key", {{Action::kWork, "own"}});
  write_keys({record({{Action::kRead, "own"}}, base::seconds(60)),
              record({{Action::kOperate, "own"}}, base::seconds(30)), key.record});
  const Guard guard = open();
  const auto with = [&](std::string_view identity, Action action, std::string_view hub = "own",
                        std::string_view authorization = "") {
    return guard.admit({.authorization = authorization, .identity = identity}, action, hub);
  };
  const auto permit = with(till, Action::kRead);
  ASSERT_TRUE(permit.has_value()) << permit.error().message;
  EXPECT_EQ(permit->who(), "till");
  EXPECT_TRUE(with(till, Action::kOperate).has_value());
  EXPECT_EQ(code_of(with(till, Action::kWork)), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code_of(with(till, Action::kRead, "foreign")), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code_of(with("", Action::kRead)), ErrorCode::kUnauthenticated);
  const auto stranger = with("spiffe://example.org/stranger", Action::kRead);
  EXPECT_EQ(code_of(stranger), ErrorCode::kUnauthenticated);
  EXPECT_NE(stranger.error().message.find("--identity"), std::string::npos);
  // What is sent with the call counts, and only that.
  EXPECT_TRUE(with(till, Action::kWork, "own", "Bearer " + key.text).has_value());
  EXPECT_EQ(code_of(with(till, Action::kRead, "own", "Bearer " + key.text)),
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(code_of(with(till, Action::kRead, "own", "Bearer x")), ErrorCode::kUnauthenticated);

  clock_.advance(base::seconds(30));
  EXPECT_TRUE(with(till, Action::kRead).has_value());
  EXPECT_EQ(code_of(with(till, Action::kOperate)), ErrorCode::kPermissionDenied);
  clock_.advance(base::seconds(30));
  EXPECT_EQ(code_of(with(till, Action::kRead)), ErrorCode::kUnauthenticated);
}

}  // namespace
}  // namespace perdure::access

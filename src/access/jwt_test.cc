// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/jwt.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "access/testing/signer.h"
#include "access/text.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using testing::hmac_token;
using testing::key_set;
using testing::Signer;

constexpr base::Timestamp kNow{1'790'000'000'000'000};
const TokenRules kRules{.issuer = "https://id", .audience = "perdure", .scopes_claim = "scope"};

constexpr std::string_view kHonest =
    R"({"iss":"https://id","aud":"perdure","sub":"alice","nbf":1789999000,"exp":1790003600,)"
    R"("scope":"openid operate:orders read:*"})";

/// One of each algorithm; made once, because an RSA key takes a while.
const std::vector<Signer>& signers() {
  static const std::vector<Signer> all{Signer(Algorithm::kEdDsa, "ed"),
                                       Signer(Algorithm::kEs256, "es"),
                                       Signer(Algorithm::kRs256, "rs")};
  return all;
}

KeySet keys() {
  return KeySet::parse(key_set({signers()[0].jwk(), signers()[1].jwk(), signers()[2].jwk()}),
                       "jwks")
      .value();
}

void expect_refused(std::string_view token, std::string_view why = "") {
  TokenVerifier verifier(keys(), kRules);
  const auto claims = verifier.verify(token, kNow);
  ASSERT_FALSE(claims.has_value()) << token;
  EXPECT_EQ(claims.error().code, ErrorCode::kUnauthenticated);
  EXPECT_NE(claims.error().message.find(why), std::string::npos) << claims.error().message;
  EXPECT_EQ(verifier.remembered(), 0U);
}

TEST(Token, an_honest_one_of_each_algorithm_is_believed) {
  for (const Signer& signer : signers()) {
    TokenVerifier verifier(keys(), kRules);
    const auto claims = verifier.verify(signer.token(kHonest), kNow);
    ASSERT_TRUE(claims.has_value()) << claims.error().message;
    EXPECT_EQ((*claims)->subject, "alice");
    EXPECT_EQ((*claims)->scopes,
              (std::vector<Scope>{{Action::kOperate, "orders"}, {Action::kRead, "*"}}));
  }
}

TEST(Token, every_flipped_bit_of_a_signature_is_noticed) {
  for (const Signer& signer : signers()) {
    const std::string token = signer.token(kHonest);
    const std::size_t dot = token.rfind('.');
    const std::string signature = bytes_from_base64url(token.substr(dot + 1)).value();
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += 7) {
      std::string flipped = signature;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      expect_refused(token.substr(0, dot + 1) + base64url_of(flipped), "signature");
    }
  }
}

TEST(Token, a_truncated_one_is_refused) {
  const std::string token = signers()[0].token(kHonest);
  for (std::size_t size = 0; size < token.size(); size += 3) expect_refused(token.substr(0, size));
  expect_refused(token + "A");
  expect_refused(token + ".");
  expect_refused(token + "." + token);
  expect_refused(std::string(kTokenBytesMax + 1, 'A'), "too long");
}

TEST(Token, a_changed_payload_is_refused) {
  const std::string token = signers()[1].token(kHonest);
  const std::size_t first = token.find('.');
  std::string richer(kHonest);
  richer.replace(richer.find("operate:orders"), 14, "administer:*");
  expect_refused(token.substr(0, first + 1) + base64url_of(richer) + token.substr(token.rfind('.')),
                 "signature");
}

TEST(Token, none_is_no_algorithm) {
  for (const std::string alg : {"none", "None", "NONE", "nOnE", "", "HS256", "RS512", "ES384"}) {
    const std::string header = fmt::format(R"({{"alg":"{}","kid":"ed"}})", alg);
    expect_refused(base64url_of(header) + "." + base64url_of(kHonest) + ".",
                   "EdDSA, ES256 or RS256");
    expect_refused(signers()[0].token(header, kHonest), "EdDSA, ES256 or RS256");
  }
  expect_refused(signers()[0].token(R"({"kid":"ed"})", kHonest), "EdDSA, ES256 or RS256");
  expect_refused(signers()[0].token(R"({"alg":["EdDSA"],"kid":"ed"})", kHonest));
  expect_refused(signers()[0].token(R"("EdDSA")", kHonest), "malformed");
}

TEST(Token, a_public_key_is_no_secret_of_an_hmac) {
  for (const Signer& signer : signers()) {
    for (const std::string& secret : {signer.pem(), signer.jwk()}) {
      const std::string header = fmt::format(R"({{"alg":"HS256","kid":"{}"}})", signer.kid());
      expect_refused(hmac_token(header, kHonest, secret));
      const std::string lying = fmt::format(R"({{"alg":"RS256","kid":"{}"}})", signer.kid());
      expect_refused(hmac_token(lying, kHonest, secret));
    }
  }
}

TEST(Token, a_key_is_for_its_own_algorithm_only) {
  for (const Signer& signer : signers()) {
    for (const Signer& other : signers()) {
      if (signer.kid() == other.kid()) continue;
      // Signed well, under another's name; and with its own name, under another's algorithm.
      std::string header = other.token("{}");
      header = bytes_from_base64url(header.substr(0, header.find('.'))).value();
      expect_refused(signer.token(header, kHonest));
      header.replace(header.find("\"" + other.kid() + "\""), 4, "\"" + signer.kid() + "\"");
      expect_refused(signer.token(header, kHonest), "does not know");
    }
  }
}

TEST(Token, a_key_that_nobody_published_is_refused) {
  const Signer stranger(Algorithm::kEdDsa, "stranger");
  expect_refused(stranger.token(kHonest), "does not know");
  const Signer impostor(Algorithm::kEdDsa, "ed");
  expect_refused(impostor.token(kHonest), "signature");
}

TEST(Token, one_that_names_no_key_needs_a_set_with_one_choice) {
  constexpr std::string_view kHeader = R"({"alg":"EdDSA"})";
  TokenVerifier verifier(keys(), kRules);
  EXPECT_TRUE(verifier.verify(signers()[0].token(kHeader, kHonest), kNow).has_value());
  const Signer second(Algorithm::kEdDsa, "ed2");
  TokenVerifier two(KeySet::parse(key_set({signers()[0].jwk(), second.jwk()}), "jwks").value(),
                    kRules);
  EXPECT_FALSE(two.verify(signers()[0].token(kHeader, kHonest), kNow).has_value());
  EXPECT_TRUE(two.verify(second.token(kHonest), kNow).has_value());
  EXPECT_TRUE(two.verify(signers()[0].token(kHonest), kNow).has_value());
}

TEST(Token, critical_extensions_are_refused) {
  expect_refused(
      signers()[0].token(R"({"alg":"EdDSA","kid":"ed","crit":["b64"],"b64":false})", kHonest),
      "extension");
}

TEST(Token, every_claim_that_is_required_is_checked) {
  struct Case {
    std::string from, to, why;
  };
  for (const Case& one : std::vector<Case>{
           {R"("iss":"https://id")", R"("iss":"https://id/")", "issuer"},
           {R"("iss":"https://id")", R"("iss":["https://id"])", "issuer"},
           {R"("iss":"https://id",)", "", "issuer"},
           {R"("aud":"perdure")", R"("aud":"perdur")", "audience"},
           {R"("aud":"perdure")", R"("aud":["other"])", "audience"},
           {R"("aud":"perdure")", R"("aud":[["perdure"]])", "audience"},
           {R"("aud":"perdure",)", "", "audience"},
           {R"("sub":"alice",)", "", "'sub'"},
           {R"("sub":"alice")", R"("sub":7)", "'sub'"},
           {R"("sub":"alice")", R"("sub":"a\nb")", "'sub'"},
           {R"("nbf":1789999000,)", "", "'nbf'"},
           {R"("nbf":1789999000)", R"("nbf":"1789999000")", "'nbf'"},
           {R"("exp":1790003600,)", "", "'exp'"},
           {R"("exp":1790003600)", R"("exp":true)", "'exp'"},
           {R"("exp":1790003600)", R"("exp":-1)", "'exp'"},
           {R"("exp":1790003600)", R"("exp":1e300)", "'exp'"},
           {R"("exp":1790003600)", R"("exp":1789990000)", "expired"},
           {R"("nbf":1789999000)", R"("nbf":1790000100)", "not valid yet"},
       }) {
    std::string payload(kHonest);
    const std::size_t at = payload.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.from;
    payload.replace(at, one.from.size(), one.to);
    expect_refused(signers()[0].token(payload), one.why);
  }
  expect_refused(signers()[0].token("[]"), "malformed");
  expect_refused(signers()[0].token("\xff"), "malformed");
}

TEST(Token, an_audience_may_be_one_of_several) {
  std::string payload(kHonest);
  payload.replace(payload.find(R"("perdure")"), 9, R"(["x","perdure"])");
  TokenVerifier verifier(keys(), kRules);
  EXPECT_TRUE(verifier.verify(signers()[0].token(payload), kNow).has_value());
}

TEST(Token, the_clocks_may_differ_by_a_minute_and_no_more) {
  const std::string token = signers()[0].token(kHonest);
  const base::Timestamp begin{1'789'999'000'000'000};
  const base::Timestamp end{1'790'003'600'000'000};
  TokenVerifier verifier(keys(), kRules);
  EXPECT_FALSE(verifier.verify(token, begin + base::microseconds(-60'000'001)).has_value());
  EXPECT_EQ(verifier.remembered(), 0U) << "what is refused is not remembered";
  EXPECT_TRUE(verifier.verify(token, begin + base::seconds(-60)).has_value());
  EXPECT_TRUE(verifier.verify(token, end + base::microseconds(59'999'999)).has_value());
  EXPECT_FALSE(verifier.verify(token, end + base::seconds(60)).has_value())
      << "also when it is remembered";
}

TEST(Token, scopes_may_be_an_array_under_another_name) {
  const TokenRules rules{.issuer = "https://id", .audience = "perdure", .scopes_claim = "roles"};
  std::string payload(kHonest);
  payload.insert(1, R"("roles":["work:a b",7,"openid","operate"],)");
  const auto claims = read_claims(payload, rules);
  ASSERT_TRUE(claims.has_value()) << claims.error().message;
  EXPECT_EQ(claims->scopes, (std::vector<Scope>{{Action::kWork, "a b"}}));
  EXPECT_TRUE(read_claims(kHonest, rules)->scopes.empty());
}

TEST(Token, scopes_are_bounded) {
  std::string payload(kHonest);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += fmt::format("read:h{} ", i);
  payload.replace(payload.find("openid"), 6, many);
  EXPECT_EQ(read_claims(payload, kRules)->scopes.size(), kScopesMax);
}

TEST(TokenVerifier, remembers_a_bounded_number) {
  TokenVerifier verifier(KeySet::parse(key_set({signers()[0].jwk()}), "jwks").value(), kRules);
  const std::string token = signers()[0].token(kHonest);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(verifier.verify(token, kNow).has_value());
  EXPECT_EQ(verifier.remembered(), 1U);
  for (std::size_t i = 0; i < kTokensMax + 10; ++i) {
    const std::string other =
        signers()[0].token(fmt::format(R"({{"n":{},)", i) + std::string(kHonest.substr(1)));
    ASSERT_TRUE(verifier.verify(other, kNow).has_value());
    ASSERT_LE(verifier.remembered(), kTokensMax);
  }
}

TEST(KeySet, what_is_not_for_us_is_passed_over) {
  const auto set = KeySet::parse(
      key_set({R"({"kty":"oct","k":"AAAA"})", R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})",
               R"({"kty":"OKP","crv":"X25519","x":"AA"})", R"({"kty":"RSA","use":"enc"})",
               R"({"kty":"RSA","alg":"RS512"})", R"({"kty":"RSA","key_ops":["sign"]})",
               signers()[0].jwk()}),
      "jwks");
  ASSERT_TRUE(set.has_value()) << set.error().message;
  EXPECT_EQ(set->size(), 1U);
}

TEST(KeySet, what_is_malformed_is_refused) {
  const std::string ed = signers()[0].jwk();
  std::string private_key = ed;
  private_key.insert(1, R"("d":"AAAA",)");
  std::string many = ed;
  for (std::size_t i = 0; i < kJwksKeysMax; ++i) many += "," + ed;
  for (const std::string& text : {
           std::string(),
           std::string("[]"),
           std::string(R"({"keys":{}})"),
           key_set({}),
           key_set({"7"}),
           key_set({private_key}),
           key_set({ed, ed}),
           key_set({many}),
           key_set({R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"}),
           key_set({R"({"kty":"OKP","crv":"Ed25519"})"}),
           // A point that is not on the curve.
           key_set({fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{0}","y":"{0}"}})",
                                base64url_of(std::string(32, '\x01')))}),
           // 1024 bits, an even exponent, none.
           key_set({fmt::format(R"({{"kty":"RSA","n":"{}","e":"AQAB"}})",
                                base64url_of(std::string(128, '\xff')))}),
           key_set({fmt::format(R"({{"kty":"RSA","n":"{}","e":"Ag"}})",
                                base64url_of(std::string(256, '\xff')))}),
           key_set({fmt::format(R"({{"kty":"RSA","n":"{}"}})",
                                base64url_of(std::string(256, '\xff')))}),
       }) {
    const auto set = KeySet::parse(text, "jwks.json");
    ASSERT_FALSE(set.has_value()) << text;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(set.error().message.starts_with("jwks.json: ")) << set.error().message;
  }
}

/// Signed by others: what we sign ourselves could share a mistake with what we verify.
TEST(PublicKey, the_examples_of_the_standards_verify) {
  const auto decoded = [](std::string_view text) {
    return bytes_from_base64url(text).value_or("no base64url");
  };
  // RFC 8037, appendix A.4; the key is that of RFC 8032, section 7.1, test 1.
  const auto ed25519 = PublicKey::ed25519(
      bytes_from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").value());
  ASSERT_TRUE(ed25519.has_value());
  EXPECT_TRUE(
      ed25519->verify("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                      decoded("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5"
                              "BhVsPt9g7sVvpAr_MuM0KAg")));
  // RFC 7515, appendix A.3.
  const auto p256 = PublicKey::p256(decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                    decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(p256.has_value());
  constexpr std::string_view kSigned =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
      "mNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = decoded(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(p256->verify(kSigned, signature));
  EXPECT_FALSE(p256->verify(kSigned.substr(1), signature));
  EXPECT_FALSE(p256->verify(kSigned, std::string(64, '\0')));
  EXPECT_FALSE(p256->verify(kSigned, ""));
}

}  // namespace
}  // namespace perdure::access

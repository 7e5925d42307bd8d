// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as a token, as the payload of one that is signed well, and as a set of
// keys. Nothing is believed that the key did not sign; a token has one spelling; claims keep to
// their rules.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "access/jwks.h"
#include "access/jwt.h"
#include "access/text.h"
#include "base/check.h"

namespace {

namespace access = perdure::access;

// The public half of a key whose private half signs nothing but the example of RFC 8037, which is
// no set of claims.
constexpr std::string_view kKeys = R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",)"
                                   R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr perdure::base::Timestamp kNow{1'790'000'000'000'000};

const access::TokenRules& rules() {
  static const access::TokenRules all{.issuer = "i", .audience = "a", .scopes_claim = "scope"};
  return all;
}

void check_token(std::string_view text) {
  static access::TokenVerifier verifier(access::KeySet::parse(kKeys, "keys").value(), rules());
  const auto claims = verifier.verify(text, kNow);
  PERDURE_CHECK(!claims, "a token that nobody signed is believed");
  PERDURE_CHECK(claims.error().code == perdure::base::ErrorCode::kUnauthenticated, "another error");
  PERDURE_CHECK(text.size() < 16 || claims.error().message.find(text) == std::string::npos,
                "a refusal repeats the credential");
  const auto parts = access::parse_token(text);
  if (!parts) return;
  const std::string again =
      std::string(parts->signed_text) + "." + access::base64url_of(parts->signature);
  PERDURE_CHECK(again == text, "a token with two spellings");
}

void check_claims(std::string_view text) {
  const auto claims = access::read_claims(text, rules());
  if (!claims) return;
  PERDURE_CHECK(!claims->subject.empty() && claims->subject.size() <= access::kSubjectBytesMax,
                "claims without a subject");
  PERDURE_CHECK(claims->scopes.size() <= access::kScopesMax, "too many scopes");
  for (const access::Scope& scope : claims->scopes) {
    PERDURE_CHECK(access::parse_scope(access::to_text(scope)).value() == scope,
                  "a scope that can not be typed");
  }
  PERDURE_CHECK(!check_times(*claims, claims->expires + access::kSkewMax), "used after its end");
}

void check_keys(std::string_view text) {
  const auto keys = access::KeySet::parse(text, "keys");
  if (!keys) return;
  PERDURE_CHECK(keys->size() >= 1 && keys->size() <= access::kJwksKeysMax, "a set out of bounds");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_token(text);
  check_claims(text);
  check_keys(text);
  return 0;
}

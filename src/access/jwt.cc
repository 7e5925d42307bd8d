// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/jwt.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "access/text.h"
#include "model/checks.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using Json = nlohmann::json;

std::unexpected<base::Error> refused(std::string why) {
  return fail(ErrorCode::kUnauthenticated, std::move(why));
}

std::string text_of(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Seconds since 1970, perhaps with a fraction, which is cut off.
std::optional<base::Timestamp> time_of(const Json& object, const char* name) {
  constexpr double kSecondsMax = 253'402'300'799.0;  // the end of the year 9999
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const auto seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= kSecondsMax)) return std::nullopt;
  return base::Timestamp{static_cast<std::int64_t>(seconds) * 1'000'000};
}

bool is_for(const Json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return found->get_ref<const std::string&>() == audience;
  return found->is_array() && std::ranges::any_of(*found, [&](const Json& one) {
           return one.is_string() && one.get_ref<const std::string&>() == audience;
         });
}

void take_scope(std::string_view text, std::vector<Scope>& scopes) {
  if (scopes.size() == kScopesMax) return;
  if (auto scope = parse_scope(text)) scopes.push_back(*std::move(scope));
}

std::vector<Scope> scopes_of(const Json& claims, const std::string& name) {
  std::vector<Scope> scopes;
  const auto found = claims.find(name);
  if (found == claims.end()) return scopes;
  if (found->is_array()) {
    for (const Json& one : *found) {
      if (one.is_string()) take_scope(one.get_ref<const std::string&>(), scopes);
    }
  } else if (found->is_string()) {
    std::string_view rest = found->get_ref<const std::string&>();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      take_scope(rest.substr(0, end), scopes);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return scopes;
}

}  // namespace

Result<TokenParts> parse_token(std::string_view token) {
  if (token.size() > kTokenBytesMax) return refused("the token is too long");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    return refused("the credential is neither an API key nor a JSON Web Token");
  }
  const auto header_text = bytes_from_base64url(token.substr(0, first));
  auto payload = bytes_from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = bytes_from_base64url(token.substr(second + 1));
  const Json header = header_text ? Json::parse(*header_text, nullptr, false) : Json();
  if (!header.is_object() || !payload || !signature) return refused("the token is malformed");
  const auto algorithm = algorithm_from_name(text_of(header, "alg"));
  if (!algorithm) return refused("the token is not signed with EdDSA, ES256 or RS256");
  if (header.contains("crit")) return refused("the token asks for an extension that is unknown");
  TokenParts parts{.algorithm = *algorithm,
                   .kid = text_of(header, "kid"),
                   .payload = *std::move(payload),
                   .signature = *std::move(signature),
                   .signed_text = token.substr(0, second)};
  if (parts.kid.size() > kKeyIdBytesMax) return refused("the token is malformed");
  return parts;
}

Result<Claims> read_claims(std::string_view payload, const TokenRules& rules) {
  const Json json = Json::parse(payload, nullptr, false);
  if (!json.is_object()) return refused("the token is malformed");
  if (text_of(json, "iss") != rules.issuer) return refused("the token is of another issuer");
  if (!is_for(json, rules.audience)) return refused("the token is for another audience");
  const auto expires = time_of(json, "exp");
  const auto not_before = time_of(json, "nbf");
  if (!expires || !not_before) return refused("the token lacks one of 'exp' and 'nbf'");
  Claims claims{.subject = text_of(json, "sub"),
                .scopes = scopes_of(json, rules.scopes_claim),
                .not_before = *not_before,
                .expires = *expires};
  if (!model::check_name("subject", claims.subject, kSubjectBytesMax)) {
    return refused("the token lacks a 'sub' of at most 256 bytes");
  }
  return claims;
}

Result<> check_times(const Claims& claims, base::Timestamp now) {
  if (now >= claims.expires + kSkewMax) return refused("the token has expired: get a fresh one");
  if (now + kSkewMax < claims.not_before) {
    return refused("the token is not valid yet: are the clocks right?");
  }
  return {};
}

Result<std::shared_ptr<const Claims>> TokenVerifier::verify_signature(
    std::string_view token) const {
  PERDURE_ASSIGN_OR_RETURN(const TokenParts parts, parse_token(token));
  const PublicKey* key = keys_.find(parts.kid, parts.algorithm);
  if (key == nullptr) {
    if (on_unknown_key_) on_unknown_key_();
    return refused("the token is signed with a key that this server does not know");
  }
  if (!key->verify(parts.signed_text, parts.signature)) {
    return refused("the signature of the token is wrong");
  }
  PERDURE_ASSIGN_OR_RETURN(Claims claims, read_claims(parts.payload, rules_));
  return std::make_shared<const Claims>(std::move(claims));
}

Result<std::shared_ptr<const Claims>> TokenVerifier::verify(std::string_view token,
                                                            base::Timestamp now) {
  if (token.size() > kTokenBytesMax) return refused("the token is too long");
  const Digest digest = sha256(token);
  std::shared_ptr<const Claims> claims;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = verified_.find(digest); found != verified_.end()) claims = found->second;
  }
  const bool known = claims != nullptr;
  if (!known) {
    PERDURE_ASSIGN_OR_RETURN(claims, verify_signature(token));
  }
  PERDURE_RETURN_IF_ERROR(check_times(*claims, now));
  if (!known) remember(digest, claims, now);
  return claims;
}

void TokenVerifier::remember(const Digest& digest, std::shared_ptr<const Claims> claims,
                             base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (verified_.size() >= kTokensMax) {
    std::erase_if(verified_, [&](const auto& one) { return !check_times(*one.second, now); });
  }
  if (verified_.size() >= kTokensMax) verified_.clear();  // to verify again is not wrong, only slow
  verified_.emplace(digest, std::move(claims));
}

std::size_t TokenVerifier::remembered() const {
  const std::lock_guard lock(mutex_);
  return verified_.size();
}

}  // namespace perdure::access

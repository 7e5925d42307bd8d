// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/jwks.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "access/text.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using Json = nlohmann::json;

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The algorithm that a key is for; none: not one of ours, or not for signatures.
std::optional<Algorithm> algorithm_of(const Json& key) {
  const std::string type = text_of(key, "kty");
  const std::string curve = text_of(key, "crv");
  std::optional<Algorithm> algorithm;
  if (type == "OKP" && curve == "Ed25519") algorithm = Algorithm::kEdDsa;
  if (type == "EC" && curve == "P-256") algorithm = Algorithm::kEs256;
  if (type == "RSA") algorithm = Algorithm::kRs256;
  if (!algorithm) return std::nullopt;
  if (key.contains("use") && text_of(key, "use") != "sig") return std::nullopt;
  if (key.contains("alg") && text_of(key, "alg") != algorithm_name(*algorithm)) {
    return std::nullopt;
  }
  if (const auto uses = key.find("key_ops"); uses != key.end()) {
    const bool verifies = uses->is_array() && std::ranges::find(*uses, "verify") != uses->end();
    if (!verifies) return std::nullopt;
  }
  return algorithm;
}

Result<PublicKey> key_of(const Json& key, Algorithm algorithm) {
  const auto number = [&](const char* name) {
    return bytes_from_base64url(text_of(key, name)).value_or("");
  };
  switch (algorithm) {
    case Algorithm::kEdDsa: return PublicKey::ed25519(number("x"));
    case Algorithm::kEs256: return PublicKey::p256(number("x"), number("y"));
    case Algorithm::kRs256: return PublicKey::rsa(number("n"), number("e"));
  }
  return fail(ErrorCode::kInternal, "an algorithm outside its enumeration");
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view text, std::string_view name) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, why));
  };
  const Json set = Json::parse(text, nullptr, false);
  const auto keys = set.is_object() ? set.find("keys") : set.end();
  if (!set.is_object() || keys == set.end() || !keys->is_array()) {
    return refused("no JSON Web Key Set: an object with an array 'keys'");
  }
  if (keys->size() > kJwksKeysMax) return refused(fmt::format("more than {} keys", kJwksKeysMax));
  KeySet made;
  for (const Json& one : *keys) {
    if (!one.is_object()) return refused("a key that is no object");
    const std::string kid = text_of(one, "kid");
    if (kid.size() > kKeyIdBytesMax) return refused("a 'kid' that is too long");
    if (one.contains("d")) return refused("a private key; this file is for public ones");
    const auto algorithm = algorithm_of(one);
    if (!algorithm) continue;
    auto key = key_of(one, *algorithm);
    if (!key) return refused(fmt::format("key {}: {}", made.size(), key.error().message));
    if (made.find(kid, *algorithm) != nullptr && !kid.empty()) {
      return refused("two keys with the same 'kid'");
    }
    made.keys_.push_back({kid, *std::move(key)});
  }
  if (made.size() == 0) return refused("no key for EdDSA (Ed25519), ES256 or RS256");
  return made;
}

const PublicKey* KeySet::find(std::string_view kid, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const Named& one : keys_) {
    if (one.key.algorithm() != algorithm) continue;
    if (!kid.empty() && one.kid == kid) return &one.key;
    if (kid.empty()) {
      if (found != nullptr) return nullptr;  // which one?
      found = &one.key;
    }
  }
  return found;
}

}  // namespace perdure::access

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens in the compact form (RFC 7519, 7515), as identity providers give them out. Three
// algorithms, no others, and the one of the key that the token names. `exp`, `nbf`, `iss`, `aud`
// and `sub` must be there. The reasons of a refusal hold nothing of the token.
//
// What verified is remembered by its digest (a bounded number of tokens), so that a client that
// calls often pays for the signature once; times are checked on every call.
//
// Parsing is pure. TokenVerifier is thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/crypto.h"
#include "access/jwks.h"
#include "access/scope.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/monitor.h"

namespace perdure::access {

inline constexpr std::size_t kTokenBytesMax = std::size_t{16} << 10;
inline constexpr std::size_t kSubjectBytesMax = 256;
/// Between the clocks of who signed and ours.
inline constexpr base::Duration kSkewMax = base::seconds(60);
/// Tokens that are remembered.
inline constexpr std::size_t kTokensMax = 10'000;

/// A token taken apart; nothing of it is to be believed before the signature was checked.
struct TokenParts {
  Algorithm algorithm = Algorithm::kEdDsa;
  std::string kid;      // "": it names none
  std::string payload;  // JSON, if it is honest
  std::string signature;
  std::string_view signed_text;  // of the token that was parsed
};
base::Result<TokenParts> parse_token(std::string_view token);

/// What a token must say to be for this server.
struct TokenRules {
  std::string issuer;
  std::string audience;
  /// The claim that lists its scopes: a text with blanks between, or an array of texts. What is no
  /// scope of ours in it is somebody else's.
  std::string scopes_claim;
};

struct Claims {
  std::string subject;
  std::vector<Scope> scopes;
  base::Timestamp not_before;
  base::Timestamp expires;
};
base::Result<Claims> read_claims(std::string_view payload, const TokenRules& rules);
base::Result<> check_times(const Claims& claims, base::Timestamp now);

class TokenVerifier final {
 public:
  /// `on_unknown_key`: called, on the thread that verifies, when a token names a key that is not in
  /// the set; whoever can send tokens can cause any number of calls. May be empty.
  TokenVerifier(KeySet keys, TokenRules rules, std::function<void()> on_unknown_key = {})
      : keys_(std::move(keys)),
        rules_(std::move(rules)),
        on_unknown_key_(std::move(on_unknown_key)) {}

  base::Result<std::shared_ptr<const Claims>> verify(std::string_view token, base::Timestamp now);
  [[nodiscard]] std::size_t remembered() const;

 private:
  base::Result<std::shared_ptr<const Claims>> verify_signature(std::string_view token) const;
  void remember(const Digest& digest, std::shared_ptr<const Claims> claims, base::Timestamp now);

  const KeySet keys_;
  const TokenRules rules_;
  const std::function<void()> on_unknown_key_;
  mutable runtime::Mutex mutex_;
  std::unordered_map<Digest, std::shared_ptr<const Claims>, DigestHash> verified_;
};

}  // namespace perdure::access

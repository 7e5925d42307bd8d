// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A key that checks signatures, of one of the three algorithms that tokens may be signed with. The
// algorithm belongs to the key: a token can not choose one that the key is not for. Immutable;
// thread-safe; copies share it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace perdure::access {

enum class Algorithm : std::uint8_t {
  kEdDsa,  // Ed25519
  kEs256,  // ECDSA over P-256 with SHA-256
  kRs256,  // RSA, PKCS #1 v1.5, with SHA-256
};

/// "EdDSA", "ES256", "RS256": as tokens and key sets write it.
std::string_view algorithm_name(Algorithm algorithm);
std::optional<Algorithm> algorithm_from_name(std::string_view name);

class PublicKey final {
 public:
  // Numbers are bytes, the first one the most significant. kInvalidArgument: no key of this kind.
  static base::Result<PublicKey> ed25519(std::string_view x);
  static base::Result<PublicKey> p256(std::string_view x, std::string_view y);
  /// 2048 to 8192 bits.
  static base::Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  /// The form of a signature is that of RFC 7518 and 8037.
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

 private:
  PublicKey(Algorithm algorithm, std::shared_ptr<evp_pkey_st> key)
      : algorithm_(algorithm), key_(std::move(key)) {}

  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;  // shared: a key set may be replaced while a call checks
};

}  // namespace perdure::access

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An identity provider for tests: makes a key pair, publishes the public half, signs whatever it is
// asked to, honest or not. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "access/public_key.h"

struct evp_pkey_st;

namespace perdure::access::testing {

class Signer final {
 public:
  Signer(Algorithm algorithm, std::string kid);

  [[nodiscard]] const std::string& kid() const { return kid_; }
  /// The public key as a JSON object of a key set.
  [[nodiscard]] std::string jwk() const;
  /// The public key as PEM: what an attacker would use as a secret.
  [[nodiscard]] std::string pem() const;

  /// With the header that belongs to the key.
  [[nodiscard]] std::string token(std::string_view payload) const;
  [[nodiscard]] std::string token(std::string_view header, std::string_view payload) const;
  /// The bytes of a signature, in the form that tokens have.
  [[nodiscard]] std::string sign(std::string_view text) const;

 private:
  [[nodiscard]] std::string number(const char* name) const;

  Algorithm algorithm_;
  std::string kid_;
  std::shared_ptr<evp_pkey_st> key_;  // shared: signers are copied into tables of cases
};

/// {"keys": [...]}.
std::string key_set(std::initializer_list<std::string> jwks);

/// A token whose signature is an HMAC with this secret.
std::string hmac_token(std::string_view header, std::string_view payload, std::string_view secret);

}  // namespace perdure::access::testing

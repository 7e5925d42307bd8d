// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace perdure::access {

Digest sha256(std::string_view bytes) {
  Digest digest{};
  unsigned int size = 0;
  PERDURE_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1 &&
          size == digest.size(),
      "SHA-256 is not to be had");
  return digest;
}

bool equal_in_constant_time(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace perdure::access

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/testing/signer.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <utility>

#include "access/text.h"
#include "base/check.h"

namespace perdure::access::testing {
namespace {

EVP_PKEY* make(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDsa: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case Algorithm::kEs256: return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case Algorithm::kRs256: return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
  }
  PERDURE_CHECK(false, "an algorithm outside its enumeration");
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Two numbers of 32 bytes, side by side, of the sequence that OpenSSL makes.
std::string flat(const std::string& der) {
  const unsigned char* at = bytes(der);
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  PERDURE_CHECK(pair != nullptr, "no signature");
  std::array<unsigned char, 64> both{};
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), both.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), both.data() + 32, 32);
  ECDSA_SIG_free(pair);
  return {reinterpret_cast<const char*>(both.data()), both.size()};
}

std::string joined(std::string_view header, std::string_view payload) {
  return base64url_of(header) + "." + base64url_of(payload);
}

}  // namespace

Signer::Signer(Algorithm algorithm, std::string kid)
    : algorithm_(algorithm), kid_(std::move(kid)), key_(make(algorithm), EVP_PKEY_free) {
  PERDURE_CHECK(key_ != nullptr, "no key pair was made");
}

std::string Signer::number(const char* name) const {
  BIGNUM* value = nullptr;
  PERDURE_CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1, "a key without its number");
  std::string text(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(text.data()));
  BN_free(value);
  if (algorithm_ == Algorithm::kEs256) text.insert(0, 32 - text.size(), '\0');
  return base64url_of(text);
}

std::string Signer::jwk() const {
  const std::string start =
      fmt::format(R"({{"kid":"{}","use":"sig","alg":"{}",)", kid_, algorithm_name(algorithm_));
  switch (algorithm_) {
    case Algorithm::kEdDsa: {
      std::array<unsigned char, 32> raw{};
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size);
      return start + fmt::format(R"("kty":"OKP","crv":"Ed25519","x":"{}"}})",
                                 base64url_of({reinterpret_cast<char*>(raw.data()), size}));
    }
    case Algorithm::kEs256:
      return start + fmt::format(R"("kty":"EC","crv":"P-256","x":"{}","y":"{}"}})",
                                 number(OSSL_PKEY_PARAM_EC_PUB_X),
                                 number(OSSL_PKEY_PARAM_EC_PUB_Y));
    case Algorithm::kRs256:
      return start + fmt::format(R"("kty":"RSA","n":"{}","e":"{}"}})",
                                 number(OSSL_PKEY_PARAM_RSA_N), number(OSSL_PKEY_PARAM_RSA_E));
  }
  PERDURE_CHECK(false, "an algorithm outside its enumeration");
}

std::string Signer::pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(memory, key_.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

std::string Signer::sign(std::string_view text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  std::array<unsigned char, 512> out{};
  std::size_t size = out.size();
  PERDURE_CHECK(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()) == 1 &&
                    EVP_DigestSign(context, out.data(), &size, bytes(text), text.size()) == 1,
                "it can not be signed");
  EVP_MD_CTX_free(context);
  const std::string made(reinterpret_cast<char*>(out.data()), size);
  return algorithm_ == Algorithm::kEs256 ? flat(made) : made;
}

std::string Signer::token(std::string_view payload) const {
  return token(
      fmt::format(R"({{"alg":"{}","kid":"{}","typ":"JWT"}})", algorithm_name(algorithm_), kid_),
      payload);
}

std::string Signer::token(std::string_view header, std::string_view payload) const {
  const std::string text = joined(header, payload);
  return text + "." + base64url_of(sign(text));
}

std::string key_set(std::initializer_list<std::string> jwks) {
  return fmt::format(R"({{"keys":[{}]}})", fmt::join(jwks, ","));
}

std::string hmac_token(std::string_view header, std::string_view payload, std::string_view secret) {
  const std::string text = joined(header, payload);
  std::array<unsigned char, 32> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(text), text.size(),
       out.data(), &size);
  return text + "." + base64url_of({reinterpret_cast<char*>(out.data()), size});
}

}  // namespace perdure::access::testing
